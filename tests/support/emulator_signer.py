"""A small signer for the tests, written from the vendor's documents a third time, on its own."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote


def sign(
    method: str,
    host: str,
    query: Mapping[str, str],
    body: bytes,
    access_key: str,
    secret_key: str,
    *,
    when: datetime.datetime | str | None = None,
    region: str = "cn-north-1",
    headers: Mapping[str, str] | None = None,
    signed: Sequence[str] | None = None,
) -> tuple[dict[str, str], str]:
    """The headers of a signed request, and its query string; `signed` picks the headers to sign."""
    when = when or datetime.datetime.now(datetime.timezone.utc)
    date = when if isinstance(when, str) else when.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    sent = {"host": host, "x-date": date, "x-content-sha256": digest, **(headers or {})}
    names = sorted(signed or sent)
    text = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    lines = "".join(f"{name}:{sent[name]}\n" for name in names)
    canonical = "\n".join([method, "/", text, lines, ";".join(names), digest])
    scope = f"{date[:8]}/{region}/rtc/request"
    to_sign = "\n".join(["HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = secret_key.encode()
    for part in (date[:8], region, "rtc", "request", to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    sent["authorization"] = (
        f"HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={';'.join(names)}, Signature={key.hex()}"
    )
    return sent, text
