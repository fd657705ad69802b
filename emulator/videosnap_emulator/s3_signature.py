"""AWS Signature Version 4, as an S3-protocol service checks it.

Written after the AWS documents "Authenticating Requests (AWS Signature Version 4)", "Signature
Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and
"Authenticating Requests: Using Query Parameters". Any region is accepted, the service must be ``s3``.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote_plus, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
MAX_SKEW = 15 * 60
MAX_EXPIRES = 7 * 24 * 3600
STAMP = "%Y%m%dT%H%M%SZ"
UNSIGNED = "UNSIGNED-PAYLOAD"
_UNRESERVED = "-_.~"
_AUTHORIZATION = re.compile(
    ALGORITHM + r"\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})\s*"
)


class Refused(Exception):
    """A request the store does not accept, with the S3 error to answer."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def xml(self, resource: str) -> bytes:
        """Give the error document for the resource."""
        parts = {"Code": self.code, "Message": self.message, "Resource": resource, "RequestId": "videosnap"}
        inside = "".join(f"<{name}>{html.escape(text)}</{name}>" for name, text in parts.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()


def _denied(message: str) -> Refused:
    return Refused("403 Forbidden", "AccessDenied", message)


def bad_request(code: str, message: str) -> Refused:
    """Give the error of a request that is wrong in itself."""
    return Refused("400 Bad Request", code, message)


@dataclass(frozen=True)
class Call:
    """A request as it came over the wire: raw path and query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str:
        """Give a header's first value, or an empty text."""
        return next((value for found, value in self.headers if found == name), "")

    def parameters(self) -> list[tuple[str, str]]:
        """Give the decoded query parameters in their order."""
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


@dataclass(frozen=True)
class _Claim:
    """What a request says about its own signature."""

    credential: str
    signed: list[str]
    signature: str
    stamp: str
    payload: str
    expires: int | None

    @property
    def scope(self) -> str:
        """The credential without the access key."""
        return self.credential.partition("/")[2]


@dataclass(frozen=True)
class Seal:
    """A verified signature: what is needed to check the body that follows it."""

    payload: str
    key: bytes
    stamp: str
    scope: str
    signature: str

    def sign(self, *lines: str) -> str:
        """Sign a text to sign with the seal's key."""
        return hmac.new(self.key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def _query_claim(call: Call) -> _Claim:
    pairs = [(name, value) for name, value in call.parameters() if name.startswith("X-Amz-")]
    given = dict(pairs)
    try:
        expires = int(given["X-Amz-Expires"])
        signed, stamp = given["X-Amz-SignedHeaders"].split(";"), given["X-Amz-Date"]
        claim = _Claim(
            given["X-Amz-Credential"], signed, given["X-Amz-Signature"], stamp,
            call.header("x-amz-content-sha256") or UNSIGNED, expires,
        )  # fmt: skip
    except (KeyError, ValueError):
        raise bad_request(
            "AuthorizationQueryParametersError", "A query parameter of the signature is missing"
        ) from None
    if (
        len(pairs) != len(given)
        or given.get("X-Amz-Algorithm") != ALGORITHM
        or not 0 < expires <= MAX_EXPIRES
    ):
        raise bad_request(
            "AuthorizationQueryParametersError", "A query parameter of the signature is not valid"
        )
    return claim


def _header_stamp(call: Call) -> str:
    stamp = call.header("x-amz-date") or call.header("date")
    try:
        return (
            stamp
            if stamp.endswith("Z")
            else parsedate_to_datetime(stamp).astimezone(timezone.utc).strftime(STAMP)
        )
    except (TypeError, ValueError):
        raise _denied("AWS authentication requires a valid Date or x-amz-date header") from None


def _header_claim(call: Call) -> _Claim:
    match = _AUTHORIZATION.fullmatch(call.header("authorization"))
    if match is None:
        if call.header("authorization").startswith(ALGORITHM):
            raise bad_request("AuthorizationHeaderMalformed", "The authorization header is malformed")
        raise bad_request(
            "InvalidRequest", f"The authorization mechanism is not supported. Please use {ALGORITHM}."
        )
    payload = call.header("x-amz-content-sha256")
    if not payload:
        raise bad_request("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    credential, signed, signature = match.groups()
    return _Claim(credential, signed.split(";"), signature, _header_stamp(call), payload, None)


def _claim(call: Call) -> _Claim:
    names = {name for name, _ in call.parameters()}
    by_query, by_header = "X-Amz-Signature" in names, bool(call.header("authorization"))
    if by_query and by_header:
        raise bad_request("InvalidArgument", "Only one auth mechanism allowed")
    if by_query:
        return _query_claim(call)
    if by_header or {"AWSAccessKeyId", "Signature"} <= names:
        return _header_claim(call)
    raise _denied("Access Denied")


def canonical_request(call: Call, signed: list[str], payload: str) -> bytes:
    """Build the canonical request: each part decoded once and encoded the one way AWS defines."""
    path = quote(unquote_to_bytes(call.path), safe="/" + _UNRESERVED)
    query = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in call.parameters()
        if name != "X-Amz-Signature"
    )
    lines = [
        call.method.encode(),
        path.encode(),
        "&".join(f"{name}={value}" for name, value in query).encode(),
    ]
    for wanted in signed:  # bytes.split takes ASCII white space only
        values = [
            b" ".join(value.encode("latin-1").split()) for name, value in call.headers if name == wanted
        ]
        lines.append(wanted.encode() + b":" + b",".join(values))
    return b"\n".join([*lines, b"", ";".join(signed).encode(), payload.encode()])


def _check_time(claim: _Claim, now: float) -> None:
    try:
        made = datetime.strptime(claim.stamp, STAMP).replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        raise _denied("The date of the signature is not valid") from None
    if claim.expires is None and abs(now - made) > MAX_SKEW:
        message = "The difference between the request time and the current time is too large."
        raise Refused("403 Forbidden", "RequestTimeTooSkewed", message)
    if claim.expires is not None and made - now > MAX_SKEW:
        raise _denied("Request is not yet valid")
    if claim.expires is not None and now > made + claim.expires:
        raise _denied("Request has expired")


def _signing_key(secret: str, scope: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _check_claim(call: Call, claim: _Claim, access_key: str) -> None:
    if not hmac.compare_digest(claim.credential.partition("/")[0].encode(), access_key.encode()):
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Refused("403 Forbidden", "InvalidAccessKeyId", message)
    if not re.fullmatch(claim.stamp[:8] + r"/[^/]+/s3/aws4_request", claim.scope):
        raise bad_request(
            "AuthorizationHeaderMalformed", "The credential is not of this date and of the service s3"
        )
    present = {name for name, _ in call.headers if name == "host" or name.startswith("x-amz-")}
    if "host" not in claim.signed or not present <= set(claim.signed):
        raise _denied("There were headers present in the request which were not signed")


def claimed_access_key(call: Call) -> str:
    """Give the access key that a request claims; raises Refused when it claims none."""
    return _claim(call).credential.partition("/")[0]


def verify(call: Call, access_key: str, secret_key: str, now: float) -> Seal:
    """Check a request's signature (not its body); raises Refused."""
    claim = _claim(call)
    _check_time(claim, now)
    _check_claim(call, claim, access_key)
    seal = Seal(
        claim.payload, _signing_key(secret_key, claim.scope), claim.stamp, claim.scope, claim.signature
    )
    digest = hashlib.sha256(canonical_request(call, claim.signed, claim.payload)).hexdigest()
    expected = seal.sign(ALGORITHM, claim.stamp, claim.scope, digest)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused("403 Forbidden", "SignatureDoesNotMatch", message)
    return seal
