"""The gateway in this process: the clock of its rate limiter stands still, so every limit is met exactly."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from support.rtc_client import KEY
from videosnap_emulator import cli, server
from videosnap_emulator.core.rate_limit import RateLimiter
from videosnap_emulator.gateway import Connections, GatewayState, ServiceGateway
from videosnap_emulator.services import SERVICES


@pytest.fixture
def emulator() -> Iterator[server.Emulator]:
    options: Namespace = cli.parser(SERVICES).parse_args(["--env-file", "none", "--pace", "manual"])
    with ExitStack() as stack:
        yield server.build(SERVICES, options, stack)


def call(emulator: server.Emulator, service: str, queries: list[dict[str, str]]) -> list[httpx.Response]:
    """Send unsigned requests to a service at one moment."""
    limits = {action: limit for one in SERVICES for action, limit in one.limits.items()}
    state = GatewayState(RateLimiter(limits, lambda: 0.0), check_signature=False)
    found: Any = next(one for one in emulator.services if one.name == service)
    app: Any = ServiceGateway(found, emulator.scheduler, state, Connections())

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as client:
            return [await client.get("/", params=query) for query in queries]

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("service", "query", "limit", "refusal"),
    [
        (
            "rtc",
            {"Action": "GetSnapshotTask", "Version": "2023-11-01", **KEY},
            60,
            (429, "FlowLimitExceeded.QPSOverLimit"),
        ),
        (
            "mps",
            {"Action": "SearchPipeline", "Version": "2014-06-18", "Format": "JSON"},
            100,
            (400, "Throttling.User"),
        ),
    ],
)
def test_calls_beyond_the_limit_are_refused_and_do_not_count(
    emulator: server.Emulator, service: str, query: dict[str, str], limit: int, refusal: tuple[int, str]
) -> None:
    responses = call(emulator, service, [query] * (limit + 5))
    refused = [(response.status_code, refusal[1] in response.text) for response in responses[limit:]]
    assert refused == [(refusal[0], True)] * 5
    assert not any(refusal[1] in response.text for response in responses[:limit])
    calls, _ = emulator.scheduler.calls_after(0)
    assert [one.qps_used for one in calls] == [*range(1, limit + 1), *[limit] * 5]
    assert {one.qps_limit for one in calls} == {limit}
