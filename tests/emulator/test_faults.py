"""Faults: what a caller sees of each, what still takes effect, and which calls they meet; of both APIs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from support.emulator import Emulator
from support.mps_client import Mps, refused


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
def test_a_stall_blocks_no_other_call(emulator: Emulator, api: Api, kind: str, effect: int) -> None:
    emulator.fault(kind, api.action, seconds=1)
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(api.call)
        while not emulator.show("/faults")["faults"][0]["hits"] or api.made() < effect:
            assert not stalled.done()
        assert api.made() == effect
        assert emulator.rtc.get(TaskId="x").status_code == 400
        assert not stalled.done()
        assert stalled.result().status_code == 200
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
