"""Looking at jobs and pipelines that nobody declared, against the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_videosnap import alibaba
from pulumi_videosnap.errors import InvalidInput, NotConfigured, NotFound
from support.emulator import Emulator
from support.jobs import PLACE, JobStory, job_engine, job_inputs

ANOTHER = "fedcba9876543210fedcba9876543210"


@pytest.fixture
def story(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> JobStory:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path))
    told = JobStory(job_engine(emulator), emulator)
    told.pace(0, 0)
    return told


def test_a_job_is_told_in_a_programs_words(story: JobStory) -> None:
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


def test_a_failed_job_says_why(story: JobStory) -> None:
    story.stack.up({"stills": job_inputs()})
    story.change(state="Fail", code="InternalError", message="The operation has failed")
    found = alibaba.get_snapshot_job(story.stack.state["stills"].id, location="oss-cn-hangzhou")
    assert (found.state, found.code, found.message) == ("Fail", "InternalError", "The operation has failed")


def test_a_job_that_is_not_there_is_an_error(story: JobStory) -> None:
    with pytest.raises(NotFound, match=f"job {ANOTHER} does not exist"):
        alibaba.get_snapshot_job(ANOTHER, location="oss-cn-hangzhou")


@pytest.mark.parametrize("job_id", ["", "a,b", "a b", None])
def test_an_id_that_is_none_is_refused_before_anything_is_called(story: JobStory, job_id: str) -> None:
    with pytest.raises(InvalidInput, match="job_id: must be the id of a job"):
        alibaba.get_snapshot_job(job_id, location="oss-cn-hangzhou")
    assert story.recorded() == []


def test_pipelines_are_all_found_over_their_pages(story: JobStory) -> None:
    for number in range(104):
        story.emulator.request("PUT", f"/pipelines/{number:032x}", {"name": f"queue-{number}"})
    story.emulator.request("PUT", f"/pipelines/{ANOTHER}", {"name": "night", "state": "Paused"})
    everything = alibaba.search_pipelines(location="oss-cn-hangzhou")
    assert len({pipeline.pipeline_id for pipeline in everything}) == len(everything) == 106
    [night] = alibaba.search_pipelines("Paused", location="oss-cn-hangzhou")
    assert (night.pipeline_id, night.name, night.state) == (ANOTHER, "night", "Paused")
    assert night.speed == "Standard"


def test_a_state_that_is_none_is_refused(story: JobStory) -> None:
    with pytest.raises(InvalidInput, match="state: must be 'All' or 'Active' or 'Paused', not 'active'"):
        alibaba.search_pipelines("active", location="oss-cn-hangzhou")


def test_without_a_location_a_region_must_be_set(story: JobStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALIBABA_CLOUD_MPS_ENDPOINT")
    with pytest.raises(NotConfigured, match="set ALIBABA_CLOUD_REGION_ID"):
        alibaba.search_pipelines()
