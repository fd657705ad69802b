"""The envelope of a call: where its parameters are, which signature it carries, how it wants its answer.

Signature version 1.0 has all of it among the parameters; ACS3 has action and version in headers.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple
from urllib.parse import parse_qsl

from videosnap_emulator.alibaba_mps.errors import gateway_error, invalid, missing
from videosnap_emulator.wire import Request

VERSION = "2014-06-18"
METHODS = ("GET", "POST")
ACS3 = "ACS3-HMAC-SHA256"
_FORM = "application/x-www-form-urlencoded"
#: What is about the call and not about the action.
COMMON = frozenset({
    "Action", "Version", "Format", "AccessKeyId", "SecurityToken", "Signature", "SignatureMethod",
    "SignatureVersion", "SignatureNonce", "SignatureType", "Timestamp", "RegionId",
})  # fmt: skip


class Scheme(str, Enum):
    """How a request is signed."""

    V1 = "1.0"
    ACS3 = "ACS3"


class Rpc(NamedTuple):
    """One call: `parameters` come from the query and, if there is a form, from the body as well."""

    scheme: Scheme
    action: str
    version: str
    xml: bool
    parameters: dict[str, str]

    def own(self) -> dict[str, str]:
        """Return the action's own parameters."""
        return {name: value for name, value in self.parameters.items() if name not in COMMON}


def decoded(text: str) -> list[tuple[str, str]]:
    """Split a query or a form; `+` and `%20` are both a space, for the vendor's SDKs send both."""
    return parse_qsl(text, keep_blank_values=True)


def _parameters(request: Request) -> dict[str, str]:
    """Return all parameters; the first of repeated names counts."""
    pairs = decoded(request.query)
    if request.headers.get("content-type", "").lower().startswith(_FORM) and not request.too_large:
        pairs += decoded(request.body.decode("latin-1"))
    return dict(reversed(pairs))


def _scheme(request: Request, parameters: dict[str, str]) -> Scheme:
    """Tell the schemes apart; the core SDK sends `x-acs-action` with signature version 1.0 too."""
    if request.headers.get("authorization", "").startswith("ACS3-"):
        return Scheme.ACS3
    signed = "Signature" in parameters or "Action" in parameters
    return Scheme.ACS3 if "x-acs-action" in request.headers and not signed else Scheme.V1


def _wants_xml(request: Request, scheme: Scheme, parameters: dict[str, str]) -> bool:
    told = parameters.get("Format", "").upper()
    if told:
        return told == "XML"
    # assumption: mps-format
    return scheme is Scheme.V1 or "xml" in request.headers.get("accept", "").lower()


def rpc_of(request: Request) -> Rpc:
    """Read the envelope; nothing is checked yet."""
    parameters = _parameters(request)
    scheme = _scheme(request, parameters)
    places = request.headers if scheme is Scheme.ACS3 else parameters
    names = ("x-acs-action", "x-acs-version") if scheme is Scheme.ACS3 else ("Action", "Version")
    action, version = (places.get(name, "") for name in names)
    return Rpc(scheme, action, version, _wants_xml(request, scheme, parameters), parameters)


def check(request: Request, rpc: Rpc) -> None:
    """Raise the gateway's error for an envelope that names nothing, or asks in a way that is not offered."""
    if request.method not in METHODS:
        raise gateway_error("UnsupportedHTTPMethod")
    for name, value in (("Action", rpc.action), ("Version", rpc.version)):
        if not value:
            raise missing(name)
    if rpc.version != VERSION:
        raise invalid("Version")
    if rpc.parameters.get("Format", "JSON").upper() not in ("XML", "JSON", ""):
        raise gateway_error("InvalidParameter.Format")
    if request.path not in ("", "/"):
        raise gateway_error("InvalidApi.NotFound")
