"""Frames of every upload with the real engine: the life of a workflow, what review says, drift, frames."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.cli import Project
from support.data import read
from support.emulator import Emulator
from support.plugin import FRONTS
from support.sampling import sample
from support.workflow_stacks import ObjectStory, engine_of


class Stack(Project):
    """A project with a pipeline and a workflow."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        super().__init__(folder, read("programs/workflows.txt"), dict(emulator.environment))
        self.story = ObjectStory(engine_of("workflow"), emulator)

    def changed(self, **changes: Any) -> Stack:
        """Declare with other settings."""
        self.environment["CHANGES"] = json.dumps(changes)
        return self


@pytest.fixture(params=sample(FRONTS, 0.5))
def stack(tmp_path: Path, emulator: Emulator, request: pytest.FixtureRequest) -> Stack:
    """A stack of one of the fronts, by the seed; of both with --sweep."""
    stack = Stack(tmp_path, emulator)
    if request.param == "native":
        stack.use_native()
    return stack


@pytest.mark.rotating
def test_the_life_of_a_workflow(stack: Stack) -> None:
    story = stack.story
    stack.up().ok()
    [workflow], [pipeline] = story.workflows(), story.pipelines()
    assert (workflow["name"], pipeline["name"]) == ("stories-dev-thumbs", "stories-dev-queue")
    assert workflow["pipelineId"] == pipeline["pipelineId"]
    stack.changed(width=80)
    review = json.loads(stack.videosnap("review", "--json", "--no-measure").ok().output)
    [said] = review["tasks"]
    assert said["fields"] == [
        {"field": "snapshots.cover.width", "before": 64, "after": 80, "replaces": False}
    ]
    assert "uploads in about 2 s between are not processed" in said["effect"]
    story.calls()
    stack.up().ok()
    assert Counter(story.calls()) == {call["action"]: call["count"] for call in said["calls"]}

    story.upload("in/猫 1.mp4")
    assert json.loads(stack.videosnap("frames", "thumbs", "--json").ok().output)["tasks"][0]["expected"] == 4
    story.change(state="Inactive")
    drifted = stack.videosnap("drift").exits(1).output
    assert "uploads are not processed" in drifted
    stack.up("--refresh").ok()
    assert [one["state"] for one in story.workflows()] == ["Active"]
    stack.destroy().ok()
    assert story.workflows() == story.pipelines() == []


@pytest.mark.rotating
def test_an_import_writes_a_program_that_has_nothing_to_do(tmp_path: Path, emulator: Emulator) -> None:
    other, stack = Stack(tmp_path / "other", emulator), Stack(tmp_path / "stack", emulator)
    other.up().ok()
    [workflow], [pipeline] = other.story.workflows(), other.story.pipelines()
    stack.use_native()
    program = ""
    for kind, name, id_ in (
        ("Pipeline", "queue", pipeline["pipelineId"]),
        ("SnapshotWorkflow", "thumbs", workflow["workflowId"]),
    ):
        where = (f"videosnap:alibaba:{kind}", name, f"oss-cn-hangzhou/{id_}")
        stack.run("import", *where, "--yes", "--protect=false", "--out", "made.txt").ok()
        program += (stack.folder / "made.txt").read_text()
    stack.write(program.replace("import videosnap_sdk as", "import pulumi_videosnap as"))
    stack.run("preview", "--expect-no-changes").ok()
    stack.destroy().ok()
    assert stack.story.workflows() == stack.story.pipelines() == []
