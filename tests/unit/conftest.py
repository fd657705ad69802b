"""What the client's tests share: a clock that only moves when somebody sleeps, and a scripted transport."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import RetryHandler, RetryPolicy
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.auth import Account

NOON = 1_700_000_000.0


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
    """A transport that plays answers and failures in order, the last one for ever, and keeps the requests."""

    steps: list[Response | Exception]
    requests: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return step


def answer(
    result: object = None, *, status: int = 200, error: dict[str, Any] | None = None, **headers: str
) -> Response:
    """An answer in the vendor's envelope."""
    metadata: dict[str, Any] = {"RequestId": "2025020709532617FF27DCF79B6BEFE478"}
    if error:
        metadata["Error"] = error
    body = {"ResponseMetadata": metadata, **({} if result is None else {"Result": result})}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps(body).encode())


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("AKLTCANARYACCESS", "CANARYSECRETKEY==", "CANARYSESSIONTOKEN")


@pytest.fixture
def caller_of(time: VirtualTime) -> Callable[..., ApiClient]:
    """Makes a caller on virtual time around a transport."""

    def make(
        transport: Callable[[Request], Response], budget: float = 45.0, random: float = 0.5
    ) -> ApiClient:
        limiter = RateLimiter(MemoryReservations(time.clock), clock=time.clock, sleep=time.sleep)
        retries = RetryHandler(
            RetryPolicy(deadline=budget), monotonic=time.clock, sleep=time.sleep, random=lambda: random
        )
        return ApiClient(transport, limiter, retries, clock=time.clock)

    return make


@pytest.fixture
def api_of(
    caller_of: Callable[..., ApiClient], credentials: Credentials
) -> Callable[..., tuple[RtcApi, Script]]:
    """Makes the API on a script of answers and failures."""

    def make(*steps: Response | Exception) -> tuple[RtcApi, Script]:
        script = Script(list(steps))
        return RtcApi(Account(credentials), caller_of(script)), script

    return make


@pytest.fixture
def answer_of() -> Callable[..., Response]:
    return answer


@pytest.fixture
def script_of() -> type[Script]:
    return Script


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """A sample from the vendor's pages, word for word.

    GetSnapshotTask and UpdateSnapshot, version 2023-11-01, sections 返回示例 and 请求示例.
    """
    return lambda name: (Path(__file__).parents[1] / "data" / "rtc" / name).read_bytes()
