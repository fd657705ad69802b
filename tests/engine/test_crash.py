"""Killing the engine or the provider at any moment of create: one more `up`, and exactly one task runs."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.cli import STACK, Project
from support.emulator import Emulator

Declare = Callable[..., None]

MOMENTS = [
    ("stall-before", "StartSnapshot"),  # sent, not yet acted on
    ("stall-after", "StartSnapshot"),  # acted on, not yet answered
    ("stall-before", "GetSnapshotTask"),  # answered, not yet read back
    ("stall-after", "GetSnapshotTask"),
]
STALL = 2


@pytest.mark.parametrize("victim", ["engine", "provider"])
@pytest.mark.parametrize(("fault", "action"), MOMENTS, ids=[f"{a}-{f}" for f, a in MOMENTS])
def test_a_kill_during_create_leaves_one_task(
    project: Project, declare: Declare, emulator: Emulator, app: str, victim: str, fault: str, action: str
) -> None:
    emulator.fault(fault, action, seconds=STALL)
    run = project.start("up", "--yes", "--skip-preview")
    _wait_until(lambda: emulator.request("GET", "/faults")["faults"][0]["hits"] > 0)
    with _killed(run, victim):
        _heal(project)
    _exactly_one(project, emulator, app)


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_at_any_moment_leaves_one_task(
    project: Project, declare: Declare, emulator: Emulator, app: str, seed: int
) -> None:
    run = project.start("up", "--yes", "--skip-preview")
    time.sleep(random.Random(seed).uniform(0.4, 1.6))  # the moment of the kill, not a wait
    with _killed(run, "engine"):
        _heal(project)
    _exactly_one(project, emulator, app)


@contextlib.contextmanager
def _killed(run: subprocess.Popen[str], victim: str) -> Iterator[None]:
    """Kill the engine or its provider; what outlives the engine goes on meanwhile, and ends with us."""
    family = _descendants_of(run.pid)
    providers = [process for process in family if b"pulumi.dynamic" in _command_of(process)]
    try:
        for process in [run.pid] if victim == "engine" else providers:
            os.kill(process, signal.SIGKILL)
        if victim == "provider":
            assert providers, "no provider process was found"
            run.communicate(timeout=60)
        # The engine's own children hold its output open for as long as they live.
        run.wait(timeout=30)
        assert run.stdout is not None
        run.stdout.close()
        yield
    finally:
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _heal(project: Project) -> None:
    """What the README tells a user to do after a crash."""
    project.run("cancel", "--yes", STACK)
    project.up().ok()


def _exactly_one(project: Project, emulator: Emulator, app: str) -> None:
    assert len(emulator.tasks(app=app)) == 1
    assert len(emulator.running(app)) == 1
    assert len(project.tasks()) == 1
    project.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates").ok()
    project.up("--refresh", "--expect-no-changes").ok()
    project.destroy().ok()
    assert emulator.running(app) == []


def _descendants_of(parent: int) -> list[int]:
    found, todo = [], [parent]
    while todo:
        children = _children_of(todo.pop())
        todo += children
        found += children
    return found


def _children_of(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def _wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.02)
