"""Volcengine's V4-like request signature, HMAC-SHA256, as a pure function.

Unlike AWS's, the key derivation starts from the bare secret key and the scope ends in `request`.
Sources: docs/6469/1121980 and the signers of the vendor's four SDKs, which agree; what the tests check.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import urlsplit

from pulumi_videosnap.http.client import Request
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.signing import canonical_request

ALGORITHM = "HMAC-SHA256"

_SIGNED_IF_PRESENT = ("content-type", "content-md5")
_DEFAULT_PORTS = (":80", ":443")


@dataclass(frozen=True)
class Scope:
    """Where a signature holds: the region and the service of the call, such as `cn-north-1` and `rtc`."""

    region: str
    service: str

    def on(self, date: str) -> str:
        """The credential scope of one day (`yyyyMMdd`, UTC)."""
        return f"{date}/{self.region}/{self.service}/request"


def sign(request: Request, credentials: Credentials, scope: Scope, now: datetime) -> dict[str, str]:
    """The headers to add to a request so that the service accepts it for some minutes around `now`.

    Signed are the method, the path, the query, the body, and the headers Host, X-Date, X-Content-Sha256,
    X-Security-Token and Content-Type as far as present.
    """
    x_date = now.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Host": signed_host(request.endpoint),
        "X-Date": x_date,
        "X-Content-Sha256": hashlib.sha256(request.body).hexdigest(),
    }
    if credentials.session_token:
        headers["X-Security-Token"] = credentials.session_token
    to_sign = _headers_to_sign(request.headers, headers)
    names = ";".join(to_sign)
    digest = hashlib.sha256(canonical_request(request, to_sign).encode()).hexdigest()
    text = "\n".join((ALGORITHM, x_date, scope.on(x_date[:8]), digest))
    signature = _hmac(_signing_key(credentials.secret_key, scope, x_date[:8]), text).hex()
    credential = f"{credentials.access_key}/{scope.on(x_date[:8])}"
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def signed_host(endpoint: str) -> str:
    """The Host to sign and to send: the SDKs strip the ports 80 and 443 and keep any other."""
    host = urlsplit(endpoint).netloc
    return host.rpartition(":")[0] if host.endswith(_DEFAULT_PORTS) else host


def _headers_to_sign(given: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in given.items()}
    chosen = {name: value for name, value in lower.items() if name in _SIGNED_IF_PRESENT}
    chosen.update({name.lower(): value for name, value in added.items()})
    return dict(sorted(chosen.items()))


def _signing_key(secret_key: str, scope: Scope, date: str) -> bytes:
    key = secret_key.encode()
    for part in (date, scope.region, scope.service, "request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
