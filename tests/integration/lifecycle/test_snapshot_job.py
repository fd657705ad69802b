"""Stories of snapshot jobs: submitted once, found again, awaited, failed, replaced, forgotten, deleted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.errors import Rejected, TaskFailed, TaskUnfinished
from support.emulator import Emulator
from support.jobs import PLACE, JobStory, job_engine, job_inputs, store_of
from support.tutorial import run_tutorial

SUBMIT, QUERY = "SubmitSnapshotJob", "QuerySnapshotJobList"
THREE = [f"stills/output_0000{number}.jpg" for number in (1, 2, 3)]


@pytest.fixture
def story(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> JobStory:
    monkeypatch.setenv("HOME", str(tmp_path))
    told = JobStory(job_engine(emulator), emulator)
    told.pace(0, 0)
    return told


def test_a_job_is_submitted_once_and_its_pictures_are_named(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    assert story.stack.up(program) == {"stills": "create"}
    assert story.recorded().count(SUBMIT) == 1
    outputs = story.outputs()
    assert outputs["state"] == "Success"
    assert outputs["count"] == 3
    assert outputs["frames"] == THREE == story.keys()
    assert outputs["jobId"] == story.stack.state["stills"].id == story.jobs()[0]["jobId"]
    assert outputs["creationTime"].endswith("Z")
    assert "tileFrames" not in outputs
    assert "vtt" not in outputs
    story.settled(program)
    assert story.recorded().count(SUBMIT) == 0


def test_create_waits_for_the_end_and_tells_how_it_goes(story: JobStory) -> None:
    story.pace(2, 5)
    story.stack.up({"stills": job_inputs()})
    said = "\n".join(story.stack.said)
    assert "Submitted for 0 s" in said
    assert "Snapshoting for 3 s" in said
    assert story.outputs()["frames"] == THREE


def test_whoever_does_not_wait_gets_the_pictures_with_a_refresh(story: JobStory) -> None:
    story.pace(2, 5)
    program = {"stills": job_inputs(waitFor="submitted")}
    story.stack.up(program)
    assert story.outputs()["state"] == "Submitted"
    assert story.outputs()["frames"] == []
    story.settled(program)
    story.emulator.advance(60)
    story.settled(program)
    assert story.outputs()["frames"] == THREE


def test_waiting_can_be_switched_on_later(story: JobStory) -> None:
    story.pace(2, 5)
    story.stack.up({"stills": job_inputs(waitFor="submitted")})
    patient = {"stills": job_inputs(waitFor="finished", timeout=60)}
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


@pytest.mark.parametrize(
    "change",
    [
        {"num": 2},
        {"time": 40},
        {"interval": 1},
        {"height": 180},
        {"frameType": "normal"},
        {"outputFile": {**PLACE, "object": "others/{Count}.jpg"}},
        {"tileOutputFile": {**PLACE, "object": "stills/sheet_{TileCount}.jpg"}},
        {"triggers": ["again"]},
        {"userData": "mine"},
        {"input": {**PLACE, "bucket": "media", "object": "input.mp4", "referer": "https://example.com"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_change_of_what_is_asked_makes_a_new_job(story: JobStory, change: dict[str, Any]) -> None:
    story.stack.up({"stills": job_inputs()})
    changed = {"stills": job_inputs(**change)}
    assert story.stack.up(changed) == {"stills": "replace"}
    assert len(story.jobs()) == 2
    assert set(story.outputs()["frames"]) <= set(story.keys())
    story.settled(changed)


@pytest.mark.parametrize(
    "change", [{"timeout": 5}, {"onDelete": "delete-frames"}, {"owner": "proj.dev.renamed"}]
)
def test_switches_of_ours_call_nothing(story: JobStory, change: dict[str, Any]) -> None:
    story.stack.up({"stills": job_inputs()})
    story.recorded()
    changed = {"stills": job_inputs(**change)}
    assert story.stack.up(changed) == {"stills": "update"}
    assert story.recorded() == []
    story.settled(changed)


def test_going_back_to_older_inputs_makes_a_new_job(story: JobStory) -> None:
    """The pictures in the bucket are the later job's by then."""
    for moments in (2, 40, 2, 40):
        story.stack.up({"stills": job_inputs(time=moments)})
    assert len(story.jobs()) == 4
    assert len({job["userData"] for job in story.jobs()}) == 2


def test_older_inputs_after_destroy_make_a_new_job(story: JobStory) -> None:
    """The token alone would find the first job, whose pictures are gone."""
    for height in (360, 180):
        story.stack.up({"stills": job_inputs(height=height)})
    story.stack.destroy()
    story.stack.up({"stills": job_inputs(height=360)})
    assert [job["snapshotConfig"]["Height"] for job in story.jobs()] == ["360", "180", "360"]


def test_a_renamed_resource_keeps_the_pictures_that_it_has_made_again(story: JobStory) -> None:
    before = {"old": job_inputs(owner="proj.dev.old", onDelete="delete-frames")}
    after = {"new": job_inputs(owner="proj.dev.new", onDelete="delete-frames", num=2)}
    story.stack.up(before)
    story.stack.up(after)
    assert story.keys() == story.outputs("new")["frames"] == THREE[:2]


def test_the_same_inputs_after_destroy_find_the_finished_job(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.up(program)
    story.stack.destroy()
    assert any("nothing to cancel" in line for line in story.stack.said)
    assert story.keys() == THREE
    story.stack.up(program)
    assert len(story.jobs()) == 1
    assert any("change `triggers` to submit a new one" in line for line in story.stack.said)


def test_deleted_pictures_are_made_again_after_destroy(story: JobStory) -> None:
    program = {"stills": job_inputs(onDelete="delete-frames")}
    story.stack.up(program)
    story.stack.destroy()
    assert story.keys() == []
    story.stack.up(program)
    assert len(story.jobs()) == 2
    assert story.keys() == THREE
    story.settled(program)


def test_a_replacement_deletes_the_old_pictures_and_not_the_new(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs(num=5, onDelete="delete-frames")})
    assert len(story.keys()) == 5
    story.stack.up({"stills": job_inputs(num=3, onDelete="delete-frames")})
    assert story.keys() == THREE == story.outputs()["frames"]


def test_sheets_and_web_vtt_are_named_and_deleted_too(story: JobStory) -> None:
    sheets = job_inputs(
        interval=1,
        num=12,
        frameType="normal",
        tileOut={"lines": 2, "columns": 3, "isKeepCellPic": False},
        tileOutputFile={**PLACE, "object": "sheets/{TileCount}.jpg"},
        onDelete="delete-frames",
    )
    chapters = job_inputs(
        "chapters",
        outputFile={**PLACE, "object": "chapters/all.vtt"},
        format="vtt",
        subOut={"isSptFrag": True},
        onDelete="delete-frames",
    )
    story.stack.up({"stills": sheets, "chapters": chapters})
    assert story.outputs()["frames"] == []
    assert story.outputs()["tileFrames"] == ["sheets/00001.jpg", "sheets/00002.jpg"]
    assert story.outputs("chapters")["vtt"] == "chapters/all.vtt"
    assert {"sheets/00001.jpg", "sheets/00002.jpg", "chapters/all.vtt"} <= set(story.keys())
    story.stack.destroy()
    assert not {"sheets/00001.jpg", "sheets/00002.jpg", "chapters/all.vtt"} & set(story.keys())


def test_a_job_that_still_runs_cannot_be_cancelled(story: JobStory) -> None:
    story.pace(100, 100)
    story.stack.up({"stills": job_inputs(waitFor="submitted", onDelete="delete-frames")})
    story.stack.destroy()
    assert any("is running and cannot be cancelled" in line for line in story.stack.said)


def test_a_job_that_ended_unseen_is_cleaned_up(story: JobStory) -> None:
    story.pace(1, 1)
    story.stack.up({"stills": job_inputs(waitFor="submitted", onDelete="delete-frames")})
    story.emulator.advance(5)
    assert story.keys() == THREE
    story.stack.destroy()
    assert story.keys() == []


def test_a_job_that_fails_fails_with_the_vendors_words_and_is_submitted_again(story: JobStory) -> None:
    missing = {"stills": job_inputs(input={**PLACE, "bucket": "media", "object": "later.mp4"})}
    with pytest.raises((TaskFailed, Rejected)) as failed:
        story.stack.up(missing)
    assert "ResourceNotFound" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_failure_in_the_middle_is_told_and_tried_again(story: JobStory) -> None:
    story.pace(5, 5)
    program = {"stills": job_inputs(waitFor="submitted")}
    story.stack.up(program)
    story.change(state="Fail", code="InternalError", message="The operation has failed")
    assert story.stack.refresh() == {"stills.result": ("success", "failed: InternalError")}
    assert story.outputs()["message"] == "The operation has failed"
    assert story.stack.preview(program) == {"stills": "replace"}
    story.stack.up(program)
    assert [job["state"] for job in story.jobs()] == ["Fail", "Submitted"]


def test_a_failed_create_says_what_the_next_up_does_and_does_it(story: JobStory) -> None:
    story.pace(5, 5)
    program = {"stills": job_inputs()}
    fail_when_asked(story)
    with pytest.raises(TaskFailed) as failed:
        story.stack.up(program)
    assert "failed: The resource operated InputFile is bad (InvalidParameter.ResourceContentBad)" in str(
        failed.value
    )
    assert "fix the cause and run `pulumi up` again, which submits a new job" in str(failed.value)
    story.stack.up(program)
    assert [job["state"] for job in story.jobs()] == ["Fail", "Success"]
    assert any("failed before" in line and "submitting a new one" in line for line in story.stack.said)
    story.settled(program)


def fail_when_asked(story: JobStory) -> None:
    """Let the next job fail at the first moment that it is waited for."""
    advance = story.emulator.advance

    def failing(seconds: float) -> None:
        story.emulator.advance = advance  # type: ignore[method-assign]
        story.change(
            state="Fail",
            code="InvalidParameter.ResourceContentBad",
            message="The resource operated InputFile is bad",
        )

    story.emulator.advance = failing  # type: ignore[method-assign]


def test_a_missing_job_is_gone_and_made_again(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.up(program)
    story.emulator.request("DELETE", f"/jobs/{story.jobs()[0]['jobId']}")
    assert story.stack.refresh() == {"stills": ("there", "gone")}
    assert story.stack.up(program) == {"stills": "create"}
    assert len(story.jobs()) == 1


def test_an_old_job_that_is_unknown_may_be_forgotten_and_is_kept(story: JobStory) -> None:
    program = {"stills": job_inputs()}
    story.stack.up(program)
    story.emulator.request("DELETE", f"/jobs/{story.jobs()[0]['jobId']}")
    story.emulator.advance(73 * 3600)
    assert story.stack.refresh() == {}
    assert any("how long it remembers a job is not documented" in line for line in story.stack.said)
    assert story.stack.preview(program) == {}


@pytest.mark.parametrize("key", ["a b+c.mp4", "阿里云/mts HD+.mp4", "100%/x&y=z#1.mp4", "a'b\"c\\d.mp4"])
def test_any_key_just_works(story: JobStory, key: str) -> None:
    copy_input(story, key)
    folder, _, name = key.rpartition("/")
    stem = name.removesuffix(".mp4")
    template = "结果 +%/{ObjectPrefix}{FileName}-{ExtName}_{Count}.jpg"
    expected = [f"结果 +%/{folder + '/' if folder else ''}{stem}-mp4_0000{n}.jpg" for n in (1, 2, 3)]
    story.stack.up(
        {
            "stills": job_inputs(
                input={**PLACE, "bucket": "media", "object": key},
                outputFile={**PLACE, "object": template},
                onDelete="delete-frames",
            )
        }
    )
    assert story.outputs()["frames"] == expected == story.keys()
    story.stack.destroy()
    assert story.keys() == []


def copy_input(story: JobStory, key: str) -> None:
    store = store_of(story.emulator.environment)
    body = store.get_object(Bucket="media", Key="input.mp4")["Body"].read()
    store.put_object(Bucket="media", Key=key, Body=body)


def test_a_single_picture_is_taken_while_the_call_lasts(story: JobStory) -> None:
    story.pace(50, 50)
    config = {
        "outputFile": {**PLACE, "object": "poster-{SnapshotTime}.jpg"},
        "time": 1500,
        "frameType": "normal",
    }
    inputs = job_inputs()
    inputs["snapshotConfig"] = config
    story.stack.up({"poster": inputs})
    assert story.recorded() == [QUERY, SUBMIT]
    assert story.stack.state["poster"].outputs["frames"] == ["poster-1500.jpg"] == story.keys()


def test_two_hundred_jobs_cost_two_hundred_and_one_calls_and_one_to_read(story: JobStory) -> None:
    program = {f"n{n}": job_inputs(f"n{n}", num=1, waitFor="submitted") for n in range(200)}
    story.stack.up(program)
    calls = story.recorded()
    assert calls.count(SUBMIT) == 200
    assert calls.count(QUERY) == 1
    assert story.stack.refresh() == {}
    assert story.recorded() == [QUERY]


def test_own_user_data_stands_before_the_token(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs(userData="team-视频")})
    [job] = story.jobs()
    assert job["userData"].startswith("team-视频-videosnap-")
    assert story.outputs()["token"] == job["userData"]


def test_the_tutorials_numbers_make_the_tutorials_pictures(story: JobStory, tmp_path: Path) -> None:
    run_tutorial(tmp_path, story.emulator.environment)
    store = store_of(story.emulator.environment)
    names = [f"output_0000{number}.jpg" for number in (1, 2, 3)]
    theirs = [store.get_object(Bucket="media", Key=name)["Body"].read() for name in names]
    ours = job_inputs(
        outputFile={**PLACE, "object": "output_{Count}.jpg"}, time=2, interval=2, num=3, height=360
    )
    story.stack.up({"stills": ours})
    assert story.outputs()["frames"] == names
    assert [store.get_object(Bucket="frames", Key=name)["Body"].read() for name in names] == theirs


def test_a_count_that_an_answer_leaves_out_stays_as_recorded(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs()})
    recorded = dict(story.outputs())
    told = SnapshotJob(id=str(recorded["jobId"]), state="Success", creation_time=None)
    account = SimpleNamespace(jobs=SimpleNamespace(get=lambda *_: told), objects=None)
    outcome = SnapshotJobLifecycle(Context(), lambda *_: account).read(told.id, recorded)
    assert isinstance(outcome, Present)
    assert (outcome.outputs["frames"], outcome.outputs["count"]) == (THREE, 3)
