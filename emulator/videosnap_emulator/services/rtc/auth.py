"""Verifying the vendor's HMAC-SHA256 signature (docs 6469/1121980 and the four SDKs, which agree).

Written from the specification, for the server's side: the canonical request is rebuilt from what arrived,
so a client that signs one thing and sends another is refused.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.service import HttpRequest
from videosnap_emulator.services.rtc.errors import RtcError, gateway_error

#: The one key pair that the emulator accepts. It opens nothing else.
ACCESS_KEY = "AKLTvideosnapEmulatorKey"
SECRET_KEY = "videosnap-emulator-secret-key"  # noqa: S105 - public on purpose
ALGORITHM = "HMAC-SHA256"
SERVICE = "rtc"
#: The region names that the documents and SDKs give; they disagree on the overseas ones.
REGIONS = ("cn-north-1", "ap-singapore-1", "ap-southeast-1", "us-east-1")
# assumption: clock-skew
MAXIMUM_SKEW_MS = 15 * 60 * 1000
_SAFE = "-_.~"
_TOKEN = "x-security-token"  # noqa: S105 - the name of a header
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)"
    r"(?:\s*,\s*Signature=(?P<signature>[0-9A-Za-z]*))?\s*"
)
_DATE = re.compile(r"\d{8}T\d{6}Z")


class Authorization(NamedTuple):
    """The parsed header: who signed, for which scope, which headers, with what outcome."""

    access_key: str
    date: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential's scope as it is signed."""
        return f"{self.date}/{self.region}/{self.service}/request"


def _credential(text: str) -> list[str]:
    """Split from the right: only the access key itself could contain a slash."""
    parts = text.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "request" or not all(parts):  # noqa: PLR2004
        raise gateway_error("InvalidCredential", text)
    return parts[:4]


def parse(headers: Mapping[str, str]) -> Authorization:
    """Read the Authorization header; raise the gateway's error for what is missing or malformed."""
    text = headers.get("authorization", "")
    if not text.strip():
        raise gateway_error("MissingAuthenticationToken")
    match = _AUTHORIZATION.fullmatch(text.strip())
    if match is None:
        raise gateway_error("InvalidAuthorization")
    if not match["signature"]:
        raise gateway_error("MissingSignature")
    signed = tuple(match["headers"].lower().split(";"))
    access_key, date, region, service = _credential(match["credential"])
    return Authorization(access_key, date, region, service, signed, match["signature"])


def _encode(text: str) -> str:
    return quote(text, safe=_SAFE)


def canonical_query(query: str) -> str:
    """Decode, sort and encode again: clients send the query in different orders and encodings."""
    pairs = [part.partition("=") for part in query.split("&") if part]
    encoded = sorted((_encode(unquote_plus(name)), _encode(unquote_plus(value))) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _canonical_value(name: str, value: str) -> str:
    """Return the value as signed; the SDKs drop a default port from Host."""
    value = value.strip()
    return re.sub(r":(80|443)$", "", value) if name == "host" else value


def canonical_request(request: HttpRequest, signed: tuple[str, ...]) -> str:
    """Build the canonical request from what arrived."""
    path = quote(unquote(request.path) or "/", safe="/" + _SAFE)
    headers = "".join(
        f"{name}:{_canonical_value(name, request.headers.get(name, ''))}\n" for name in sorted(signed)
    )
    digest = sha256(request.body).hexdigest()
    parts = request.method, path, canonical_query(request.query), headers, ";".join(sorted(signed)), digest
    return "\n".join(parts)


def string_to_sign(canonical: str, date: str, scope: str) -> str:
    """Build the string to sign; `date` is X-Date."""
    return "\n".join((ALGORITHM, date, scope, sha256(canonical.encode()).hexdigest()))


def signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    """Derive the key; unlike AWS there is no prefix on the secret."""
    key = secret_key.encode()
    for part in (date, region, service, "request"):
        key = hmac.digest(key, part.encode(), sha256)
    return key


def _time_of(date: str) -> Milliseconds:
    return int(datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp() * 1000)


def _check_date(request: HttpRequest, auth: Authorization, now: Milliseconds) -> str:
    date = request.headers.get("x-date", "")
    if not date:
        raise gateway_error("MissingRequestInfo", "X-Date")
    if not _DATE.fullmatch(date):
        raise gateway_error("InvalidTimestamp")
    try:
        late = abs(now - _time_of(date)) > MAXIMUM_SKEW_MS
    except ValueError:
        late = True
    if late:
        raise gateway_error("InvalidTimestamp")
    if auth.date != date[:8]:
        raise gateway_error("InvalidCredential", auth.scope)
    return date


def _check_scope(auth: Authorization, regions: Sequence[str]) -> None:
    if auth.service != SERVICE:
        raise gateway_error("ServiceNotFound", auth.service)
    if auth.region not in regions:
        raise gateway_error("InvalidCredential", auth.scope)


def _mismatch(canonical: str, to_sign: str, why: str = "") -> RtcError:
    # assumption: mismatch-details
    detail = f" {why}The server's canonical request is:\n{canonical}\nIts string to sign is:\n{to_sign}"
    return gateway_error("SignatureDoesNotMatch", detail=detail)


def _objection(request: HttpRequest, auth: Authorization) -> str:
    """Return what is wrong besides the signature itself, or an empty text."""
    if _TOKEN in request.headers and _TOKEN not in auth.signed:
        return "X-Security-Token is not among the signed headers. "
    claimed = request.headers.get("x-content-sha256")
    if claimed is not None and claimed.strip().lower() != sha256(request.body).hexdigest():
        return "X-Content-Sha256 is not the hash of the body. "
    return ""


def verify(
    request: HttpRequest,
    auth: Authorization,
    keys: Mapping[str, str],
    now: Milliseconds,
    regions: Sequence[str] = REGIONS,
) -> None:
    """Raise the gateway's error unless the signature is right at host time `now`, for one of `regions`."""
    _check_scope(auth, regions)
    date = _check_date(request, auth, now)
    secret_key = keys.get(auth.access_key)
    if secret_key is None:
        raise gateway_error("InvalidAccessKey", auth.access_key)
    canonical = canonical_request(request, auth.signed)
    to_sign = string_to_sign(canonical, date, auth.scope)
    key = signing_key(secret_key, auth.date, auth.region, auth.service)
    expected = hmac.digest(key, to_sign.encode(), sha256).hex()
    why = _objection(request, auth)
    if why or not hmac.compare_digest(expected.encode(), auth.signature.encode()):
        raise _mismatch(canonical, to_sign, why)
