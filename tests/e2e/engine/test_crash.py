"""Killing the engine or the provider at any moment of create: one more `up`, and exactly one task runs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from support.cli import Project
from support.emulator import Emulator
from support.kills import heal, killed, wait_until

Declare = Callable[..., None]

MOMENTS = [
    ("stall-before", "StartSnapshot"),  # sent, not yet acted on
    ("stall-after", "StartSnapshot"),  # acted on, not yet answered
    ("stall-before", "GetSnapshotTask"),  # answered, not yet read back
    ("stall-after", "GetSnapshotTask"),
]
STALL = 2


@pytest.mark.parametrize(
    ("victim", "fault", "action"),
    [*(("engine", *moment) for moment in MOMENTS), *(("provider", *moment) for moment in MOMENTS[:2])],
)
def test_a_kill_during_create_leaves_one_task(
    project: Project, declare: Declare, emulator: Emulator, app: str, victim: str, fault: str, action: str
) -> None:
    emulator.fault(fault, action, seconds=STALL)
    run = project.start("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.request("GET", "/faults")["faults"][0]["hits"] > 0)
    with killed(run, victim):
        heal(project)
    _exactly_one(project, emulator, app)


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_at_any_moment_leaves_one_task(
    project: Project, declare: Declare, emulator: Emulator, app: str, seed: int
) -> None:
    run = project.start("up", "--yes", "--skip-preview")
    time.sleep(random.Random(seed).uniform(0.4, 1.6))  # the moment of the kill, not a wait
    with killed(run, "engine"):
        heal(project)
    _exactly_one(project, emulator, app)


def _exactly_one(project: Project, emulator: Emulator, app: str) -> None:
    assert len(emulator.tasks(app=app)) == 1
    assert len(emulator.running(app)) == 1
    assert len(project.tasks()) == 1
    project.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates").ok()
    project.up("--refresh", "--expect-no-changes").ok()
    project.destroy().ok()
    assert emulator.running(app) == []
