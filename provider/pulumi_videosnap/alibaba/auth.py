"""Alibaba Cloud's request signature V3, ACS3-HMAC-SHA256, as a pure function.

Sources: the vendor's page "V3 request structure and signature" (2593177), and the signer of its Python SDK
(alibabacloud_tea_openapi), which the tests compare it with.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timezone
from urllib.parse import urlsplit

from pulumi_videosnap.http.client import Request
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.signing import canonical_request

ALGORITHM = "ACS3-HMAC-SHA256"


def sign(
    request: Request, credentials: Credentials, action: str, version: str, *, now: datetime, nonce: str
) -> dict[str, str]:
    """The headers to add to a request so that the service accepts it, once, for some minutes around `now`.

    `nonce` must be new for every attempt: the service refuses one that it has seen. Signed are the method,
    the path, the query, the body, every header of the request, and every one that is added.
    """
    added = {
        "Host": urlsplit(request.endpoint).netloc,
        "x-acs-action": action,
        "x-acs-version": version,
        "x-acs-date": now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(request.body).hexdigest(),
    }
    if credentials.session_token:
        added["x-acs-accesskey-id"] = credentials.access_key
        added["x-acs-security-token"] = credentials.session_token
    to_sign = _headers_to_sign({**request.headers, **added})
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical_request(request, to_sign).encode()).hexdigest()}"
    signature = hmac.new(credentials.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    added["Authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key},"
        f"SignedHeaders={';'.join(to_sign)},Signature={signature}"
    )
    return added


def _headers_to_sign(headers: dict[str, str]) -> dict[str, str]:
    return dict(sorted((name.lower(), value.strip()) for name, value in headers.items()))
