"""A small RTC client for the tests, with a third signer written from the vendor's documents."""

import datetime
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

KEY = {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}
BODY = {**KEY, "StorageConfig": {"Type": 0, "TosConfig": {"AccountId": "21", "Bucket": "frames"}}}


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


class RtcClient:
    """Calls to a running emulator's RTC API; every keyword of `call` bends the request."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.http = httpx.Client(base_url=environment["VOLCENGINE_RTC_ENDPOINT"], timeout=60, trust_env=False)

    def call(self, action: str, body: Any = None, **more: Any) -> httpx.Response:
        method = more.pop("method", "GET" if action.startswith("Get") else "POST")
        query = {"Action": action, "Version": "2023-11-01"}
        raw = b""
        if method == "GET":
            query |= body or {}
        else:
            raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        sent = more.pop("send", raw)
        timeout = more.pop("timeout", 60)
        host = self.http.base_url.netloc.decode()
        access_key = more.pop("access_key", self._environment["VOLCENGINE_ACCESS_KEY"])
        secret_key = more.pop("secret_key", self._environment["VOLCENGINE_SECRET_KEY"])
        headers, canonical = sign(method, host, query, raw, access_key, secret_key, **more)
        return self.http.request(method, f"/?{canonical}", content=sent, headers=headers, timeout=timeout)

    def start(self, **changes: Any) -> httpx.Response:
        return self.call("StartSnapshot", {**BODY, **changes})

    def get(self, **changes: Any) -> httpx.Response:
        return self.call("GetSnapshotTask", {**KEY, **changes})

    def stop(self, **changes: Any) -> httpx.Response:
        return self.call("StopSnapshot", {**KEY, **changes})

    def update(self, interval: int, **changes: Any) -> httpx.Response:
        return self.call("UpdateSnapshot", {**KEY, "ImageConfig": {"Interval": interval}, **changes})
