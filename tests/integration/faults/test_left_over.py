"""What a killed process had made and nobody recorded: `drift` names it, and a delete in its stack ends it."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc

from integration.faults.scenarios import CLEAN, PROVIDERS, Program, World, job, pipeline, task, workflow
from pulumi_videosnap.core.pending import Note, notes
from support.emulator import Emulator
from support.forked_plugin import TOLD, Fault
from support.plugin import DYNAMIC_TYPE, FRONTS, PluginError
from support.plugin_runs import Forks, Runs
from support.workflow_stacks import pipeline_inputs

PROGRAMS = {"task": task(), "job": job(**CLEAN), "workflow": workflow(), "pipeline": pipeline()}


@dataclass
class Machine(World):
    """A stack of one kind's resources, on one machine with those of the others."""

    runs: Runs = field(kw_only=True)


Machines = Callable[[str], Machine]


@pytest.fixture(params=FRONTS)
def machines(emulator: Emulator, forks: Forks, tmp_path: Path, request: pytest.FixtureRequest) -> Machines:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 1, "runningSeconds": 1})
    moves = {"VIDEOSNAP_QUOTA_DIR": str(tmp_path), "EMULATOR_THAT_MOVES_WITH_SLEEP": emulator.url}
    environment = emulator.surroundings(tmp_path) | moves

    def machine(kind: str) -> Machine:
        token, provider = PROVIDERS[kind]
        runs = Runs(forks, request.param, DYNAMIC_TYPE + token, serialize_provider(provider()), environment)
        return Machine(kind, emulator, runs.engine(), runs=runs)

    return machine


def break_off(world: Machine, program: Program | None = None) -> Note:
    """Kill the provider once it has made what a program declares; returns the note that is left."""
    world.runs.fault = Fault(f"provider killed, {TOLD}")
    with pytest.raises(PluginError):
        world.take(program or PROGRAMS[world.kind])
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
    "of the program's own provider": ({"state": "own"}, False),
    "of yesterday": ({"at": -86400.0}, False),
    "of a clock that is minutes off": ({"at": -300.0}, True),
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
    change = {**change, "at": note.at + change.get("at", 0)}
    file.write_text(json.dumps({**vars(note), **change}))
    other.stack.provider_ids, other.stack.own_provider_ids = ("mine",), ("own",)
    other.take(PROGRAMS["pipeline"])
    other.take("destroy")
    assert (world.present() == []) is ends


DAMAGE: list[dict[str, Any]] = [
    {"urn": 7}, {"urn": None}, {"urn": "urn:pulumi:test"}, {"urn": "urn:pulumi:test::mini::\ud800::lobby"},
    {"type": 7}, {"type": []}, {"state": []}, {"at": "now"}, {"at": 10**400}, {"at": None}, {"secret": 7},
    {"inputs": {"appId": 7, "roomId": [], "taskId": {}}}, {"inputs": {"appId": "\ud800"}},
]  # fmt: skip


def test_nothing_in_the_folder_stops_a_run(machines: Machines, tmp_path: Path) -> None:
    world, other = machines("task"), machines("pipeline")
    note, folder = break_off(world), tmp_path / "creating"
    [file] = folder.iterdir()
    texts = ["", "{", "7", "[]", "[" * 100_000, "{}", '{"more": 7}', "9" * 5000, "\0" * 2_000_000]
    for number, text in enumerate([*texts, *(json.dumps({**vars(note), **one}) for one in DAMAGE)]):
        (folder / f"{number}").write_text(text)
    file.unlink()
    for name in (file.name, "pipe"):
        os.mkfifo(folder / name)
    for name in (f"{file.name}.claimed", "device"):
        (folder / name).symlink_to("/dev/zero")
    (folder / "nowhere").symlink_to("nowhere")
    (folder / "folder").mkdir()
    (folder / "bytes").write_bytes(b"\xff\xfe")
    other.take(PROGRAMS["pipeline"])
    assert world.runs.unmanaged(tmp_path) == []
    other.take("destroy")
    world.take(PROGRAMS["task"])
    assert len(world.present()) == 1
    world.take("destroy")
    assert world.present() == other.present() == []


def test_a_note_stays_until_the_engine_has_an_answer_that_is_a_failure(
    machines: Machines, tmp_path: Path
) -> None:
    world = machines("pipeline")
    world.emulator.fault("error", "UpdatePipeline", times=None, status=400, code="InvalidParameter")
    break_off(world, pipeline(state="paused"))
    world.emulator.clear_faults()
    assert len(world.runs.unmanaged(tmp_path)) == len(world.present()) == 1


def test_a_note_says_what_is_secret(machines: Machines, tmp_path: Path) -> None:
    world = machines("task")
    [inputs] = task(roomId="backstage").values()
    if world.runs.front == "native":
        inputs = {**inputs, "roomId": {rpc._special_sig_key: rpc._special_secret_sig, "value": "backstage"}}
    break_off(world, {"lobby": {**inputs, "__videosnapSecrets": [["roomId"]]}})
    [found] = world.runs.unmanaged(tmp_path)
    assert found["id"].endswith("/[secret]/Task1")


def test_a_refused_create_leaves_the_note_of_the_one_before(machines: Machines) -> None:
    world, other = machines("task"), machines("pipeline")
    world.take(task(taskId="theirs"))
    world.stack.state.clear()
    break_off(world)
    with pytest.raises(PluginError, match="exists with other settings"):
        world.take(task(taskId="theirs", imageConfig={"interval": 5, "width": 640}))
    other.take(PROGRAMS["pipeline"])
    other.take("destroy")
    assert [name for name, *_ in world.present()] == ["theirs"]
    assert list(notes("test", env=world.runs.environment)) == []


def test_what_a_changed_program_leaves_is_named_and_ended(machines: Machines, tmp_path: Path) -> None:
    """The next `up` declares another task under the name, and does not find the first."""
    world = machines("task")
    break_off(world)
    world.take(task(taskId="Task2"))
    [found] = world.runs.unmanaged(tmp_path)
    assert found["id"].endswith("/Task1")
    world.take("destroy")
    assert world.present() == []
    assert list(notes("test", env=world.runs.environment)) == []


@pytest.mark.parametrize("hall", ["hall", "queue"])
def test_an_up_ends_nothing_that_its_program_comes_to_later(machines: Machines, hall: str) -> None:
    world, before = machines("pipeline"), {"first": pipeline_inputs(name="first")}
    world.take(before)
    break_off(world, {**before, **pipeline()})
    made = {one["name"]: one["pipelineId"] for one in world.emulator.show("/pipelines")["pipelines"]}
    world.take({"first": pipeline_inputs(name="first", speedLevel=2), hall: pipeline()["queue"]})
    assert world.stack.state[hall].id in made.values()


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
