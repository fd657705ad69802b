"""Every call of a job's story times every fault: one more try, the same end, and never a job too many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.retry import RetryHandler
from pulumi_videosnap.http.transport import HttpTransport
from support.emulator import Emulator
from support.jobs import JobStory, job_engine, job_inputs

FAULTS = ["close-before", "close-after", "throttle", "error", "malformed", "empty", "html"]
FOREVER, ONCE = None, 1
STORY: list[tuple[str, dict[str, Any]]] = [
    ("up", {"stills": job_inputs(onDelete="delete-frames")}),
    ("refresh", {}),
    ("up", {"stills": job_inputs(onDelete="delete-frames", num=2)}),
    ("up", {}),
]

Point = tuple[int, int, int | None]


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ApiClient:
    """The real client, whose waits between two attempts take no time."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return ApiClient(
        HttpTransport(), RateLimiter(MemoryReservations()), RetryHandler(sleep=lambda seconds: None)
    )


@pytest.mark.parametrize("times", [ONCE, FOREVER], ids=["once", "until-repaired"])
@pytest.mark.parametrize("fault", FAULTS)
def test_one_more_try_ends_as_if_nothing_had_happened(
    emulator: Emulator, caller: ApiClient, fault: str, times: int | None
) -> None:
    undisturbed, calls = _run(emulator, caller, None, "")
    assert len(undisturbed[-1][1]) == 2, "two runs, two jobs"
    points = 0
    for step, count in enumerate(calls):
        for call in range(count):
            disturbed, _ = _run(emulator, caller, (step, call, times), fault)
            assert disturbed == undisturbed, f"step {step}, call {call}"
            points += 1
    assert points == sum(calls) >= 7
    print(f"{fault}: {points} of {points} fault points survived")


def _run(
    emulator: Emulator, caller: ApiClient, point: Point | None, fault: str
) -> tuple[list[Any], list[int]]:
    """Tell the story with one fault in it; returns what was true after each step, and the calls of each."""
    emulator.reset()
    story = JobStory(job_engine(emulator, caller), emulator)
    story.pace(1, 1)
    seen, calls = [], []
    for number, (step, program) in enumerate(STORY):
        if point and point[0] == number:
            emulator.fault(fault, after=point[1], times=point[2], status=503, code="InternalError")
        before = emulator.last_call()
        _try_twice(story, step, program)
        calls.append(emulator.last_call() - before)
        seen.append(_truth(story))
    return seen, calls


def _try_twice(story: JobStory, step: str, program: dict[str, Any]) -> None:
    try:
        _take(story, step, program)
    except VideosnapError:
        story.emulator.clear_faults()
        _take(story, step, program)
    finally:
        story.emulator.clear_faults()


def _take(story: JobStory, step: str, program: dict[str, Any]) -> None:
    if step == "up":
        story.stack.up(program)
    else:
        assert story.stack.refresh() == {}, "drift that nobody made"


def _truth(story: JobStory) -> Any:
    """State, the jobs that were ever submitted, and the bucket; without ids and times."""
    kept = {
        name: {key: value for key, value in entry.outputs.items() if key not in ("jobId", "creationTime")}
        for name, entry in story.stack.state.items()
    }
    return kept, [(job["userData"], job["count"]) for job in story.jobs()], story.keys()
