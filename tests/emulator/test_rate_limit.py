"""The documented calls a second, of the limiter and of the gateway, with a clock that stands still."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from support.rtc_client import KEY
from videosnap_emulator import cli, server
from videosnap_emulator.core.rate_limit import RateLimiter
from videosnap_emulator.gateway import Connections, GatewayState, ServiceGateway
from videosnap_emulator.services import SERVICES

LIMIT = 60
LIMITS = {"GetSnapshotTask": LIMIT, "StartSnapshot": 150}


@pytest.mark.parametrize(
    ("service", "query", "limit", "status", "code"),
    [
        ("rtc", {"Action": "GetSnapshotTask", **KEY}, 60, 429, "FlowLimitExceeded.QPSOverLimit"),
        ("mps", {"Action": "SearchPipeline", "Format": "JSON"}, 100, 400, "Throttling.User"),
    ],
)
def test_calls_beyond_the_limit_are_refused_and_do_not_count(
    service: str, query: dict[str, str], limit: int, status: int, code: str
) -> None:
    options: Namespace = cli.parser(SERVICES).parse_args(["--env-file", "none", "--pace", "manual"])
    limits = {action: limit for one in SERVICES for action, limit in one.limits.items()}
    limiter = RateLimiter(limits, lambda: 0.0)
    with ExitStack() as stack:
        emulator = server.build(SERVICES, options, stack)
        version = {"Version": "2023-11-01" if service == "rtc" else "2014-06-18"}
        found: Any = next(one for one in emulator.services if one.name == service)
        state = GatewayState(limiter, check_signature=False)
        app: Any = ServiceGateway(found, emulator.scheduler, state, Connections())

        async def send() -> list[httpx.Response]:
            """Unsigned requests, all at one moment."""
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
                return [await client.get("/", params=query | version) for _ in range(limit + 5)]

        with ThreadPoolExecutor(1) as pool:  # a thread without an event loop, which a browser may have here
            responses = pool.submit(asyncio.run, send()).result()
        calls, _ = emulator.scheduler.calls_after(0)
    assert [(one.status_code, code in one.text) for one in responses[limit:]] == [(status, True)] * 5
    assert not any(code in response.text for response in responses[:limit])
    assert [one.qps_used for one in calls] == [*range(1, limit + 1), *[limit] * 5]
    assert {one.qps_limit for one in calls} == {limit}
    assert limit in {one["maximum"] for one in limiter.view() if one["action"] == query["Action"]}


def test_a_sliding_second_holds_the_limit_and_no_more() -> None:
    limiter = RateLimiter(LIMITS, lambda: 0.0)
    assert all(limiter.admit("GetSnapshotTask", 10.0).admitted for _ in range(LIMIT))
    assert not limiter.admit("GetSnapshotTask", 10.9).admitted
    assert limiter.admit("GetSnapshotTask", 11.0).admitted
    assert limiter.admit("StartSnapshot", 10.0).admitted, "each action has a limit of its own"


def test_calls_that_queued_count_by_their_arrival() -> None:
    limiter = RateLimiter(LIMITS, lambda: 99.0)
    arrivals = [number / (LIMIT * 0.95) for number in range(3 * LIMIT)]
    assert all(limiter.admit("GetSnapshotTask", arrived).admitted for arrived in arrivals)


def test_a_call_that_overtook_another_does_not_hide_it() -> None:
    limiter = RateLimiter(LIMITS, lambda: 0.0)
    for number in range(LIMIT):
        assert limiter.admit("GetSnapshotTask", 10.0 + (number % 2) / 100).admitted
    assert not limiter.admit("GetSnapshotTask", 10.5).admitted
