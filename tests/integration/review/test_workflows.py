"""What a review predicts of a workflow or a pipeline is what then happens: its outcome and its calls."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import main
from support.emulator import Emulator
from support.jobs import TUTORIAL_PIPELINE
from support.workflow_stacks import ObjectStory, engine_of, pipeline_inputs, snapshot, workflow_inputs

PAUSED = {"state": "paused"}
INACTIVE = {"active": False}
SEQUENCE = {"cover": snapshot("{RunId}/{Count}.jpg", interval=2, num=3)}
ADOPTING = {"name": None, "adopt": TUTORIAL_PIPELINE}
KINDS = {
    "workflow": ("alibaba:SnapshotWorkflow", workflow_inputs),
    "pipeline": ("alibaba:Pipeline", pipeline_inputs),
}
CHANGES: list[tuple[str, dict[str, Any] | None, dict[str, Any] | None, str, str]] = [
    ("workflow", None, {}, "starts", "takes 1 frame of every upload to media below 'in/'"),
    ("workflow", None, {"snapshots": SEQUENCE}, "starts", "takes at most 3 frames of every upload"),
    ("workflow", None, {"trigger": "manual"}, "starts", "that AddMedia names"),
    ("workflow", None, INACTIVE, "starts", "a workflow that is inactive: it would take"),
    (
        "workflow",
        {},
        {"publish": "auto"},
        "restart with a gap",
        "uploads in about 2 s between are not processed",
    ),
    ("workflow", {}, {"snapshots": SEQUENCE}, "restart with a gap", "is deactivated, changed and activated"),
    ("workflow", {}, {"trigger": "manual"}, "restart with a gap", "in about 2 s"),
    ("workflow", {}, {"trigger": "manual", "role": "R"}, "restart with a gap", "uploads in about 3 s"),
    ("workflow", {"trigger": "manual"}, {}, "restart with a gap", "what AddMedia names in about 2 s"),
    ("workflow", {}, INACTIVE, "stops", "uploads are not processed any more"),
    ("workflow", {}, {**INACTIVE, "role": "R"}, "stops", "is deactivated"),
    ("workflow", INACTIVE, {**INACTIVE, "role": "R"}, "in place, no gap", "while it is inactive"),
    ("workflow", INACTIVE, {}, "starts again", "and none that came before"),
    ("workflow", INACTIVE, {"trigger": "manual", "role": "R"}, "starts again", "is activated"),
    ("workflow", {}, {"adopt": True}, "recorded only", "only the record changes"),
    ("workflow", {}, {"name": "covers"}, "restart with a gap", "another workflow with another name"),
    ("workflow", {}, {"name": "covers", **INACTIVE}, "restart with a gap", "it is not active meanwhile"),
    ("workflow", INACTIVE, {"name": "covers"}, "restart with a gap", "after the old one is deleted"),
    ("workflow", {}, None, "stops", "runs that have begun go on"),
    ("workflow", INACTIVE, None, "stops", "uploads are not processed any more"),
    ("pipeline", None, {}, "starts", "a new pipeline"),
    ("pipeline", None, PAUSED, "starts", "in which jobs wait"),
    ("pipeline", None, ADOPTING, "starts", f"adopts pipeline {TUTORIAL_PIPELINE}"),
    ("pipeline", {}, PAUSED, "in place, no gap", "state is changed; jobs in it wait"),
    ("pipeline", PAUSED, {}, "in place, no gap", "its jobs run again"),
    ("pipeline", {}, {"notification": {"topic": "t"}}, "in place, no gap", "notification.topic is changed"),
    ("pipeline", {}, {"speed": "boost"}, "restart with a gap", "jobs in the old one do not move"),
    ("pipeline", {}, None, "stops", "the pipeline is deleted"),
    ("pipeline", ADOPTING, None, "no longer managed", "the pipeline stays as it is"),
]


@pytest.mark.parametrize(("kind", "before", "after", "outcome", "effect"), CHANGES)
def test_what_a_review_predicts_is_what_happens(
    emulated: Emulator,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    outcome: str,
    effect: str,
) -> None:
    story, (token, inputs) = ObjectStory(engine_of(kind), emulated), KINDS[kind]
    programs = [{} if change is None else {"x": inputs(**change)} for change in (before, after)]
    story.stack.up(programs[0])
    step = story.stack.preview(programs[1])["x"]
    old = story.stack.state.get("x")
    made = Counter(story.up(programs[1]))
    new = story.stack.state.get("x")
    record = {"type": f"pulumi-python:dynamic/{token}", "urn": f"urn:pulumi:d::p::dynamic/{token}::x"}
    states = {
        side: {**record, "id": one.id, "inputs": one.inputs, "outputs": one.outputs}
        for side, one in (("oldState", old), ("newState", new))
        if one and (side, step) != ("newState", "delete")
    }
    preview = tmp_path / "preview.json"
    preview.write_text(json.dumps({"steps": [{"op": step, "urn": record["urn"], **states}]}))
    assert main(["review", str(preview), "--json", "--no-measure"]) == 0
    [said] = json.loads(capsys.readouterr().out)["tasks"]
    assert said["outcome"] == outcome
    assert effect in said["effect"]
    assert {call["action"] for call in said["calls"]} == set(made)
    for call in said["calls"]:
        enough = made[call["action"]] >= call["count"] if call["atLeast"] else False
        assert enough or made[call["action"]] == call["count"], (call, made)


def test_two_workflows_of_an_upload_are_a_risk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def step(name: str, **changes: Any) -> dict[str, Any]:
        urn = f"urn:pulumi:d::p::dynamic/alibaba:SnapshotWorkflow::{name}"
        state = {"urn": urn, "type": "pulumi-python:dynamic/alibaba:SnapshotWorkflow"}
        return {"op": "create", "urn": urn, "newState": {**state, "inputs": workflow_inputs(**changes)}}

    inside, beside = (
        {"location": "oss-cn-hangzhou", "bucket": "media", "prefix": p} for p in ("in/a/", "out/")
    )
    steps = [step("a"), step("b", input=inside), step("c", input=beside), step("d", active=False)]
    preview = tmp_path / "preview.json"
    preview.write_text(json.dumps({"steps": steps}))
    main(["review", str(preview), "--json", "--no-measure"])
    risks = json.loads(capsys.readouterr().out)["risks"]
    assert [(risk["code"], risk["task"], risk["text"]) for risk in risks] == [
        ("overlapping-workflows", "b", "a processes the same uploads: both run, and both are charged")
    ]
