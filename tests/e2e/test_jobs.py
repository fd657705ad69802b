"""Snapshot jobs and workflows with the real engine: failures, many at once, and what the user reads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import Stack
from support.cli import Project
from support.data import read
from support.emulator import Emulator
from support.jobs import store_of
from support.plugin import FRONTS
from support.processes import wait_until
from support.sampling import examples, sample
from support.workflow_stacks import ObjectStory, engine_of

SUBMIT, QUERY = "SubmitSnapshotJob", "QuerySnapshotJobList"


@pytest.mark.rotating
def test_a_lost_answer_is_no_failure_and_a_change_makes_a_new_job(stack: Stack) -> None:
    stack.declare_jobs(stills={})
    stack.emulator.fault("close-after", SUBMIT)
    said = stack.up().ok().output
    [job] = stack.submitted()
    [recorded] = stack.tasks()
    assert recorded["id"] == job["jobId"]
    assert stack.outputs()["stills"] == [item["key"] for item in job["objects"]]
    secret = stack.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    assert not [text for text in [said, *stack.files()] if secret in text]
    stack.drift().ok()

    stack.declare_jobs(stills={"num": 2})
    preview = stack.preview().ok().output
    assert "1 to replace" in preview
    assert "~ num" in preview.replace("  ", " ")
    stack.up().ok()
    assert len(stack.submitted()) == 2
    stack.ends()


@pytest.mark.rotating
def test_a_failed_job_fails_in_one_line_and_the_next_up_says_what_it_does(stack: Stack) -> None:
    video = {"location": "oss-cn-hangzhou", "bucket": "media", "object": "later.mp4"}
    stack.declare_jobs(stills={"input": video})
    [broken] = [line for line in stack.up().exits(1).errors if line != "update failed"]
    assert "(InvalidParameter.ResourceNotFound)" in broken
    assert "the input is 'later.mp4' in bucket 'media'; check that" in broken
    assert "then run `pulumi up` again, which submits a new job" in broken
    store = store_of(stack.environment)
    store.copy_object(Bucket="media", Key="later.mp4", CopySource="media/input.mp4")
    again = stack.up().ok().output
    assert "failed before" in again
    assert "submitting a new one" in again
    assert [job["state"] for job in stack.submitted()] == ["Success", "Fail"]


HOUSE = {
    "hall": "stopped",
    "film": "complete",
    "door-task": "stopped",
    "door-made": "stopped",
    "door-job": "complete",
}
"""The tasks of the program below and what drift says of each once all rooms are stopped."""


@pytest.mark.rotating
def test_a_companys_subclasses_are_checked_like_their_base_classes(stack: Stack) -> None:
    """In another module, in a component, a subclass of a subclass, and by a provider of its own."""
    (stack.folder / "house.py").write_text(read("programs/house.txt"))
    stack.write('import house\nhouse.CompanyTask("hall"); house.NamedJob("film"); house.Room("door")\n')
    reviewed = json.loads(stack.videosnap("review", "--json").ok().output)
    assert {task["name"] for task in reviewed["tasks"]} == set(HOUSE)
    stack.up().ok()
    rooms = stack.emulator.running("house")
    for task in rooms:
        stack.emulator.request("POST", f"/tasks/house/{task['roomId']}/{task['taskId']}/stop")
    assert len(rooms) == list(HOUSE.values()).count("stopped")
    [report] = json.loads(stack.videosnap("drift", "--json").exits(1).output)["stacks"]
    assert {finding["name"]: finding["verdict"] for finding in report["findings"]} == HOUSE
    listed = json.loads(stack.videosnap("frames", "--json").output)
    assert {task["name"] for task in listed["tasks"]} == set(HOUSE)


@pytest.mark.rotating
def test_two_backends_with_equal_names_share_no_job_and_find_their_own_again(stack: Stack) -> None:
    """Both give up on their job before state records it, so only the token says whose it is."""
    stack.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 10**6})
    stack.declare_jobs(stills={"timeout": 1})
    theirs = {"PULUMI_BACKEND_URL": f"file://{stack.folder / 'theirs'}"}
    (stack.folder / "theirs").mkdir()
    stack.run("stack", "init", "dev", env=theirs).ok()
    stack.up().exits(1)
    assert "by a stack of the same names in another backend" in stack.up(env=theirs).exits(1).output
    newest, oldest = stack.submitted()
    stack.emulator.advance(10**6)
    for env, own in (({}, oldest), (theirs, newest)):
        assert f"job {own['jobId']} was already submitted" in stack.up(env=env).ok().output
    [listed] = json.loads(stack.videosnap("drift", "--json").ok().output)["unmanaged"]
    assert listed["id"] == newest["jobId"]
    assert listed["note"].startswith("not of this stack, although the names are")
    assert len(stack.submitted()) == 2


@pytest.mark.parametrize("front", sample(FRONTS, 0.5))
def test_many_jobs_wait_side_by_side_and_keep_the_rate_limit(stack: Stack) -> None:
    """All of them are under way before any has ended; four at a time would stand in line."""
    many = examples(40, 200)
    stack.emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 5, "runningSeconds": 60})
    stack.declare_jobs(**{f"n{n}": {"num": 1} for n in range(many)})
    with stack.running("up", "--yes", "--skip-preview", "--parallel", "256", "--suppress-progress") as run:
        wait_until(lambda: len(stack.submitted()) == many)
        assert {job["state"] for job in stack.submitted()} == {"Submitted"}
        stack.emulator.advance(100)
        output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    calls = stack.emulator.calls()
    counted = Counter(call["action"] for call in calls if not call["code"])
    assert counted[SUBMIT] == len(stack.submitted()) == many
    assert max(call["qpsUsed"] for call in calls if call["action"] == SUBMIT and not call["code"]) <= 50
    # A busy machine may send two calls too close together.
    refused = [call["code"] for call in calls if call["code"]]
    assert set(refused) <= {"Throttling.User"}
    assert len(refused) <= 10
    before = stack.emulator.last_call()
    stack.run("refresh", "--yes", "--skip-preview", "--suppress-progress").ok()
    assert [call["action"] for call in stack.emulator.calls(before)] in ([QUERY], [QUERY, QUERY])


class Workflows(Project):
    """A project with a pipeline and a workflow."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        super().__init__(folder, read("programs/workflows.txt"), dict(emulator.environment))
        self.story = ObjectStory(engine_of("workflow"), emulator)

    def changed(self, **changes: Any) -> Workflows:
        """Declare with other settings."""
        self.environment["CHANGES"] = json.dumps(changes)
        return self


@pytest.fixture(params=sample(FRONTS, 0.5))
def project(tmp_path: Path, emulator: Emulator, request: pytest.FixtureRequest) -> Workflows:
    """A project of one of the fronts, by the seed; of both with --sweep."""
    project = Workflows(tmp_path, emulator)
    if request.param == "native":
        project.use_native()
    return project


@pytest.mark.rotating
def test_the_life_of_a_workflow(project: Workflows) -> None:
    story = project.story
    project.up().ok()
    [workflow], [pipeline] = story.workflows(), story.pipelines()
    assert (workflow["name"], pipeline["name"]) == ("stories-dev-thumbs", "stories-dev-queue")
    assert workflow["pipelineId"] == pipeline["pipelineId"]
    project.changed(width=80)
    review = json.loads(project.videosnap("review", "--json", "--no-measure").ok().output)
    [said] = review["tasks"]
    assert said["fields"] == [
        {"field": "snapshots.cover.width", "before": 64, "after": 80, "replaces": False}
    ]
    assert "uploads in about 2 s between are not processed" in said["effect"]
    story.calls()
    project.up().ok()
    assert Counter(story.calls()) == {call["action"]: call["count"] for call in said["calls"]}

    story.upload("in/猫 1.mp4")
    found = json.loads(project.videosnap("frames", "thumbs", "--json").ok().output)
    assert found["tasks"][0]["expected"] == 4
    story.change(state="Inactive")
    drifted = project.videosnap("drift").exits(1).output
    assert "uploads are not processed" in drifted
    project.up("--refresh").ok()
    assert [one["state"] for one in story.workflows()] == ["Active"]
    project.destroy().ok()
    assert story.workflows() == story.pipelines() == []
