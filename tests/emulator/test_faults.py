"""Faults and rate limits: what a caller sees, what still takes effect, and which calls are concerned."""

import asyncio
from argparse import Namespace
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.emulator import Emulator
from support.mps_client import Mps, refused
from support.rtc_client import KEY
from videosnap_emulator import cli, server
from videosnap_emulator.core.rate_limit import RateLimiter
from videosnap_emulator.gateway import GatewayState, ServiceGateway
from videosnap_emulator.http_server import Connections
from videosnap_emulator.services import SERVICES


@dataclass
class Api:
    """A call that makes one thing, how these things are listed, and the refusal of a call over the limit."""

    emulator: Emulator
    action: str
    call: Callable[..., httpx.Response]
    listed: str
    throttled: tuple[int, str]

    def made(self) -> int:
        return len(self.emulator.show(f"/{self.listed}")[self.listed])


@pytest.fixture(params=["rtc", "mps"])
def api(request: pytest.FixtureRequest, emulator: Emulator, mps: Mps) -> Api:
    if request.param == "mps":
        return Api(emulator, "SubmitSnapshotJob", mps.submit, "jobs", (400, "Throttling.User"))
    throttled = (429, "FlowLimitExceeded.QPSOverLimit")
    return Api(emulator, "StartSnapshot", emulator.rtc.start, "tasks", throttled)


@pytest.mark.parametrize(("kind", "effect"), [("close-before", 0), ("close-after", 1)])
def test_closed_connections(emulator: Emulator, api: Api, kind: str, effect: int) -> None:
    emulator.fault(kind, api.action)
    with pytest.raises(httpx.RemoteProtocolError):
        api.call()
    assert api.made() == effect
    call = emulator.calls()[-1]
    assert (call["httpStatus"], call["code"], call["fault"], call["signature"]) == (None, None, kind, "ok")
    assert api.call().status_code == 200


@pytest.mark.parametrize(("kind", "effect"), [("close-before", 0), ("close-after", 1)])
def test_a_nonce_is_used_once_the_call_was_processed(mps: Mps, kind: str, effect: int) -> None:
    nonce = {"common": {"SignatureNonce": f"once-more-{kind}"}}
    mps.emulator.fault(kind, "SubmitSnapshotJob")
    with pytest.raises(httpx.RemoteProtocolError):
        mps.submit(**nonce)
    if not effect:
        assert mps.submit(**nonce).status_code == 200
    assert refused(mps.submit(**nonce)) == (400, "SignatureNonceUsed")


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("throttle", None, 0), ("error", 503, 0), ("malformed", 200, 1), ("empty", 200, 1), ("html", 503, 0)],
)
def test_spoilt_responses(emulator: Emulator, api: Api, kind: str, status: int | None, effect: int) -> None:
    emulator.fault(kind, api.action, status=503, code="X.Y", message="m")
    response = api.call()
    assert response.status_code == (status or api.throttled[0])
    assert api.made() == effect
    if kind in ("malformed", "empty", "html"):
        with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated|delimiter"):
            response.json()
    else:
        body = response.json()
        error = body if api.listed == "jobs" else body["ResponseMetadata"]["Error"]
        assert error["Code"] == (api.throttled[1] if kind == "throttle" else "X.Y")


@pytest.mark.parametrize(("kind", "effect"), [("stall-before", 0), ("stall-after", 1)])
def test_a_stall_blocks_no_other_call(emulator: Emulator, kind: str, effect: int) -> None:
    emulator.fault(kind, "StartSnapshot", seconds=2)
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(emulator.rtc.start)
        while not emulator.show("/faults")["faults"][0]["hits"] or len(emulator.tasks()) < effect:
            assert not stalled.done()
        assert len(emulator.tasks()) == effect
        assert emulator.rtc.get(TaskId="x").status_code == 400
        assert not stalled.done()
        assert stalled.result().json()["Result"] == "ok"
    assert len(emulator.tasks()) == 1


@pytest.mark.parametrize("kind", ["stall-before", "stall-after"])
def test_stalls(api: Api, kind: str) -> None:
    api.emulator.fault(kind, api.action, seconds=0.2)
    assert api.call().elapsed.total_seconds() > 0.2
    assert api.made() == 1


def test_fault_counting(emulator: Emulator) -> None:
    emulator.fault("error", "StartSnapshot", after=1, times=2)
    assert [emulator.rtc.start().status_code for _ in range(4)] == [200, 500, 500, 200]
    fault = emulator.show("/faults")["faults"][0]
    assert (fault["hits"], fault["remaining"]) == (2, 0)
    emulator.fault("error", "StartSnapshot", times=None)
    assert [emulator.rtc.start().status_code for _ in range(3)] == [500, 500, 500]
    assert emulator.request("DELETE", "/faults") == {"faults": []}
    assert emulator.rtc.start().status_code == 200


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


def test_a_sliding_second_counts_calls_by_their_arrival() -> None:
    limiter = RateLimiter(LIMITS, lambda: 0.0)
    assert all(limiter.admit("GetSnapshotTask", 10.0).admitted for _ in range(LIMIT))
    assert not limiter.admit("GetSnapshotTask", 10.9).admitted
    assert limiter.admit("GetSnapshotTask", 11.0).admitted
    assert limiter.admit("StartSnapshot", 10.0).admitted, "each action has a limit of its own"
    queued = RateLimiter(LIMITS, lambda: 99.0)
    arrivals = [number / (LIMIT * 0.95) for number in range(3 * LIMIT)]
    assert all(queued.admit("GetSnapshotTask", arrived).admitted for arrived in arrivals)
    overtaken = RateLimiter(LIMITS, lambda: 0.0)
    for number in range(LIMIT):
        assert overtaken.admit("GetSnapshotTask", 10.0 + (number % 2) / 100).admitted
    assert not overtaken.admit("GetSnapshotTask", 10.5).admitted
