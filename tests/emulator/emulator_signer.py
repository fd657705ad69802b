"""A small client-side signer for the tests, written on its own."""

import datetime
import hashlib
import hmac
from urllib.parse import quote


def h(k, m):
    return hmac.new(k, m.encode(), hashlib.sha256).digest()


def sign(method, host, query, body, ak, sk, *, when=None, region="cn-north-1", headers=None, signed=None):
    when = when or datetime.datetime.now(datetime.timezone.utc)
    xd = when if isinstance(when, str) else when.strftime("%Y%m%dT%H%M%SZ")
    hs = {"host": host, "x-date": xd, "x-content-sha256": hashlib.sha256(body).hexdigest(), **(headers or {})}
    names = sorted(signed or hs)
    q = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
    canon = "\n".join(
        [
            method,
            "/",
            q,
            "".join(f"{n}:{hs[n]}\n" for n in names),
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{xd[:8]}/{region}/rtc/request"
    sts = "\n".join(["HMAC-SHA256", xd, scope, hashlib.sha256(canon.encode()).hexdigest()])
    k = sk.encode()
    for part in (xd[:8], region, "rtc", "request"):
        k = h(k, part)
    sig = hmac.new(k, sts.encode(), hashlib.sha256).hexdigest()
    hs["authorization"] = (
        f"HMAC-SHA256 Credential={ak}/{scope}, SignedHeaders={';'.join(names)}, Signature={sig}"
    )
    return hs, q
