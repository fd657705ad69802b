"""Stories of snapshot jobs: submitted once, found again, awaited, failed, replaced, forgotten, deleted."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_videosnap import alibaba
from pulumi_videosnap.alibaba.failures import failure
from pulumi_videosnap.alibaba.job_token import job_token
from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.errors import (
    InvalidInput,
    NotConfigured,
    NotFound,
    Rejected,
    TaskFailed,
    TaskUnfinished,
)
from support.data import load
from support.emulator import Emulator
from support.jobs import PLACE, JobStory, job_engine, job_inputs, run_tutorial, store_of

ANOTHER = "fedcba9876543210fedcba9876543210"
SUBMIT, QUERY = "SubmitSnapshotJob", "QuerySnapshotJobList"
THREE = [f"stills/output_0000{number}.jpg" for number in (1, 2, 3)]


@pytest.fixture
def story(emulated: Emulator) -> JobStory:
    made = JobStory(job_engine(emulated), emulated)
    made.pace(0, 0)
    return made


def test_a_job_is_submitted_once_and_its_pictures_are_named(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    assert story.stack.up(program) == {"stills": "create"}
    assert story.recorded().count(SUBMIT) == 1
    outputs = story.outputs()
    assert (outputs["state"], outputs["count"]) == ("Success", 3)
    assert outputs["frames"] == THREE == story.keys()
    assert outputs["jobId"] == story.stack.state["stills"].id == story.jobs()[0]["jobId"]
    assert outputs["creationTime"].endswith("Z")
    assert "tileFrames" not in outputs
    assert "vtt" not in outputs
    story.settled(program)
    assert story.recorded().count(SUBMIT) == 0
    story.stack.up({"stills": job_inputs(userData="team-视频")})
    assert story.jobs()[-1]["userData"] == story.outputs()["token"]
    assert story.outputs()["token"].startswith("team-视频-videosnap-"), "own user data is before the token"


def test_the_longest_user_data_leaves_room_for_the_token() -> None:
    job = SnapshotJobInputs.model_validate(job_inputs(userData="a" * 959, owner="shop/dev/stills"))
    assert len(job_token(job, "the id of a state")) == 1024


def test_create_waits_for_the_end_or_a_refresh_finds_it_or_waiting_begins_later(story: JobStory) -> None:
    story.pace(2, 5)
    story.stack.up({"stills": job_inputs()})
    said = "\n".join(story.stack.said)
    assert "Submitted for 0 s" in said
    assert "Snapshoting for 3 s" in said
    assert story.outputs()["frames"] == THREE
    program = {"stills": job_inputs(waitFor="submitted", triggers=["again"])}
    story.stack.up(program)
    assert story.outputs()["state"] == "Submitted"
    assert story.outputs()["frames"] == []
    story.settled(program)
    story.emulator.advance(60)
    story.settled(program)
    assert story.outputs()["frames"] == THREE
    story.recorded()
    story.stack.up({"stills": job_inputs(waitFor="submitted", triggers=["later"])})
    patient = {"stills": job_inputs(waitFor="finished", timeout=60, triggers=["later"])}
    assert story.stack.up(patient) == {"stills": "update"}
    assert story.outputs()["frames"] == THREE
    assert story.recorded().count(SUBMIT) == 1
    story.settled(patient)


def test_giving_up_loses_nothing(story: JobStory) -> None:
    story.pace(10, 10)
    program = {"stills": job_inputs(timeout=5)}
    with pytest.raises(TaskUnfinished, match="still Submitted after 5 s"):
        story.stack.up(program)
    story.emulator.advance(60)
    assert story.stack.up(program) == {"stills": "create"}
    assert story.recorded().count(SUBMIT) == 1
    assert any("is adopted (Success)" in line for line in story.stack.said)
    story.settled(program)


CHANGES = load("mps/changes.json")


@pytest.mark.parametrize(
    ("change", "step"),
    [(change, step) for step in ("replace", "update") for change in CHANGES[step]],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_change_makes_a_new_job_and_switches_of_ours_call_nothing(
    story: JobStory, change: dict[str, Any], step: str
) -> None:
    story.stack.up({"stills": job_inputs()})
    story.recorded()
    changed = {"stills": job_inputs(**change)}
    assert story.stack.up(changed) == {"stills": step}
    assert (story.recorded() == []) is (step == "update")
    assert len(story.jobs()) == (2 if step == "replace" else 1)
    assert set(story.outputs()["frames"]) <= set(story.keys())
    story.settled(changed)


def test_going_back_to_older_inputs_makes_a_new_job(story: JobStory) -> None:
    """The frames in the bucket are the later job's by then, before a destroy and after it."""
    for moment in (2, 40, 2, 40):
        story.stack.up({"stills": job_inputs(time=moment)})
    assert len(story.jobs()) == 4
    assert len({job["userData"] for job in story.jobs()}) == 2
    story.stack.destroy()
    story.stack.up({"stills": job_inputs(time=2)})
    assert [job["snapshotConfig"]["Time"] for job in story.jobs()] == ["2", "40", "2", "40", "2"]


def test_a_renamed_resource_keeps_the_pictures_that_it_has_made_again(story: JobStory) -> None:
    before = {"old": job_inputs(owner="proj.dev.old", onDelete="delete-frames")}
    after = {"new": job_inputs(owner="proj.dev.new", onDelete="delete-frames", num=2)}
    story.stack.up(before)
    story.stack.up(after)
    assert story.keys() == story.outputs("new")["frames"] == THREE[:2]


def test_the_end_of_an_older_entry_leaves_the_frames_of_a_declared_one(story: JobStory) -> None:
    """A rename was interrupted, so state has both; in any later run a frame goes with the last of them."""
    old, new = (job_inputs(owner=f"proj.dev.{name}", onDelete="delete-frames") for name in ("old", "new"))
    story.stack.up({"old": old})
    entry = story.stack.state.pop("old")
    story.stack.up({"new": new})
    story.stack.state["old"] = entry
    story.stack.up({"new": new})
    assert (list(story.stack.state), story.keys()) == (["new"], THREE)
    story.stack.state["old"] = entry
    story.stack.up({"new": {**new, "triggers": ["again"]}})
    assert story.keys() == THREE, "the replacement deleted before the old entry went"
    story.stack.state["old"] = entry
    story.stack.destroy()
    assert story.keys() == []


def test_the_same_inputs_after_destroy_find_the_finished_job(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.up(program)
    story.stack.destroy()
    assert any("nothing to cancel" in line for line in story.stack.said)
    assert story.keys() == THREE
    story.stack.up(program)
    assert len(story.jobs()) == 1
    assert any("change `triggers` to submit a new one" in line for line in story.stack.said)


ADOPTIONS: dict[str, tuple[str, str, bool, str]] = load("mps/adoptions.json")
"""The backend of a first run, that of a second and of its providers; whether it adopts, and what it says."""


@pytest.mark.parametrize("name", ADOPTIONS)
def test_a_job_of_the_same_names_is_adopted_only_by_its_own_state(story: JobStory, name: str) -> None:
    first, then, adopted, said = ADOPTIONS[name]
    program = {"stills": job_inputs(userData="team")}
    story.stack.state_id = first
    story.stack.up(program)
    story.stack.state.clear()
    story.stack.state_id, _, others = then.partition(" ")
    story.stack.provider_ids = tuple(others.split())
    story.stack.up(program)
    assert len(story.jobs()) == (1 if adopted else 2)
    assert story.outputs()["token"] == story.jobs()[-1]["userData"]
    assert len([line for line in story.stack.said if said in line]) == 1


def test_a_run_that_is_replaced_after_a_change_of_front_is_no_other_backends(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.state_id = "a"
    story.stack.up(program)
    story.change(state="Fail", code="ResourceContentBad", message="odd")
    story.stack.refresh()
    story.stack.state_id = "b"
    story.stack.up(program)
    assert len(story.jobs()) == 2
    assert not [line for line in story.stack.said if "another backend" in line]


def test_each_of_two_states_finds_its_own_job_again_among_the_others(story: JobStory) -> None:
    """Their jobs have equal names and inputs, and the newest is not always one's own."""
    program = {"stills": job_inputs()}
    for state, jobs in (("a", 1), ("b", 2), ("a", 2), ("b", 2), ("c", 3), ("a", 3)):
        story.stack.state_id = state
        story.stack.state.clear()
        story.stack.up(program)
        assert len(story.jobs()) == jobs


def test_frames_are_deleted_with_their_job_and_made_again(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs(num=5, onDelete="delete-frames")})
    assert len(story.keys()) == 5
    program = {"stills": job_inputs(num=3, onDelete="delete-frames")}
    story.stack.up(program)
    assert story.keys() == THREE == story.outputs()["frames"], "a replacement keeps the new frames"
    story.stack.destroy()
    assert story.keys() == []
    story.stack.up(program)
    assert len(story.jobs()) == 3
    assert story.keys() == THREE
    story.settled(program)


def test_sheets_and_web_vtt_are_named_and_deleted_too(story: JobStory) -> None:
    inputs = CHANGES["sheets and chapters"]
    story.stack.up({name: job_inputs(name, **config) for name, config in inputs.items()})
    assert story.outputs()["frames"] == []
    made = {*story.outputs()["tileFrames"], story.outputs("chapters")["vtt"]}
    assert made == {"sheets/00001.jpg", "sheets/00002.jpg", "chapters/all.vtt"}
    assert made <= set(story.keys())
    story.stack.destroy()
    assert not made & set(story.keys())


def test_a_job_that_ended_unseen_is_cleaned_up_and_one_that_runs_is_not_cancelled(story: JobStory) -> None:
    program = {"stills": job_inputs(waitFor="submitted", onDelete="delete-frames")}
    story.pace(1, 1)
    story.stack.up(program)
    story.emulator.advance(5)
    assert story.keys() == THREE
    story.stack.destroy()
    assert story.keys() == []
    story.pace(100, 100)
    story.stack.up(program)
    story.stack.destroy()
    assert any("is running and cannot be cancelled" in line for line in story.stack.said)


def test_a_failure_in_the_middle_is_reported_and_tried_again(story: JobStory) -> None:
    story.pace(5, 5)
    program = {"stills": job_inputs(waitFor="submitted")}
    story.stack.up(program)
    story.change(state="Fail", code="InternalError", message="The operation has failed")
    assert story.stack.refresh() == {"stills.result": ("success", "failed: InternalError")}
    assert story.outputs()["message"] == "The operation has failed"
    found = alibaba.get_snapshot_job(story.stack.state["stills"].id, location="oss-cn-hangzhou")
    assert (found.state, found.code, found.message) == ("Fail", "InternalError", "The operation has failed")
    assert story.stack.preview(program) == {"stills": "replace"}
    story.stack.up(program)
    assert [job["state"] for job in story.jobs()] == ["Fail", "Submitted"]


PIPELINE = "ab" * 16
FAILURES: dict[str, list[Any]] = load("mps/failures.json")


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_job_names_cause_input_and_cure(story: JobStory, name: str) -> None:
    key, answer, parts = FAILURES[name]
    inputs = job_inputs(input={**PLACE, "bucket": "media", "object": key})
    if answer:
        declared = SnapshotJobInputs.model_validate(inputs)
        error: Exception = failure(declared, SnapshotJob(id="j", **answer), advice="")
    else:
        with pytest.raises(TaskFailed) as failed:
            story.stack.up({"stills": inputs})
        error = failed.value
    assert [part for part in parts if part not in str(error)] == [], str(error)
    assert ("the input is '" in str(error)) is any("the input is '" in part for part in parts)


def test_a_synchronous_job_whose_input_is_not_there_is_refused_with_its_name(story: JobStory) -> None:
    inputs = job_inputs(input={**PLACE, "bucket": "media", "object": "my%20video.mp4"})
    del inputs["snapshotConfig"]["interval"], inputs["snapshotConfig"]["num"]
    with pytest.raises(Rejected, match=r"the input is 'my%20video\.mp4' in bucket 'media', which looks URL-"):
        story.stack.up({"stills": inputs})


def test_the_notification_is_an_output_and_one_that_was_not_sent_is_a_warning(story: JobStory) -> None:
    path = f"/pipelines/{PIPELINE}"
    program = {"stills": job_inputs(pipelineId=PIPELINE)}
    story.emulator.request("PUT", path, {"notifyConfig": {"QueueName": "jobs"}})
    story.stack.up(program)
    assert story.outputs()["notification"] == {"messageId": story.outputs()["jobId"].upper()}
    story.settled(program)
    story.emulator.request("PUT", path, {"notifyConfig": {"Topic": "no topic"}})
    story.stack.up({"stills": job_inputs(pipelineId=PIPELINE, triggers=["again"])})
    assert story.outputs()["notification"]["errorCode"] == "TopicNameInvalid"
    not_sent = "is done, but its notification was not sent: the pipeline's queue"
    assert any(not_sent in line for line in story.stack.said)
    story.stack.up({"stills": job_inputs(triggers=["free"])})
    assert "notification" not in story.outputs()
    story.emulator.request("DELETE", path)


@pytest.mark.parametrize(
    "template", ["{SnapshotTime}_{Count}.jpg", "{SnapshotTime}/{FileName}{Count}", "{Count}.png"]
)
def test_frames_whose_keys_are_not_known_are_not_recorded(story: JobStory, template: str) -> None:
    place = {**PLACE, "object": f"odd/{template}"}
    program = {"stills": job_inputs(outputFile=place, onDelete="delete-frames")}
    story.stack.up(program)
    known = "{SnapshotTime}" not in template
    assert (story.outputs()["count"], len(story.outputs()["frames"])) == (3, 3 if known else 0)
    story.settled(program)
    story.stack.destroy()
    left = [key for key in story.keys() if key.startswith("odd/")]  # noqa: SIM118
    assert len(left) == (0 if known else 3)


def test_a_missing_job_is_made_again_and_an_old_one_may_be_forgotten_and_is_kept(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.up(program)
    story.emulator.request("DELETE", f"/jobs/{story.jobs()[0]['jobId']}")
    assert story.stack.refresh() == {"stills": ("there", "gone")}
    assert story.stack.up(program) == {"stills": "create"}
    assert len(story.jobs()) == 1
    story.emulator.request("DELETE", f"/jobs/{story.jobs()[0]['jobId']}")
    story.emulator.advance(73 * 3600)
    assert story.stack.refresh() == {}
    assert any("how long it remembers a job is not documented" in line for line in story.stack.said)
    assert story.stack.preview(program) == {}


@pytest.mark.parametrize("key", ["a b+c.mp4", "阿里云/mts HD+.mp4", "100%/x&y=z#1.mp4", "a'b\"c\\d.mp4"])
def test_any_key_just_works(story: JobStory, key: str) -> None:
    store_of(story.emulator.environment).copy_object(Bucket="media", Key=key, CopySource="media/input.mp4")
    folder, _, name = key.rpartition("/")
    stem = name.removesuffix(".mp4")
    template = "结果 +%/{ObjectPrefix}{FileName}-{ExtName}_{Count}.jpg"
    expected = [f"结果 +%/{folder + '/' if folder else ''}{stem}-mp4_0000{n}.jpg" for n in (1, 2, 3)]
    source, target = {**PLACE, "bucket": "media", "object": key}, {**PLACE, "object": template}
    story.stack.up({"stills": job_inputs(input=source, outputFile=target, onDelete="delete-frames")})
    assert story.outputs()["frames"] == expected == story.keys()
    story.stack.destroy()
    assert story.keys() == []


def test_a_single_frame_is_taken_while_the_call_lasts(story: JobStory) -> None:
    story.pace(50, 50)
    place = {**PLACE, "object": "poster-{SnapshotTime}.jpg"}
    inputs = {**job_inputs(), "snapshotConfig": {"outputFile": place, "time": 1500, "frameType": "normal"}}
    story.stack.up({"poster": inputs})
    assert story.recorded() == [QUERY, SUBMIT]
    assert story.stack.state["poster"].outputs["frames"] == ["poster-1500.jpg"] == story.keys()


def test_the_tutorials_numbers_make_the_tutorials_pictures(story: JobStory, tmp_path: Path) -> None:
    run_tutorial(tmp_path, story.emulator.environment)
    store = store_of(story.emulator.environment)
    names = [f"output_0000{number}.jpg" for number in (1, 2, 3)]
    theirs = [store.get_object(Bucket="media", Key=name)["Body"].read() for name in names]
    story.stack.up({"stills": job_inputs(outputFile={**PLACE, "object": "output_{Count}.jpg"})})
    assert story.outputs()["frames"] == names
    assert [store.get_object(Bucket="frames", Key=name)["Body"].read() for name in names] == theirs


def test_a_count_that_an_answer_leaves_out_stays_as_recorded(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs()})
    recorded = dict(story.outputs())
    answer = SnapshotJob(id=str(recorded["jobId"]), state="Success", creation_time=None)
    account = SimpleNamespace(jobs=SimpleNamespace(get=lambda *_: answer), objects=None)
    outcome = SnapshotJobLifecycle(Context(), lambda *_: account).read(answer.id, recorded)
    assert isinstance(outcome, Present)
    assert (outcome.outputs["frames"], outcome.outputs["count"]) == (THREE, 3)


def test_a_job_is_looked_up_with_the_names_of_a_program(story: JobStory) -> None:
    sheets = {**PLACE, "object": "sheet {TileCount}.jpg"}
    story.stack.up({"stills": job_inputs("still pictures", tileOutputFile=sheets, tileOut={"lines": 2})})
    found = alibaba.get_snapshot_job(story.stack.state["stills"].id, location="oss-cn-hangzhou")
    assert (found.state, found.count, found.code, found.message) == ("Success", 3, None, None)
    assert found.creation_time == story.outputs()["creationTime"]
    assert found.user_data == story.outputs()["token"]
    assert found.input == {"bucket": "media", "location": "oss-cn-hangzhou", "object": "input.mp4"}
    config = found.snapshot_config
    assert config["output_file"] == {**PLACE, "object": "still pictures/output_{Count}.jpg"}
    assert config["tile_output_file"]["object"] == "sheet {TileCount}.jpg"
    assert config["tile_out"]["lines"] == 2
    assert (config["time"], config["interval"], config["num"], config["height"]) == (2, 2, 3, 360)


def test_what_cannot_be_looked_up_is_an_error(story: JobStory, monkeypatch: pytest.MonkeyPatch) -> None:
    for job_id in ("", "a,b", "a b", None):
        with pytest.raises(InvalidInput, match="job_id: must be the id of a job"):
            alibaba.get_snapshot_job(job_id, location="oss-cn-hangzhou")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="state: must be 'All' or 'Active' or 'Paused', not 'active'"):
        alibaba.search_pipelines("active", location="oss-cn-hangzhou")
    assert story.recorded() == []
    with pytest.raises(NotFound, match=f"job {ANOTHER} does not exist"):
        alibaba.get_snapshot_job(ANOTHER, location="oss-cn-hangzhou")
    monkeypatch.delenv("ALIBABA_CLOUD_MPS_ENDPOINT")
    with pytest.raises(NotConfigured, match="set ALIBABA_CLOUD_REGION_ID"):
        alibaba.search_pipelines()


def test_pipelines_are_all_found_over_their_pages(story: JobStory) -> None:
    for number in range(104):
        story.emulator.request("PUT", f"/pipelines/{number:032x}", {"name": f"queue-{number}"})
    story.emulator.request("PUT", f"/pipelines/{ANOTHER}", {"name": "night", "state": "Paused"})
    everything = alibaba.search_pipelines(location="oss-cn-hangzhou")
    assert len({pipeline.pipeline_id for pipeline in everything}) == len(everything) == 106
    [night] = alibaba.search_pipelines("Paused", location="oss-cn-hangzhou")
    assert (night.pipeline_id, night.name, night.state) == (ANOTHER, "night", "Paused")
    assert night.speed == "Standard"


def test_the_version_of_an_input_changes_with_its_content(emulated: Emulator) -> None:
    store = store_of(emulated.environment)
    place = ("media", "视频 1.mp4", "oss-cn-hangzhou")
    with pytest.raises(NotFound, match=r"'视频 1.mp4' is not in bucket 'media'; upload it first"):
        alibaba.object_version(*place)
    versions = []
    for body in (b"one", b"two", b"one"):
        store.put_object(Bucket=place[0], Key=place[1], Body=body)
        versions.append(alibaba.object_version(*place))
    assert versions[0] == versions[2] != versions[1]
    with pytest.raises(InvalidInput, match="key: must be a text that is not empty"):
        alibaba.object_version("media", "", "oss-cn-hangzhou")
