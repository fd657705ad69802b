"""Verifying signatures, for the server's side: what was signed is rebuilt from what arrived.

Version 1.0 (HMAC-SHA1, "Signature mechanism" of the MPS reference, which the newer pages call V2 for RPC)
and ACS3-HMAC-SHA256 (doc-detail/2593177, "V3"), both written from those pages.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote

from videosnap_emulator.alibaba_mps.errors import gateway_error, invalid, missing
from videosnap_emulator.alibaba_mps.rpc import ACS3, Rpc, Scheme, decoded
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.wire import Request

# assumption: mps-clock-skew
MAXIMUM_SKEW_MS = 15 * 60 * 1000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_AUTHORIZATION = re.compile(
    ACS3 + r"\s+Credential=(?P<key>[^,\s]+)\s*,\s*SignedHeaders=(?P<headers>[^,\s]+)"
    r"\s*,\s*Signature=(?P<signature>[0-9A-Za-z]+)\s*"
)
#: Headers that must be signed when they are there.
_PUBLIC = ("host", "content-type")


class Claim(NamedTuple):
    """What a request says of its signature, whichever the scheme; `at` is in Unix ms."""

    access_key: str
    nonce: str
    at: Milliseconds
    token: str
    signature: str
    signed: tuple[str, ...] = ()


def encoded(text: str) -> str:
    """Encode as both schemes have it: only letters, digits and `-_.~` stay."""
    return quote(text, safe="-_.~")


def _canonical(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in pairs))


def v1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Build the text that signature version 1.0 signs, of query and form together."""
    pairs = ((name, value) for name, value in parameters.items() if name != "Signature")
    return "&".join((method, encoded("/"), encoded(_canonical(pairs))))


def v1_signature(secret_key: str, to_sign: str) -> str:
    """Sign with HMAC-SHA1."""
    return b64encode(hmac.digest(f"{secret_key}&".encode(), to_sign.encode(), "sha1")).decode()


def acs3_string_to_sign(request: Request, signed: tuple[str, ...]) -> str:
    """Build the text that ACS3 signs: the digest of the canonical request."""
    names = sorted(signed)
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    path = quote(unquote(request.path) or "/", safe="/-_.~")
    digest = sha256(request.body).hexdigest()
    parts = request.method, path, _canonical(decoded(request.query)), headers, ";".join(names), digest
    canonical = "\n".join(parts)
    return f"{ACS3}\n{sha256(canonical.encode()).hexdigest()}"


def acs3_signature(secret_key: str, to_sign: str) -> str:
    """Sign with HMAC-SHA256."""
    return hmac.digest(secret_key.encode(), to_sign.encode(), "sha256").hex()


def _time_of(text: str) -> Milliseconds:
    """Return the time in Unix ms, or raise the gateway's error."""
    if not _TIME.fullmatch(text):
        raise gateway_error("InvalidTimeStamp.Format")
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise gateway_error("InvalidTimeStamp.Format") from None
    return int(at.timestamp() * 1000)


def _v1_claim(parameters: Mapping[str, str]) -> Claim:
    names = ("AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp")
    for name in names:
        if not parameters.get(name):
            raise missing(name)
    if parameters["SignatureMethod"].upper() != "HMAC-SHA1":
        raise gateway_error("InvalidSignatureMethod")
    if parameters["SignatureVersion"] != Scheme.V1.value:
        raise invalid("SignatureVersion")
    access_key, signature, _, _, nonce, when = (parameters[name] for name in names)
    return Claim(access_key, nonce, _time_of(when), parameters.get("SecurityToken", ""), signature)


def _acs3_claim(request: Request) -> Claim:
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if match is None:
        raise gateway_error("IncompleteSignature", "not a well-formed Authorization header")
    # assumption: mps-acs3-missing
    told = {
        "Timestamp": "x-acs-date",
        "SignatureNonce": "x-acs-signature-nonce",
        "ContentSha256": "x-acs-content-sha256",
    }
    for name, header in told.items():
        if not request.headers.get(header):
            raise missing(name)
    signed = tuple(match["headers"].lower().split(";"))
    names = ("x-acs-signature-nonce", "x-acs-security-token")
    nonce, token = (request.headers.get(name, "") for name in names)
    return Claim(
        match["key"], nonce, _time_of(request.headers["x-acs-date"]), token, match["signature"], signed
    )


def claim_of(request: Request, rpc: Rpc) -> Claim:
    """Read what the request says of its signature, or raise the gateway's error for what is missing."""
    if rpc.scheme is Scheme.V1:
        return _v1_claim(rpc.parameters)
    if not request.headers.get("authorization"):
        raise missing("Authorization")
    return _acs3_claim(request)


def _is_of_this_body(request: Request, rpc: Rpc) -> bool:
    """Say whether the digest that an ACS3 request tells is that of its body."""
    told = request.headers.get("x-acs-content-sha256", "").strip().lower()
    return rpc.scheme is Scheme.V1 or told == sha256(request.body).hexdigest()


def _expected(request: Request, rpc: Rpc, claim: Claim, secret_key: str) -> tuple[str, str]:
    """Return the right signature and the text that it signs."""
    if rpc.scheme is Scheme.V1:
        to_sign = v1_string_to_sign(request.method, rpc.parameters)
        return v1_signature(secret_key, to_sign), to_sign
    to_sign = acs3_string_to_sign(request, claim.signed)
    return acs3_signature(secret_key, to_sign), to_sign


def _check_signed_headers(request: Request, claim: Claim) -> None:
    """Raise unless all public headers are signed."""
    # assumption: mps-signed-headers
    public = {name for name in request.headers if name in _PUBLIC or name.startswith("x-acs-")}
    unsigned = sorted(public - set(claim.signed))
    if unsigned:
        raise gateway_error("IncompleteSignature", f"not among the signed headers: {';'.join(unsigned)}")


class Keys(NamedTuple):
    """What is accepted: access keys with their secrets, and the one session token, if any."""

    secrets: Mapping[str, str]
    token: str = ""


def verify(request: Request, rpc: Rpc, keys: Keys, now: Milliseconds) -> Claim:
    """Return the claim if it is true at host time `now`, else raise the gateway's error."""
    claim = claim_of(request, rpc)
    if abs(now - claim.at) > MAXIMUM_SKEW_MS:
        raise gateway_error("InvalidTimeStamp.Expired")
    secret_key = keys.secrets.get(claim.access_key)
    if secret_key is None:
        raise gateway_error("InvalidAccessKeyId.NotFound")
    if rpc.scheme is Scheme.ACS3:
        _check_signed_headers(request, claim)
    signature, to_sign = _expected(request, rpc, claim, secret_key)
    same = hmac.compare_digest(signature.encode(), claim.signature.encode())
    if not same or not _is_of_this_body(request, rpc):
        raise gateway_error("SignatureDoesNotMatch", to_sign)
    # assumption: mps-session-token
    if claim.token and claim.token != keys.token:
        raise gateway_error("InvalidSecurityToken.MismatchWithAccessKey")
    return claim


def claimed_access_key(request: Request, rpc: Rpc) -> str | None:
    """Return the access key that a request claims, for the journal."""
    if rpc.scheme is Scheme.V1:
        return rpc.parameters.get("AccessKeyId")
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    return match["key"] if match else None
