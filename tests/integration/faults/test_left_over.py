"""What a killed process had made and nobody recorded: `drift` names it, and a delete in its stack ends it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from integration.faults.scenarios import CLEAN, PROVIDERS, World, job, pipeline, task, workflow
from pulumi_videosnap.core.pending import Note, notes
from support.emulator import Emulator, clean_environment
from support.forked_plugin import TOLD, Fault
from support.plugin import DYNAMIC_TYPE, FRONTS, PluginError
from support.plugin_runs import Forks, Runs

PROGRAMS = {"task": task(), "job": job(**CLEAN), "workflow": workflow(), "pipeline": pipeline()}


@dataclass
class Machine(World):
    """A stack of one kind's resources, on one machine with those of the others."""

    runs: Runs = field(kw_only=True)


Machines = Callable[[str], Machine]


@pytest.fixture(params=FRONTS)
def machines(emulator: Emulator, forks: Forks, tmp_path: Path, request: pytest.FixtureRequest) -> Machines:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 1, "runningSeconds": 1})
    environment = {**clean_environment(), **emulator.environment, "HOME": str(tmp_path)}
    environment |= {"VIDEOSNAP_QUOTA_DIR": str(tmp_path), "EMULATOR_THAT_MOVES_WITH_SLEEP": emulator.url}

    def machine(kind: str) -> Machine:
        token, provider = PROVIDERS[kind]
        runs = Runs(forks, request.param, DYNAMIC_TYPE + token, serialize_provider(provider()), environment)
        return Machine(kind, emulator, runs.engine(), runs=runs)

    return machine


def break_off(world: Machine) -> Note:
    """Kill the provider once it has made what the program declares; returns the note that is left."""
    world.runs.fault = Fault(f"provider killed, {TOLD}")
    with pytest.raises(PluginError):
        world.take(PROGRAMS[world.kind])
    [note] = notes("test", env=world.runs.environment)
    return note


@pytest.mark.parametrize("kind", PROGRAMS)
def test_it_is_named_and_ended(machines: Machines, kind: str, tmp_path: Path) -> None:
    world, other = machines(kind), machines("task" if kind == "pipeline" else "pipeline")
    break_off(world)
    [name] = PROGRAMS[kind]
    [found] = world.runs.unmanaged(tmp_path)
    assert found["note"] == f"created for {name} by an interrupted `up` of test; the next `up` adopts it"
    other.take(PROGRAMS[other.kind])
    other.take("destroy")
    assert kind == "job" or world.present() == []  # a service forgets no job
    assert world.frames() == []
    assert world.runs.unmanaged(tmp_path) == []


@pytest.mark.parametrize("kind", PROGRAMS)
def test_the_next_up_takes_it_over(machines: Machines, kind: str, tmp_path: Path) -> None:
    world = machines(kind)
    break_off(world)
    made = world.present()
    world.take(PROGRAMS[kind])
    assert (world.present(), world.runs.unmanaged(tmp_path)) == (made, [])
    world.take("destroy")
    assert world.frames() == []


NOTES: dict[str, tuple[dict[str, Any], bool]] = {
    "of a process that is dead": ({}, True),
    "of this backend": ({"state": "mine"}, True),
    "of an older version": ({"type": "pulumi-python:dynamic/volcengine:SnapshotTask"}, True),
    "of a process that runs": ({"process": os.getpid()}, False),
    "of no process": ({"process": None}, False),
    "of another backend": ({"state": "another"}, False),
    "of another stack": ({"urn": "urn:pulumi:prod::mini::task::hall"}, False),
    "of another project": ({"urn": "urn:pulumi:test::maxi::task::hall"}, False),
    "of an unknown kind": ({"type": "acme:Camera"}, False),
    "of fewer inputs": ({"inputs": {"appId": "a"}}, False),
    "of no inputs": ({"inputs": 7}, False),
    "of more": ({"more": 7}, False),
}


@pytest.mark.parametrize("name", NOTES)
def test_nothing_is_ended_that_may_be_anothers(machines: Machines, name: str, tmp_path: Path) -> None:
    change, ends = NOTES[name]
    world, other = machines("task"), machines("pipeline")
    note = break_off(world)
    [file] = (tmp_path / "creating").iterdir()
    file.write_text(json.dumps({**vars(note), **change}))
    other.stack.provider_ids = ("mine",)
    other.take(PROGRAMS["pipeline"])
    other.take("destroy")
    assert (world.present() == []) is ends


@pytest.mark.parametrize("declared", ["hall", "lobby"])
def test_what_is_declared_or_recorded_stays(machines: Machines, declared: str) -> None:
    """Under its name, or another one that an `up` gave it since."""
    world = machines("task")
    break_off(world)
    [inputs] = PROGRAMS["task"].values()
    more = {"taskId": "more", **{k: v for k, v in inputs.items() if k != "taskId"}}
    world.take({declared: inputs, "more": more})
    world.take({declared: inputs})
    assert len(world.present()) == 1
    world.take("destroy")
    assert world.present() == []
