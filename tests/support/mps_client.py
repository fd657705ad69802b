"""A small MPS client for the tests: its signers are written from the vendor's documents a third time."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import httpx

from support.emulator import Emulator

Json = dict[str, Any]
LOCATION = "oss-cn-hangzhou"
DEFAULT_PIPELINE = "51de0000c0de4f0a9a7e51de0c4a11ba"
VERSION = "2014-06-18"


def ref(key: str, bucket: str = "frames", **changes: Any) -> Json:
    return {"Bucket": bucket, "Location": LOCATION, "Object": key, **changes}


ROLE = "acs:ram::1000000000000000:role/AliyunMTSDefaultRole"
INPUT = ref("input.mp4", "media")
#: Frames of the tutorial's kind, asynchronous and quick to take.
SEQUENCE = {"OutputFile": ref("shot_{Count}.jpg"), "Time": 2000, "Interval": 2, "Num": 2, "Width": 64}
SINGLE = {"OutputFile": ref("single.jpg"), "Time": 2000, "Width": 64}


def enc(text: str) -> str:
    return quote(text, safe="-_.~")


def query_of(pairs: Mapping[str, str]) -> str:
    return "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(pairs.items()))


def stamp(seconds: float = 0) -> str:
    when = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def v1(method: str, pairs: Mapping[str, str], secret: str) -> str:
    """The signature of version 1.0."""
    text = f"{method}&%2F&{enc(query_of(pairs))}"
    return base64.b64encode(hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()).decode()


def acs3(method: str, query: str, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[str, str]:
    """The names of the signed headers, and their signature."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    digest = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n/\n{query}\n{lines}\n{names}\n{digest}"
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    return names, hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Mps:
    """Calls to a running emulator; every keyword of `call` bends the request."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.url = emulator.environment["ALIBABA_CLOUD_MPS_ENDPOINT"]
        self.key = emulator.environment["ALIBABA_CLOUD_ACCESS_KEY_ID"]
        self.secret = emulator.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def close(self) -> None:
        self.http.close()

    def call(self, action: str, *, scheme: str = "V1", **parts: Any) -> httpx.Response:
        return (self.v1 if scheme == "V1" else self.acs3)(action, **parts)

    def v1(
        self, action: str, *, method: str = "POST", form: bool = False, common: Json | None = None,
        key: str = "", secret: str = "", tamper: Json | None = None, path: str = "/", **own: Any,
    ) -> httpx.Response:  # fmt: skip
        pairs = {
            "Action": action, "Version": VERSION, "Format": "JSON", "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0", "SignatureNonce": uuid.uuid4().hex, "Timestamp": stamp(),
            "AccessKeyId": key or self.key, **(common or {}), **texts(own),
        }  # fmt: skip
        pairs = _without_none(pairs)
        pairs["Signature"] = v1(method, pairs, secret or self.secret)
        pairs = _without_none({**pairs, **(tamper or {})})
        if form:
            head = {"content-type": "application/x-www-form-urlencoded"}
            return self.http.request(method, path, content=query_of(pairs), headers=head)
        return self.http.request(method, f"{path}?{query_of(pairs)}")

    def acs3(
        self, action: str, *, method: str = "POST", headers: Json | None = None, body: bytes = b"",
        key: str = "", secret: str = "", sent: Json | None = None, **own: Any,
    ) -> httpx.Response:  # fmt: skip
        query = query_of(texts(own))
        signed = {
            "host": self.http.base_url.netloc.decode(), "x-acs-action": action, "x-acs-version": VERSION,
            "x-acs-date": stamp(), "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), **(headers or {}),
        }  # fmt: skip
        signed = _without_none(signed)
        names, signature = acs3(method, query, signed, body, secret or self.secret)
        credential = f"Credential={key or self.key},SignedHeaders={names},Signature={signature}"
        signed["authorization"] = f"ACS3-HMAC-SHA256 {credential}"
        signed = _without_none({**signed, **(sent or {})})
        return self.http.request(method, f"/?{query}" if query else "/", content=body, headers=signed)

    def submit(self, config: Json | None = None, source: Json | None = None, **more: Any) -> httpx.Response:
        own = {"Input": source or INPUT, "SnapshotConfig": config or SEQUENCE, **more}
        return self.call("SubmitSnapshotJob", **own)

    def submitted(self, config: Json | None = None, **more: Any) -> Json:
        """The job that a submission made."""
        return found(self.submit(config, **more))["SnapshotJob"]  # type: ignore[no-any-return]

    def query(self, **own: Any) -> Json:
        return found(self.call("QuerySnapshotJobList", **own))

    def job(self, job_id: str) -> Json:
        """What the API says of one job."""
        jobs: list[Json] = self.query(SnapshotJobIds=job_id)["SnapshotJobList"]["SnapshotJob"]
        return jobs[0]

    def last_call(self) -> Json:
        """The last entry of the call log."""
        return dict(self.emulator.show("/calls")["calls"][-1])

    def view(self, job: Json) -> Json:
        """What the control API says of a job."""
        return dict(self.emulator.show(f"/jobs/{job['Id']}"))

    def pace(self, **seconds: float) -> Json:
        """Set how long jobs take, and return it."""
        body = {f"{name}Seconds": value for name, value in seconds.items()}
        return dict(self.emulator.request("PUT", "/jobs/pace", body))


def _without_none(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def texts(own: Json) -> dict[str, str]:
    """Parameters as they travel: objects as JSON."""
    return {k: json.dumps(v) if isinstance(v, dict | list) else str(v) for k, v in own.items()}


def found(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal, whose shape is checked."""
    body = answer.json()
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    return answer.status_code, body["Code"]
