"""What `drift` and `frames` say of workflows: fields, orphans, failed runs, and the frames of each upload."""

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import main
from support.emulator import Emulator
from support.exports import export, resources_of
from support.jobs import store_of
from support.mps_client import LOCATION
from support.workflow_stacks import ObjectStory, engine_of, pipeline_inputs, snapshot, workflow_inputs

SEQUENCE = snapshot("{FileName}/{Count}.jpg", interval=2, num=3, frameType="normal", time=0)
TOKENS = {"workflow": "alibaba:SnapshotWorkflow", "pipeline": "alibaba:Pipeline"}


class Written:
    """State as the engine exports it, and the commands that read it."""

    def __init__(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file, self._capsys = file, capsys

    def save(self, kind: str, story: ObjectStory) -> None:
        self._file.write_text(export(*resources_of(story.stack, TOKENS[kind])))

    def show(self, *command: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = main([*command, "--state", str(self._file)])
        return code, self._capsys.readouterr().out

    def run(self, *command: str) -> tuple[int, dict[str, Any]]:
        code, text = self.show(*command, "--json")
        return code, json.loads(text)


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Written:
    return Written(tmp_path / "state.json", capsys)


@pytest.fixture
def story(emulated: Emulator) -> ObjectStory:
    return ObjectStory(engine_of("workflow"), emulated)


def test_drift_names_the_field_the_orphans_and_the_failed_runs(story: ObjectStory, written: Written) -> None:
    story.stack.up({"thumbs": workflow_inputs(snapshots={"cover": snapshot(), "strip": SEQUENCE})})
    written.save("workflow", story)
    code, report = written.run("drift")
    [found] = report["stacks"][0]["findings"]
    assert (code, found["verdict"], found["why"]) == (0, "in sync", "active, uploads to media/in/")

    other = ObjectStory(engine_of("workflow"), story.emulator)
    other.stack.up({"other": workflow_inputs(name="other")})
    story.upload("in/a.mp4")
    story.upload("in/broken.mp4", b"no video")
    thumbs = story.stack.state["thumbs"].id
    story.emulator.request("PUT", f"/workflows/{thumbs}", {"state": "Inactive", "triggerMode": "NotInAuto"})
    code, report = written.run("drift")
    [found] = report["stacks"][0]["findings"]
    assert (code, found["verdict"]) == (1, "changed")
    assert {change["field"]: change["meaning"] for change in found["changes"]} == {
        "active": "uploads are not processed",
        "trigger": "only what AddMedia names is processed",
    }
    [orphan] = report["unmanaged"]
    assert (orphan["id"], orphan["state"]) == (other.stack.state["other"].id, "Active")
    assert orphan["note"] == "workflow 'other': it processes uploads of thumbs too"
    [failed] = report["failedRuns"]
    assert (failed["name"], failed["failed"], failed["runs"], failed["since"]) == ("thumbs", 1, 2, None)
    [why] = failed["latest"]
    assert "of 'in/broken.mp4' failed in " in why
    assert "then upload it again" in why
    assert "failed" not in "\n".join(report["scope"])


def test_failed_runs_are_reported_whatever_else_there_is_and_are_no_drift(
    story: ObjectStory, written: Written
) -> None:
    """In sync, drifted, or not to be read: the exit code is that of the settings."""
    stamps = workflow_inputs(name="stamps", input={"location": LOCATION, "bucket": "media", "prefix": "st/"})
    story.stack.up({"thumbs": workflow_inputs(), "stamps": stamps})
    written.save("workflow", story)
    for number in range(5):
        story.upload(f"in/broken{number}.mp4", b"no video")
    story.upload("st/broken.mp4", b"no video")
    code, text = written.show("drift")
    assert (code, text.partition("\n")[0]) == (0, "No drift in 2 tasks of dev: 2 in sync; 6 failed runs.")
    assert "\nFailed runs, which Pulumi does not repeat:\n  - " in text
    points = " ".join(text.split())
    assert "- thumbs: 5 of 5 runs failed, as far back as the service lists them." in points
    assert "- stamps: 1 of 1 run failed, " in points
    assert [points.count(f"in/broken{number}.mp4' failed in ") for number in range(5)] == [0, 0, 1, 1, 1]
    assert "- thumbs: and 2 more, which `videosnap frames thumbs` lists." in points

    story.emulator.request("PUT", f"/workflows/{story.stack.state['stamps'].id}", {"state": "Inactive"})
    code, text = written.show("drift", "--markdown")
    assert (code, "; 6 failed runs" in text, "<summary>Failed runs" in text) == (1, True, True)
    story.emulator.fault("error", "QueryMediaWorkflowList", times=None, status=403, code="Forbidden")
    code, text = written.show("drift")
    assert (code, text.startswith("INCOMPLETE: "), "; 6 failed runs." in text) == (2, True, True)
    story.emulator.clear_faults()
    story.emulator.fault("error", "ListMediaWorkflowExecutions", times=None, status=403, code="Forbidden")
    code, text = written.show("drift")
    assert (code, "failed runs are not known" in " ".join(text.split())) == (1, True)


def test_a_workflow_that_is_gone_and_a_pipeline_that_is_paused_are_drift(
    story: ObjectStory, written: Written
) -> None:
    story.stack.up({"thumbs": workflow_inputs()})
    written.save("workflow", story)
    story.change(state="Deleted")
    code, report = written.run("drift")
    [found] = report["stacks"][0]["findings"]
    assert (code, found["verdict"], found["mend"]) == (1, "missing", "`pulumi up --refresh` adds it again")
    pipelines = ObjectStory(engine_of("pipeline"), story.emulator)
    pipelines.stack.up({"queue": pipeline_inputs()})
    written.save("pipeline", pipelines)
    pipeline = pipelines.stack.state["queue"].id
    story.emulator.request("PUT", f"/pipelines/{pipeline}", {"state": "Paused"})
    code, report = written.run("drift")
    [found] = report["stacks"][0]["findings"]
    [change] = found["changes"]
    assert (code, change["field"], change["meaning"]) == (1, "state", "jobs in it wait")
    assert written.run("frames")[1]["tasks"] == []
    code, report = written.run("frames", "queue")
    assert (code, report["tasks"][0]["notes"]) == (0, ["a pipeline has no frames of its own"])


def test_frames_goes_through_the_runs_of_a_workflow(story: ObjectStory, written: Written) -> None:
    story.stack.up({"thumbs": workflow_inputs(snapshots={"cover": snapshot(), "strip": SEQUENCE})})
    written.save("workflow", story)
    story.upload("in/猫 1.mp4")
    code, report = written.run("frames")
    [task] = report["tasks"]
    assert (code, task["expected"]) == (0, 4)
    series = {one["name"]: [frame["key"] for frame in one["frames"]] for one in task["series"]}
    [run] = story.runs()
    assert series == {
        "in/猫 1.mp4 cover": [f"covers/{run['runId']}.jpg"],
        "in/猫 1.mp4 strip": [f"猫 1/0000{number}.jpg" for number in (1, 2, 3)],
    }
    written_keys = {one["key"] for activity in run["activities"] for one in activity["objects"]}
    assert {key for keys in series.values() for key in keys} == written_keys

    store_of(story.emulator.environment).delete_object(Bucket="frames", Key="猫 1/00002.jpg")
    story.upload("in/broken.mp4", b"no video")
    code, report = written.run("frames")
    [task] = report["tasks"]
    frames = [frame for one in task["series"] for frame in one["frames"]]
    missing = {frame["key"] for frame in frames if frame["condition"] == "missing"}
    assert code == 1
    assert {"猫 1/00002.jpg", "broken/00001.jpg"} <= missing, "also those that a failed run did not write"
    assert any("'in/broken.mp4' failed in" in note for note in task["notes"])


def test_a_frame_shows_the_moment_that_its_own_run_had(story: ObjectStory, written: Written) -> None:
    def program(time: int) -> dict[str, Any]:
        return {"thumbs": workflow_inputs(snapshots={"cover": snapshot(time=time, frameType="normal")})}

    story.stack.up(program(2000))
    story.upload("in/a.mp4")
    story.upload("in/broken.mp4", b"no video")
    story.stack.up(program(5000))
    story.upload("in/b.mp4")
    written.save("workflow", story)
    _, report = written.run("frames")
    series = {one["name"].split()[0]: one["frames"][0] for one in report["tasks"][0]["series"]}
    moments = {name: frame.get("offsetMs") for name, frame in series.items()}
    assert moments == {"in/a.mp4": 2000, "in/broken.mp4": None, "in/b.mp4": 5000}
    assert series["in/broken.mp4"]["why"] == "its run should have written it, and it is not in the bucket"
    assert report["at"] >= max(frame.get("modified", "") for frame in series.values())

    story.stack.up({"thumbs": workflow_inputs(snapshots={"other": snapshot()})})
    written.save("workflow", story)
    _, report = written.run("frames")
    series = {one["name"]: one for one in report["tasks"][0]["series"]}
    assert series["in/a.mp4 cover"]["frames"][0]["condition"] == "present", "an activity that is gone"
    assert series["in/broken.mp4 cover"]["problem"] == "its settings at that time are not recorded"
