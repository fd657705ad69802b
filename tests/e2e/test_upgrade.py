"""State that an earlier version wrote: every command works on it, and an upgrade changes nothing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.baselines import FOLDER, PROGRAM, make_world, project_of, record
from support.cli import Project
from support.data import load
from support.emulator import Emulator

VERSIONS = sorted(one.name for one in FOLDER.iterdir() if one.name != "0.1.0")
SHOWN = (":SnapshotTask", ":SnapshotJob", ":SnapshotWorkflow", ":Pipeline")
"""What our reports list."""
OF_THE_WORLD = re.compile(r"[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+Z|.*\d{8}T\d{6}\.\d{3}Z.*")
"""What a world gives to each run of it: ids, times, and keys of frames that name a time."""


@pytest.mark.rotating
def test_state_of_version_0_1_0(tmp_path: Path, emulator: Emulator) -> None:
    """The emulator is another one than then, so it knows none of the tasks."""
    project = project_of(tmp_path, emulator, "baselines/0.1.0/program.py")
    tasks = {"lobby", "hall", "abroad", "over", "stills"}
    _import(project, load("baselines/0.1.0/stack.json"))
    review = json.loads(project.videosnap("review", "--no-measure", "--json").ok().output)
    assert (review["tasks"], review["unchanged"]) == ([], len(tasks))
    drift = project.videosnap("drift", "--json")
    found = {task["name"]: task for task in json.loads(drift.output)["stacks"][0]["findings"]}
    assert set(found) == tasks
    assert {task["verdict"] for task in found.values()} <= {"missing", "cannot be read"}
    assert drift.code in (1, 2)
    frames = json.loads(project.videosnap("frames", "--json").output)
    assert {task["name"] for task in frames["tasks"]} == tasks


@pytest.mark.rotating
@pytest.mark.parametrize("version", VERSIONS)
def test_state_of_a_version_changes_nothing(tmp_path: Path, emulator: Emulator, version: str) -> None:
    state = load(f"baselines/{version}/stack.json")
    _changes_nothing(tmp_path, emulator, f"baselines/{version}/program.py", state)


@pytest.mark.sweep
def test_the_state_of_the_next_version_can_be_recorded(tmp_path: Path, emulator: Emulator) -> None:
    state = record(tmp_path / "new", tmp_path / "recorded", emulator)
    emulator.reset()
    _changes_nothing(tmp_path / "later", emulator, PROGRAM, state)


def _changes_nothing(folder: Path, emulator: Emulator, program: str, state: dict[str, Any]) -> None:
    """The same program makes the same world again; then the old state takes the place of the new one."""
    project = project_of(folder, emulator, program)
    make_world(project, emulator)
    _import(project, _with_todays_ids(state, project.export()))
    resources = [one for one in state["deployment"]["resources"] if one["type"].endswith(SHOWN)]
    tasks = {one["urn"].rpartition("::")[2] for one in resources}
    running, last = emulator.running(), emulator.last_call()

    project.preview("--expect-no-changes").ok()
    review = json.loads(project.videosnap("review", "--no-measure", "--json").ok().output)
    assert (review["tasks"], review["risks"], review["unchanged"]) == ([], [], len(tasks))
    assert emulator.last_call() == last, "a preview calls nothing"
    drift = json.loads(project.videosnap("drift", "--json").ok().output)
    assert {task["name"] for task in drift["stacks"][0]["findings"]} == tasks
    frames = json.loads(project.videosnap("frames", "--json").output)
    queues = {one["urn"].rpartition("::")[2] for one in resources if one["type"].endswith(":Pipeline")}
    assert {task["name"] for task in frames["tasks"]} == tasks - queues
    project.drift().ok()
    last = emulator.last_call()
    project.up("--expect-no-changes").ok()
    assert emulator.last_call() == last, "an `up` without a change calls nothing"
    assert emulator.running() == running
    project.destroy().ok()
    assert emulator.running() == []


def _import(project: Project, state: dict[str, Any]) -> None:
    """Put an old state into a stack of today, which gets the old one's key."""
    salt = state["deployment"]["secrets_providers"]["state"]["salt"]
    (project.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {salt}\nconfig:\n  videosnap:volcengineRegion: cn-north-1\n"
    )
    file = project.folder / "old.json"
    file.write_text(json.dumps(state))
    project.run("stack", "import", "--file", str(file)).ok()


def _with_todays_ids(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The old state as the old version would have written it of today's world."""
    today = {resource["urn"]: resource for resource in new["deployment"]["resources"]}
    resources = [_merged(resource, today[resource["urn"]]) for resource in old["deployment"]["resources"]]
    return {**old, "deployment": {**old["deployment"], "resources": resources}}


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _merged(value, new.get(key)) for key, value in old.items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_merged(*pair) for pair in zip(old, new, strict=True)]
    return new if isinstance(old, str) and isinstance(new, str) and OF_THE_WORLD.fullmatch(old) else old
