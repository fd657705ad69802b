"""Every call of a story times every fault: one more try, and the end equals the undisturbed one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.retry import RetryHandler
from pulumi_videosnap.http.transport import HttpTransport
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.auth import find_account
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.miniengine import MiniEngine
from support.story import declare

FAULTS = ["close-before", "close-after", "throttle", "error", "malformed", "empty", "html"]
FOREVER, ONCE = None, 1

Steps = list[tuple[str, dict[str, Any]]]


def _story(app: str) -> Steps:
    """Each step with the program it runs: make, change in place, replace, look, end."""
    changed = declare(app, imageConfig={"interval": 7})
    wider = declare(app, imageConfig={"interval": 7, "width": 640})
    return [
        ("up", {"lobby": declare(app)}),
        ("up", {"lobby": changed}),
        ("refresh", {}),
        ("up", {"lobby": wider}),
        ("up", {}),
    ]


@pytest.fixture
def connect(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The real client, whose waits between two attempts take no time."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    caller = ApiClient(
        HttpTransport(), RateLimiter(MemoryReservations()), RetryHandler(sleep=lambda seconds: None)
    )
    return lambda profile: RtcApi(find_account(profile, env=os.environ.get), caller)


@pytest.mark.parametrize("times", [ONCE, FOREVER], ids=["once", "until-repaired"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_more_try_ends_as_if_nothing_had_happened(
    emulator: Emulator, connect: Any, app: str, fault: str, times: int | None
) -> None:
    undisturbed, calls = _run(emulator, connect, f"{app}-u", None, None)
    points = 0
    for step, count in enumerate(calls):
        for call in range(count):
            disturbed, _ = _run(emulator, connect, f"{app}-{step}-{call}", (step, call, times), fault)
            assert disturbed == undisturbed, f"step {step}, call {call}"
            points += 1
    assert points == sum(calls) >= 9
    print(f"{fault}: {points} of {points} fault points survived")


def _run(
    emulator: Emulator, connect: Any, app: str, point: tuple[int, int, int | None] | None, fault: str | None
) -> tuple[list[Any], list[int]]:
    """Tell the story with one fault in it; returns what was true after each step, and the calls of each."""
    stack = MiniEngine(lambda host: SnapshotTaskLifecycle(host, connect, sleep=lambda seconds: None))
    seen, calls = [], []
    for number, (step, program) in enumerate(_story(app)):
        if fault and point and point[0] == number:
            emulator.fault(fault, after=point[1], times=point[2], status=503, code="InternalError")
        before = emulator.last_call()
        _try_twice(emulator, stack, step, program)
        calls.append(emulator.last_call() - before)
        assert stack.refresh() == {}, "drift that nobody made"
        seen.append(_truth(emulator, stack, app))
    assert emulator.running(app) == [], "an orphan"
    return seen, calls


def _try_twice(emulator: Emulator, stack: MiniEngine, step: str, program: dict[str, Any]) -> None:
    try:
        _take(stack, step, program)
    except VideosnapError:
        emulator.clear_faults()
        _take(stack, step, program)
    finally:
        emulator.clear_faults()


def _take(stack: MiniEngine, step: str, program: dict[str, Any]) -> None:
    if step == "up":
        stack.up(program)
    else:
        stack.refresh()


def _truth(emulator: Emulator, stack: MiniEngine, app: str) -> Any:
    """What runs and what state says of it, without times and the test's own names."""
    running = [(task["interval"], task["width"]) for task in emulator.running(app)]
    kept = {
        name: {
            **{key: value for key, value in entry.outputs.items() if key not in ("startTime", "appId")},
            "history": [(entry["event"], entry["interval"]) for entry in entry.outputs["history"]],
        }
        for name, entry in stack.state.items()
    }
    return running, kept
