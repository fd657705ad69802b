"""Verification of signatures, on the server's side: what was signed is rebuilt from what arrived.

Version 1.0 (HMAC-SHA1, "Signature mechanism" of the MPS reference, which the newer pages call V2 for RPC)
and ACS3-HMAC-SHA256 (doc-detail/2593177, "V3"), both written from those pages.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from threading import Lock
from typing import NamedTuple
from urllib.parse import quote, unquote

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.service import HttpRequest
from videosnap_emulator.services.mps.errors import gateway_error, invalid, missing
from videosnap_emulator.services.mps.rpc import (
    ACS3,
    AUTHORIZATION,
    MpsRequest,
    Scheme,
    parse_time,
    query_pairs,
)

#: The one key pair that is accepted. It opens nothing else.
ACCESS_KEY_ID = "LTAIvideosnapEmulatorKey"
ACCESS_KEY_SECRET = "videosnap-emulator-alibaba-secret"  # noqa: S105 - public on purpose
# assumption: mps-clock-skew
MAX_SKEW_MS = 15 * 60 * 1000
#: Headers that must be signed when they are there.
_ALWAYS_SIGNED = ("host", "content-type")


class Claim(NamedTuple):
    """What a request says of its signature, in either scheme; `at` is in Unix ms."""

    access_key: str
    nonce: str
    at: Milliseconds
    token: str
    signature: str
    signed: tuple[str, ...] = ()


def percent_encode(text: str) -> str:
    """Encode as both schemes have it: only letters, digits and `-_.~` stay."""
    return quote(text, safe="-_.~")


def _canonical(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(
        f"{name}={value}" for name, value in sorted((percent_encode(n), percent_encode(v)) for n, v in pairs)
    )


def v1_string_to_sign(method: str, parameters: Mapping[str, str]) -> str:
    """Build the text that signature version 1.0 signs, of query and form together."""
    pairs = ((name, value) for name, value in parameters.items() if name != "Signature")
    return "&".join((method, percent_encode("/"), percent_encode(_canonical(pairs))))


def v1_signature(secret_key: str, to_sign: str) -> str:
    """Sign with HMAC-SHA1."""
    return b64encode(hmac.digest(f"{secret_key}&".encode(), to_sign.encode(), "sha1")).decode()


def acs3_string_to_sign(request: HttpRequest, signed: tuple[str, ...]) -> str:
    """Build the text that ACS3 signs: the digest of the canonical request."""
    names = sorted(signed)
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    path = quote(unquote(request.path) or "/", safe="/-_.~")
    digest = sha256(request.body).hexdigest()
    parts = request.method, path, _canonical(query_pairs(request.query)), headers, ";".join(names), digest
    canonical = "\n".join(parts)
    return f"{ACS3}\n{sha256(canonical.encode()).hexdigest()}"


def acs3_signature(secret_key: str, to_sign: str) -> str:
    """Sign with HMAC-SHA256."""
    return hmac.digest(secret_key.encode(), to_sign.encode(), "sha256").hex()


def _timestamp(text: str) -> Milliseconds:
    return parse_time(text, gateway_error("InvalidTimeStamp.Format"))


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
    return Claim(access_key, nonce, _timestamp(when), parameters.get("SecurityToken", ""), signature)


def _acs3_claim(request: HttpRequest) -> Claim:
    match = AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if match is None:
        raise gateway_error("IncompleteSignature", "not a well-formed Authorization header")
    # assumption: mps-acs3-missing
    required = {
        "Timestamp": "x-acs-date",
        "SignatureNonce": "x-acs-signature-nonce",
        "ContentSha256": "x-acs-content-sha256",
    }
    for name, header in required.items():
        if not request.headers.get(header):
            raise missing(name)
    signed = tuple(match["headers"].lower().split(";"))
    names = ("x-acs-signature-nonce", "x-acs-security-token")
    nonce, token = (request.headers.get(name, "") for name in names)
    return Claim(
        match["key"], nonce, _timestamp(request.headers["x-acs-date"]), token, match["signature"], signed
    )


def claim_of(request: MpsRequest) -> Claim:
    """Read what the request says of its signature, or raise the gateway's error for what is missing."""
    if request.scheme is Scheme.V1:
        return _v1_claim(request.values)
    if not request.http.headers.get("authorization"):
        raise missing("Authorization")
    return _acs3_claim(request.http)


class Keys(NamedTuple):
    """What is accepted: access keys with their secrets, and the one session token, if any."""

    secrets: Mapping[str, str]
    token: str = ""


def verify(request: MpsRequest, keys: Keys, now: Milliseconds) -> Claim:
    """Return the claim if it is true at host time `now`, else raise the gateway's error."""
    claim = claim_of(request)
    if abs(now - claim.at) > MAX_SKEW_MS:
        raise gateway_error("InvalidTimeStamp.Expired")
    secret_key = keys.secrets.get(claim.access_key)
    if secret_key is None:
        raise gateway_error("InvalidAccessKeyId.NotFound")
    if request.scheme is Scheme.ACS3:
        _check_signed_headers(request.http, claim)
    signature, to_sign = _expected_signature(request, claim, secret_key)
    same = hmac.compare_digest(signature.encode(), claim.signature.encode())
    if not same or not _body_matches(request):
        raise gateway_error("SignatureDoesNotMatch", to_sign)
    # assumption: mps-session-token
    if claim.token and claim.token != keys.token:
        raise gateway_error("InvalidSecurityToken.MismatchWithAccessKey")
    return claim


def _check_signed_headers(request: HttpRequest, claim: Claim) -> None:
    """Raise unless all headers that must be signed are."""
    # assumption: mps-signed-headers
    must = {name for name in request.headers if name in _ALWAYS_SIGNED or name.startswith("x-acs-")}
    unsigned = sorted(must - set(claim.signed))
    if unsigned:
        raise gateway_error("IncompleteSignature", f"not among the signed headers: {';'.join(unsigned)}")


def _expected_signature(request: MpsRequest, claim: Claim, secret_key: str) -> tuple[str, str]:
    """Return the right signature and the text that it signs."""
    if request.scheme is Scheme.V1:
        to_sign = v1_string_to_sign(request.http.method, request.values)
        return v1_signature(secret_key, to_sign), to_sign
    to_sign = acs3_string_to_sign(request.http, claim.signed)
    return acs3_signature(secret_key, to_sign), to_sign


def _body_matches(request: MpsRequest) -> bool:
    """Return whether the digest in an ACS3 request is that of its body."""
    digest = request.http.headers.get("x-acs-content-sha256", "").strip().lower()
    return request.scheme is Scheme.V1 or digest == sha256(request.http.body).hexdigest()


class NonceStore:
    """The used nonces of each access key, for as long as a request that carries one could still be valid."""

    def __init__(self, lifetime: Milliseconds = MAX_SKEW_MS):
        self._lifetime = lifetime
        self._lock = Lock()
        self._expiry: dict[tuple[str, str], Milliseconds] = {}

    def use(self, claim: Claim, now: Milliseconds) -> None:
        """Use the request's nonce up; raise the gateway's error when it was used before."""
        # assumption: mps-nonce
        key = claim.access_key, claim.nonce
        with self._lock:
            self._expire(now)
            if key in self._expiry:
                raise gateway_error("SignatureNonceUsed")
            self._expiry[key] = claim.at + self._lifetime

    def _expire(self, now: Milliseconds) -> None:
        """Drop the oldest; they are nearly in order of time, so few are looked at."""
        while self._expiry and (oldest := next(iter(self._expiry))) and self._expiry[oldest] < now:
            del self._expiry[oldest]
