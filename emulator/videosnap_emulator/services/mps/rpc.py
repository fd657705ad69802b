"""The RPC envelope of a call, and typed values of its parameters.

Signature version 1.0 has the whole envelope among the parameters; ACS3 has action and version in headers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.service import ApiError, ApiRequest, HttpRequest
from videosnap_emulator.services.mps.errors import gateway_error, invalid, missing, service_error

VERSION = "2014-06-18"
METHODS = ("GET", "POST")
ACS3 = "ACS3-HMAC-SHA256"
_FORM = "application/x-www-form-urlencoded"
#: What belongs to the call and not to the action.
COMMON = frozenset({
    "Action", "Version", "Format", "AccessKeyId", "SecurityToken", "Signature", "SignatureMethod",
    "SignatureVersion", "SignatureNonce", "SignatureType", "Timestamp", "RegionId",
})  # fmt: skip
#: Parameters that hold JSON.
_NESTED = ("Input", "SnapshotConfig")
AUTHORIZATION = re.compile(
    ACS3 + r"\s+Credential=(?P<key>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)"
    r"\s*,\s*Signature=(?P<signature>[0-9A-Za-z]+)\s*"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_INTEGER = re.compile(r"-?\d{1,18}")
_BOOLEANS = {"true": True, "false": False}


class Scheme(str, Enum):
    """How a request is signed."""

    V1 = "1.0"
    ACS3 = "ACS3"


@dataclass
class MpsRequest(ApiRequest):
    """One call.

    `values` are all parameters, of the query and, if there is a form, of the body; `own` are the action's.
    """

    scheme: Scheme
    version: str
    xml: bool
    values: dict[str, str]
    own: dict[str, str]

    @classmethod
    def parse(cls, http: HttpRequest, request_id: str) -> MpsRequest:
        """Read the envelope; nothing is checked yet."""
        values = _values(http)
        scheme = _scheme(http, values)
        if scheme is Scheme.ACS3:
            action, version = (http.headers.get(name, "") for name in ("x-acs-action", "x-acs-version"))
            match = AUTHORIZATION.fullmatch(http.headers.get("authorization", "").strip())
            access_key = match["key"] if match else None
        else:
            action, version = (values.get(name, "") for name in ("Action", "Version"))
            access_key = values.get("AccessKeyId")
        own = {name: value for name, value in values.items() if name not in COMMON}
        shown = {name: _shown(name, value) for name, value in own.items()}
        xml = _wants_xml(http, scheme, values)
        return cls(http, action, access_key, shown, request_id, scheme, version, xml, values, own)

    def check(self) -> None:
        """Raise the gateway's error for an incomplete envelope, or a request that no API serves."""
        if self.http.method not in METHODS:
            raise gateway_error("UnsupportedHTTPMethod")
        for name, value in (("Action", self.action), ("Version", self.version)):
            if not value:
                raise missing(name)
        if self.version != VERSION:
            raise invalid("Version")
        if self.values.get("Format", "JSON").upper() not in ("XML", "JSON", ""):
            raise gateway_error("InvalidParameter.Format")
        if self.http.path not in ("", "/"):
            raise gateway_error("InvalidApi.NotFound")


def query_pairs(text: str) -> list[tuple[str, str]]:
    """Split a query or a form; `+` and `%20` are both a space, for the vendor's SDKs send both."""
    return parse_qsl(text, keep_blank_values=True)


def _values(request: HttpRequest) -> dict[str, str]:
    """Return all parameters; the first of repeated names counts."""
    pairs = query_pairs(request.query)
    if request.headers.get("content-type", "").lower().startswith(_FORM) and not request.too_large:
        pairs += query_pairs(request.body.decode("latin-1"))
    return dict(reversed(pairs))


def _scheme(request: HttpRequest, values: dict[str, str]) -> Scheme:
    """Distinguish the schemes; the core SDK sends `x-acs-action` with signature version 1.0 too."""
    if request.headers.get("authorization", "").startswith("ACS3-"):
        return Scheme.ACS3
    signed = "Signature" in values or "Action" in values
    return Scheme.ACS3 if "x-acs-action" in request.headers and not signed else Scheme.V1


def _wants_xml(request: HttpRequest, scheme: Scheme, values: dict[str, str]) -> bool:
    wanted = values.get("Format", "").upper()
    if wanted:
        return wanted == "XML"
    # assumption: mps-format
    return scheme is Scheme.V1 or "xml" in request.headers.get("accept", "").lower()


def _shown(name: str, value: str) -> object:
    """Return a parameter for the call log: the outer JSON is parsed, since people read it."""
    if name not in _NESTED:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def parse_time(text: str, error: ApiError) -> Milliseconds:
    """Return the Unix ms of a time such as ``2024-01-01T00:00:00Z``, or raise `error`."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise error from None
    return int(at.timestamp() * 1000)


def parse_integer(value: object, path: str) -> int:
    """Return an integer that came as a number or as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _INTEGER.fullmatch(text.strip()):
        raise service_error("InvalidParameter.NumberFormatInvalid", path)
    return int(text)


def _parse_json(value: object, path: str) -> object:
    """Return the JSON that a text holds; anything but text is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise service_error("InvalidParameter.JsonFormatInvalid", path) from None


class JsonObject:
    """One JSON object of a request, as the vendor's own samples write it.

    Numbers come as JSON numbers or as text, and an object may come as text that holds JSON, at any depth.
    Null and empty text count as absent, unless the value is required. Every refusal names the value by its
    path, joined by colons.
    """

    # assumption: mps-empty-optional
    def __init__(self, values: dict[str, Any], path: str):
        self.values, self._path = values, path

    @classmethod
    def parse(cls, value: object, path: str) -> JsonObject:
        """Read an object, or text that holds one."""
        found = _parse_json(value, path)
        if not isinstance(found, dict):
            raise service_error("InvalidParameter.JsonObjectFormatInvalid", path)
        return cls(found, path)

    def path(self, name: str) -> str:
        """Return the value's full name."""
        return f"{self._path}:{name}"

    def has(self, name: str) -> bool:
        """Return whether the value is given."""
        return self.values.get(name) not in (None, "")

    def require(self, *names: str) -> None:
        """Raise for the first of these values that is not given."""
        for name in names:
            if self.values.get(name) is None:
                raise service_error("InvalidParameter.NullValue", self.path(name))
            if self.values[name] == "":
                raise service_error("InvalidParameter.EmptyValue", self.path(name))

    def text(self, name: str) -> str:
        """Return a text; an absent one is empty."""
        if not self.has(name):
            return ""
        value = self.values[name]
        if not isinstance(value, str):
            raise service_error("InvalidParameter", self.path(name))
        return value

    def integer(self, name: str, least: int, most: int) -> int | None:
        """Return an integer of a range, or None."""
        if not self.has(name):
            return None
        value = parse_integer(self.values[name], self.path(name))
        if not least <= value <= most:
            raise service_error("InvalidParameter.OutOfRange", self.path(name))
        return value

    def boolean(self, name: str) -> bool | None:
        """Return a boolean that came as such or as text, or None."""
        if not self.has(name):
            return None
        value = self.values[name]
        found = value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())
        if found is None:
            raise service_error("InvalidParameter", self.path(name))
        return found

    def nested(self, name: str) -> JsonObject | None:
        """Return a nested object, or None."""
        return JsonObject.parse(self.values[name], self.path(name)) if self.has(name) else None

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...]:
        """Return a list of integers of a range."""
        found = _parse_json(self.values.get(name), self.path(name))
        if not isinstance(found, list):
            raise service_error("InvalidParameter.JsonArrayFormatInvalid", self.path(name))
        numbers = tuple(parse_integer(item, self.path(name)) for item in found)
        if any(not least <= number <= most for number in numbers):
            raise service_error("InvalidParameter.OutOfRange", self.path(name))
        return numbers
