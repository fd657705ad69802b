"""Killing the engine or the provider at any moment of create: one more `up`, and there is exactly one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from e2e.conftest import Stack
from support.cli import STACK
from support.plugin import FRONTS
from support.processes import descendants, killed, wait_until
from support.sampling import sample

START, GET, SUBMIT, QUERY = "StartSnapshot", "GetSnapshotTask", "SubmitSnapshotJob", "QuerySnapshotJobList"


class Kill(NamedTuple):
    """Who is killed, and in which call."""

    kind: str
    victim: str
    fault: str
    action: str


MOMENTS = [
    ("task", "stall-before", START),  # sent, not yet acted on
    ("task", "stall-after", START),  # acted on, not yet answered
    ("task", "stall-before", GET),  # answered, not yet read back
    ("task", "stall-after", GET),
    ("job", "stall-before", QUERY),  # looking for its token
    ("job", "stall-before", SUBMIT),  # sent, not yet acted on
    ("job", "stall-after", SUBMIT),  # acted on, not yet answered
    ("job", "close-after", SUBMIT),  # acted on, never answered
]
KILLS = [
    Kill(kind, victim, fault, action)
    for kind, fault, action in MOMENTS
    for victim in ("engine", "provider")
    if victim == "engine" or (action in (START, SUBMIT) and "stall" in fault)
]
STALL = 2
SAMPLE = sample(KILLS, 0.1, by=lambda kill: kill.kind)


@pytest.fixture(params=sample(FRONTS, 0.5))
def front(request: pytest.FixtureRequest) -> str:
    """One of the fronts, by the seed; both with --sweep."""
    found: str = request.param
    return found


@pytest.mark.rotating
@pytest.mark.parametrize("kill", SAMPLE, ids=" ".join)
def test_a_kill_during_create(stack: Stack, kill: Kill) -> None:
    stack.emulator.fault(kill.fault, kill.action, **({"seconds": STALL} if "stall" in kill.fault else {}))
    _declare(stack, kill.kind)
    _kill_and_repair(stack, kill.victim, lambda _: _faults_hit(stack) > 0)
    _exactly_one(stack, kill.kind)


@pytest.mark.rotating
@pytest.mark.parametrize("victim", sample(["engine", "provider"], 0.5))
def test_a_kill_while_a_job_is_waited_for(stack: Stack, victim: str) -> None:
    stack.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 60, "runningSeconds": 60})
    _declare(stack, "job")
    queries = lambda _: [call["action"] for call in stack.emulator.calls()].count(QUERY) > 2  # noqa: E731
    _kill_and_repair(stack, victim, queries, meanwhile=lambda: stack.emulator.advance(200))
    _exactly_one(stack, "job")


@pytest.mark.rotating
@pytest.mark.parametrize("kind", sample(["task", "job"], 0.5))
@pytest.mark.parametrize("processes", sample(range(1, 7), 0.1))
def test_a_kill_while_the_engine_starts(stack: Stack, kind: str, processes: int) -> None:
    """The engine dies when it has started so many processes, or at its own end."""
    _declare(stack, kind)
    _kill_and_repair(stack, "engine", lambda engine: len(descendants(engine)) >= processes)
    _exactly_one(stack, kind)


def _declare(stack: Stack, kind: str) -> None:
    if kind == "task":
        stack.declare(lobby={})
    else:
        stack.declare_jobs(stills={})


def _faults_hit(stack: Stack) -> int:
    hits: int = stack.emulator.request("GET", "/faults")["faults"][0]["hits"]
    return hits


def _kill_and_repair(
    stack: Stack, victim: str, when: Callable[[int], bool], meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Run `up`, kill it at a moment, and do what the README tells a user to do then."""
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: run.poll() is not None or when(run.pid))
        with killed(run, victim):
            meanwhile()
            stack.run("cancel", "--yes", STACK)
            stack.up().ok()


def _exactly_one(stack: Stack, kind: str) -> None:
    [recorded] = stack.tasks()
    if kind == "task":
        assert len(stack.emulator.tasks(app=stack.app)) == len(stack.rooms()) == 1
    else:
        [job] = stack.submitted()
        assert recorded["id"] == recorded["outputs"]["jobId"] == job["jobId"]
        assert recorded["outputs"]["frames"] == [item["key"] for item in job["objects"]]
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates").ok()
    stack.ends()
    assert len(stack.submitted()) == (kind == "job")
