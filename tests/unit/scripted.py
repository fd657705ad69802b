"""The clients of both clouds on virtual time, against a script of responses and failures."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pulumi_videosnap.alibaba import auth as alibaba
from pulumi_videosnap.alibaba.api import MpsApi
from pulumi_videosnap.alibaba.models import InputFile, OutputFile, SnapshotConfig, SubmitSnapshotJobBody
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import RetryHandler, RetryPolicy
from pulumi_videosnap.volcengine import auth as volcengine
from pulumi_videosnap.volcengine.api import RtcApi

NOON = 1_700_000_000.0
RTC_KEYS = Credentials("AKLTCANARYACCESS", "CANARYSECRETKEY==", "CANARYSESSIONTOKEN")
MPS_KEYS = Credentials("LTAICANARYACCESS", "CANARYSECRETKEY+/=", "CANARYSECURITYTOKEN")
DATE, AT = "Wed, 03 Jan 2024 08:00:00 GMT", datetime(2024, 1, 3, 8, tzinfo=timezone.utc)
"""A moment as a response's header has it, and as we have it."""
_SEQUENCE: dict[str, Any] = {"time": 2, "interval": 2, "num": 3, "height": 360}
SUBMIT = SubmitSnapshotJobBody(
    input=InputFile(bucket="media", location="oss-cn-hangzhou", object="input.mp4"),
    snapshot_config=SnapshotConfig(
        output_file=OutputFile(bucket="frames", location="oss-cn-hangzhou", object="output_%7BCount%7D.jpg"),
        **_SEQUENCE,
    ),
    user_data="token-1",
)


@dataclass
class VirtualTime:
    """Wall clock and monotonic clock in one; sleeping takes no time but moves it."""

    now: float = NOON
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Script:
    """A transport that plays responses and failures in order, the last one for ever."""

    steps: list[Response | Exception]
    requests: list[Request] = field(default_factory=list)
    time: VirtualTime = field(default_factory=VirtualTime)

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return step


def client(
    transport: Callable[[Request], Response], time: VirtualTime, budget: float = 45.0, random: float = 0.5
) -> ApiClient:
    """A client on virtual time around a transport."""
    limiter = RateLimiter(MemoryReservations(time.clock), clock=time.clock, sleep=time.sleep)
    clocks: dict[str, Any] = {"monotonic": time.clock, "sleep": time.sleep, "random": lambda: random}
    retries = RetryHandler(RetryPolicy(deadline=budget), **clocks)
    return ApiClient(transport, limiter, retries, clock=time.clock)


def rtc_api(*steps: Response | Exception) -> tuple[RtcApi, Script]:
    script = Script(list(steps))
    return RtcApi(volcengine.Account(RTC_KEYS), client(script, script.time)), script


def mps_api(*steps: Response | Exception) -> tuple[MpsApi, Script]:
    """Nonces count from 1."""
    script, nonces = Script(list(steps)), iter(range(1, 1000))
    api_client = client(script, script.time)
    return MpsApi(alibaba.Account(MPS_KEYS), api_client, lambda: f"nonce-{next(nonces)}"), script


def rtc_answer(result: object = None, *, status: int = 200, error: Any = None, **headers: str) -> Response:
    """A response in the envelope of RTC."""
    metadata = {"RequestId": "2025020709532617FF27DCF79B6BEFE478", **({"Error": error} if error else {})}
    body = {"ResponseMetadata": metadata, **({} if result is None else {"Result": result})}
    return _response(status, body, headers)


def rtc_refusal(code: str, message: str = "No.", *, status: int = 400, **headers: str) -> Response:
    return rtc_answer(status=status, error={"Code": code, "Message": message}, **headers)


def mps_answer(content: dict[str, Any] | None = None, *, status: int = 200, **headers: str) -> Response:
    """A response of MPS: a request id, and what else it says."""
    return _response(
        status, {"RequestId": "19B6D8C5-A5DD-467A-B435-29D393C7AAAA", **(content or {})}, headers
    )


def mps_refusal(code: str, message: str = "No.", *, status: int = 400, **headers: str) -> Response:
    said = {"HostId": "mts.cn-hangzhou.aliyuncs.com", "Code": code, "Message": message}
    return mps_answer(said, status=status, **headers)


def _response(status: int, body: Any, headers: dict[str, str]) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps(body).encode())


def sample(name: str) -> bytes:
    """A sample from the vendors' pages, word for word, by its path under tests/data.

    RTC: GetSnapshotTask and UpdateSnapshot, version 2023-11-01, sections 返回示例 and 请求示例.
    MPS: 提交截图作业 and 查询截图作业 (2021).
    """
    return (Path(__file__).parents[1] / "data" / name).read_bytes()
