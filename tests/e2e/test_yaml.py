"""examples/yaml with the real engine: the life of a task and a job that no program declares."""

import shutil
import sys
from pathlib import Path

import pytest

from support.cli import Project
from support.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / "examples" / "yaml" / "Pulumi.yaml").read_text()
SCHEMA = ROOT / "provider" / "pulumi_videosnap" / "native" / "schema.json"
PLUGIN = Path(sys.prefix) / "bin"
TASK = "661e000000000000000543cf/Room1/stories.dev.lobby"


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> Project:
    if shutil.which("pulumi-language-yaml") is None:
        pytest.fail("no `pulumi-language-yaml` on PATH or in .engine/bin: run `make yaml`", pytrace=False)
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project = Project(tmp_path, "", emulator.environment)
    declare(project)
    return project


def declare(project: Project, old: str = "", new: str = "") -> None:
    """The example's program, with one change, under the name of the stack's project."""
    assert old in PROGRAM
    program = PROGRAM.replace("videosnap-yaml", "stories").replace("../../.venv/bin", str(PLUGIN))
    (project.folder / "Pulumi.yaml").write_text(program.replace(old, new))


@pytest.mark.rotating
def test_the_life_of_a_task_and_a_job(project: Project, emulator: Emulator) -> None:
    assert "warning" not in project.up().ok().output
    assert project.outputs()["task"] == TASK
    assert project.outputs()["frames"] == [f"output_0000{number}.jpg" for number in (1, 2, 3)]
    started = emulator.running()[0]["startTime"]
    project.run("config", "set", "interval", "7").ok()
    assert "~ interval: 5 => 7" in project.preview().ok().output
    with emulator.recording() as calls:
        project.up().ok()
    assert calls.count("UpdateSnapshot") == 1
    assert not {"StartSnapshot", "SubmitSnapshotJob"} & {*calls}
    assert [(task["startTime"], task["interval"]) for task in emulator.running()] == [(started, 7)]
    emulator.stop(TASK)
    assert '"running" => "ended: StopByAPI"' in project.drift().exits(7).output
    declare(project, "num: 3", "num: 2")
    project.up("--refresh").ok()
    assert (len(emulator.running()), len(project.outputs()["frames"])) == (1, 2)
    project.up("--refresh", "--expect-no-changes").ok()
    project.destroy().ok()
    assert emulator.running() == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('interval: "${interval}"', "interval: 601", "interval must be a whole number from 1 to 600"),
        ("roomId: Room1", "room: Room1", "room"),
        ("frameType: normal", "frameType: norml", "frameType"),
        ("bucket: media", "bucket: media, colour: red", "colour"),
    ],
)
@pytest.mark.rotating
def test_a_mistake_is_named_before_anything_is_called(
    project: Project, emulator: Emulator, old: str, new: str, error: str
) -> None:
    declare(project, old, new)
    with emulator.recording() as calls:
        refused = project.preview().exits(1)
    assert error in refused.output
    assert [call for call in calls if not call.startswith("Query")] == []


@pytest.mark.rotating
def test_what_the_cli_says_of_the_plugin(project: Project) -> None:
    assert project.run("schema", "check", str(SCHEMA)).ok().output == ""
    about = project.run("about").ok().output
    assert any(line.split()[:2] == ["resource", "videosnap"] for line in about.splitlines())
    package = ("--package", str(PLUGIN / "pulumi-resource-videosnap"))
    search = ("videosnap:alibaba:searchPipelines", "--location", "oss-cn-hangzhou")
    assert '"state": "Active"' in project.run("do", *package, *search).ok().output
