"""Killing the engine or the provider at any moment of create: one more `up`, and there is exactly one."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from e2e.conftest import Stack, sampled_front
from pulumi_videosnap.core.pending import notes
from support.cli import STACK
from support.processes import descendants, killed, wait_until
from support.results import FAULTS, Count
from support.sampling import sample

front = sampled_front

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
    for victim in ("engine", "provider", "^C", "^C^C")
    if victim == "engine" or (action in (START, SUBMIT) and "stall" in fault)
]
STALL = 2
CANARY = "cAnArySecret"
RECOVERIES = ("destroy", "up", "refresh", "drift")
SAMPLE = sample(KILLS, 0.1, by=lambda kill: kill.kind)


@pytest.mark.rotating
@pytest.mark.parametrize("kill", SAMPLE, ids=" ".join)
def test_a_kill_during_create(stack: Stack, kill: Kill, count: Count) -> None:
    stack.emulator.fault(kill.fault, kill.action, **({"seconds": STALL} if "stall" in kill.fault else {}))
    _declare(stack, kill.kind)
    _kill_and_repair(stack, kill.victim, lambda _: _faults_hit(stack) > 0)
    # A provider whose engine was killed may end its task before the next `up` takes that over.
    _exactly_one(stack, kill.kind, starts=1 + (kill.victim == "engine"))
    _count(count, stack, kill.victim if "^C" in kill.victim else f"{kill.victim} killed")


class Lost(NamedTuple):
    """Which calls get no response, what the user does then, and whether `up` fails before."""

    action: str
    fault: str
    then: str
    fails: bool = True


LOST: list[Lost] = [
    Lost(START, "close-after", "destroy", fails=False),  # read back: it runs, and is adopted
    *(Lost("*", fault, then) for fault in ("close-after", "close-before") for then in RECOVERIES),
]
SOME_LOST = sample(LOST, 0.2, by=lambda lost: lost.fails)


@pytest.mark.rotating
@pytest.mark.parametrize("lost", SOME_LOST, ids=str)
def test_a_start_whose_response_is_lost(stack: Stack, lost: Lost) -> None:
    stack.emulator.fault(lost.fault, lost.action, times=None)
    keys = {"access_key": f"{CANARY}-a", "secret_key": f"{CANARY}-s"}
    stack.declare(
        lobby={"storage_config": {"custom_config": {"vendor": "aliyun", "bucket": "frames", **keys}}}
    )
    failed = stack.up(env={"VIDEOSNAP_CALL_BUDGET": "2"}).exits(1 if lost.fails else 0)
    stack.emulator.clear_faults()
    if lost.fails:
        assert "StartSnapshot got no response" in failed.output
        assert f"{stack.path('lobby')} may be running nevertheless and is recorded" in failed.output
        assert [task["id"] for task in stack.tasks()] == [stack.path("lobby")]
    assert not any(CANARY in text for text in (failed.output, *stack.files()))
    if lost.then == "drift":
        stack.videosnap("drift").exits(int(lost.fault == "close-before"))
    elif lost.then != "destroy":
        stack.run(lost.then, "--yes", "--skip-preview").ok()
        assert stack.rooms() == (["lobby"] if lost.fault == "close-after" or lost.then == "up" else [])
        stack.up().ok()
        assert stack.rooms() == ["lobby"]
        stack.up("--expect-no-changes").ok()
    stack.destroy().ok()
    assert (stack.rooms(), stack.tasks()) == ([], [])


@pytest.mark.rotating
def test_a_task_whose_provider_was_killed_is_found_and_adopted(stack: Stack) -> None:
    stack.emulator.fault("stall-after", START, seconds=STALL)
    stack.declare(lobby={})
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: run.poll() is not None or _faults_hit(stack) > 0)
        with killed(run, "provider"):
            assert (stack.rooms(), stack.tasks()) == (["lobby"], [])
    [note] = notes("dev", stack.environment)
    assert note.state, "nothing tells the stack from one of the same names in another backend"
    stack.destroy().ok()
    found = " ".join(stack.videosnap("drift").ok().output.split())
    assert "created for lobby by an interrupted `up` of dev; the next `up` adopts it" in found
    adopted = stack.up().ok().output
    assert "another stack started it" in adopted
    assert "interrupted" not in stack.videosnap("drift").ok().output
    stack.ends()


@pytest.mark.rotating
def test_destroy_alone_ends_what_a_killed_engine_had_not_recorded(stack: Stack, count: Count) -> None:
    """The provider outlives its engine for as long as it takes to end the task that nobody else knows."""
    stack.emulator.fault("stall-after", START, seconds=1)
    stack.declare(lobby={})
    with stack.running("up", "--yes", "--skip-preview") as run:
        wait_until(lambda: run.poll() is not None or _faults_hit(stack) > 0)
        with killed(run, "engine"):
            stack.run("cancel", "--yes", STACK)
            stack.destroy().ok()
    assert (stack.rooms(), len(stack.emulator.tasks(app=stack.app))) == ([], 1)
    _count(count, stack, "engine killed")


@pytest.mark.rotating
@pytest.mark.parametrize("victim", sample(["engine", "provider"], 0.5))
def test_a_kill_while_a_job_is_waited_for(stack: Stack, victim: str, count: Count) -> None:
    stack.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 60, "runningSeconds": 60})
    _declare(stack, "job")
    queries = lambda _: [call["action"] for call in stack.emulator.calls()].count(QUERY) > 2  # noqa: E731
    _kill_and_repair(stack, victim, queries, meanwhile=lambda: stack.emulator.advance(200))
    _exactly_one(stack, "job")
    _count(count, stack, f"{victim} killed")


@pytest.mark.rotating
@pytest.mark.parametrize("kind", sample(["task", "job"], 0.5))
@pytest.mark.parametrize("processes", sample(range(1, 7), 0.1))
def test_a_kill_while_the_engine_starts(stack: Stack, kind: str, processes: int, count: Count) -> None:
    """The engine dies when it has started so many processes, or at its own end."""
    _declare(stack, kind)
    _kill_and_repair(stack, "engine", lambda engine: len(descendants(engine)) >= processes)
    _exactly_one(stack, kind)
    _count(count, stack, "engine killed")


def _count(count: Count, stack: Stack, fault: str) -> None:
    """A point that was survived; its test has checked the rest."""
    front = "native" if "native" in (stack.folder / f"Pulumi.{STACK}.yaml").read_text() else "dynamic"
    zeros = dict.fromkeys(("orphans", "reported", "duplicates", "left behind"), 0)
    scenario = "with the real engine"
    count(
        FAULTS, scenario=scenario, front=front, fault=f"{fault}, real engine", points=1, survived=1, **zeros
    )


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


def _exactly_one(stack: Stack, kind: str, starts: int = 1) -> None:
    [recorded] = stack.tasks()
    if kind == "task":
        assert len(stack.rooms()) == 1
        assert len(stack.emulator.tasks(app=stack.app)) <= starts
    else:
        [job] = stack.submitted()
        assert recorded["id"] == recorded["outputs"]["jobId"] == job["jobId"]
        assert recorded["outputs"]["frames"] == [item["key"] for item in job["objects"]]
    stack.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates").ok()
    stack.ends()
    assert len(stack.submitted()) == (kind == "job")
