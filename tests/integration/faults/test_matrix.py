"""Every call of a story times every fault: one more try, and the end equals the undisturbed one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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
from support.jobs import JobStory, job_engine, job_inputs
from support.miniengine import MiniEngine
from support.sampling import sample
from support.story import declare

FAULTS = ("close-before", "close-after", "throttle", "error", "malformed", "empty", "html")
ONCE, UNTIL_REPAIRED = 1, None

Program = dict[str, dict[str, Any]]


class Point(NamedTuple):
    """A fault in one call of one step."""

    fault: str
    times: int | None
    step: int
    call: int


class Tasks:
    """Make, change in place, replace, look, end."""

    fewest_points = 9

    def __init__(self, emulator: Emulator, caller: ApiClient) -> None:
        self._emulator = emulator
        self._app = uuid.uuid4().hex[:24]
        self.stack = MiniEngine(
            lambda context: SnapshotTaskLifecycle(
                context,
                lambda profile: RtcApi(find_account(profile, env=os.environ.get), caller),
                sleep=lambda seconds: None,
            )
        )
        faster: dict[str, Any] = {"imageConfig": {"interval": 7}}
        wider: dict[str, Any] = {"imageConfig": {"interval": 7, "width": 640}}
        declared: list[Program] = [{"lobby": declare(self._app, **change)} for change in ({}, faster, wider)]
        self.steps: list[Program | None] = [*declared[:2], None, declared[2], {}]

    def truth(self) -> Any:
        """What runs and what state says of it, without times and the test's own names."""
        assert self.stack.refresh() == {}, "drift that nobody made"
        running = [(task["interval"], task["width"]) for task in self._emulator.running(self._app)]
        recorded = _recorded(self.stack, "startTime", "appId")
        for outputs in recorded.values():
            outputs["history"] = [(entry["event"], entry["interval"]) for entry in outputs["history"]]
        return running, recorded


class Jobs:
    """Submit, look, submit another in its place, forget it with its frames."""

    fewest_points = 7

    def __init__(self, emulator: Emulator, caller: ApiClient) -> None:
        self._story = JobStory(job_engine(emulator, caller), emulator)
        self._story.pace(1, 1)
        self.stack = self._story.stack
        more = job_inputs(onDelete="delete-frames")
        fewer = job_inputs(onDelete="delete-frames", num=2)
        self.steps: list[Program | None] = [{"stills": more}, None, {"stills": fewer}, {}]

    def truth(self) -> Any:
        """State, the jobs that were ever submitted, and the bucket; without ids and times."""
        jobs = [(job["userData"], job["count"]) for job in self._story.jobs()]
        return _recorded(self.stack, "jobId", "creationTime"), jobs, self._story.keys()


Story = Tasks | Jobs
Start = Callable[[Emulator, ApiClient], Story]


def _recorded(stack: MiniEngine, *without: str) -> dict[str, dict[str, Any]]:
    return {
        name: {key: value for key, value in entry.outputs.items() if key not in without}
        for name, entry in stack.state.items()
    }


@pytest.fixture
def caller(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ApiClient:
    """The real client, whose waits between two attempts take no time."""
    for name, value in {**emulator.environment, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return ApiClient(
        HttpTransport(), RateLimiter(MemoryReservations()), RetryHandler(sleep=lambda seconds: None)
    )


@pytest.mark.parametrize("start", [Tasks, Jobs])
def test_one_more_try_ends_as_if_nothing_had_happened(
    emulator: Emulator, caller: ApiClient, start: Start
) -> None:
    undisturbed, calls = _run(emulator, start(emulator, caller))
    assert sum(calls) >= start.fewest_points  # type: ignore[attr-defined]
    points = [
        Point(fault, times, step, call)
        for fault in FAULTS
        for times in (ONCE, UNTIL_REPAIRED)
        for step, count in enumerate(calls)
        for call in range(count)
    ]
    for point in sample(points, 0.07, by=lambda point: point.fault):
        emulator.reset()
        disturbed, _ = _run(emulator, start(emulator, caller), point)
        assert disturbed == undisturbed, point


def _run(emulator: Emulator, story: Story, point: Point | None = None) -> tuple[list[Any], list[int]]:
    """Run a story with one fault in it; returns what was true after each step, and the calls of each."""
    seen, calls = [], []
    for number, program in enumerate(story.steps):
        if point and point.step == number:
            emulator.fault(point.fault, after=point.call, times=point.times, status=503, code="InternalError")
        before = emulator.last_call()
        try:
            _take(story, program)
        except VideosnapError:
            emulator.clear_faults()
            _take(story, program)
        emulator.clear_faults()
        calls.append(emulator.last_call() - before)
        seen.append(story.truth())
    assert emulator.running() == [], "an orphan"
    return seen, calls


def _take(story: Story, program: Program | None) -> None:
    """One step: `up`, or a refresh that must find no drift."""
    if program is None:
        assert story.stack.refresh() == {}, "drift that nobody made"
    else:
        story.stack.up(program)
