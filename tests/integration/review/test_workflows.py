"""What a review predicts of a workflow or a pipeline is what then happens: its outcome and its calls."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import main
from support.data import load
from support.emulator import Emulator
from support.exports import resource
from support.workflow_stacks import ObjectStory, engine_of, pipeline_inputs, workflow_inputs

KINDS = {
    "workflow": ("alibaba:SnapshotWorkflow", workflow_inputs),
    "pipeline": ("alibaba:Pipeline", pipeline_inputs),
}
CHANGES: list[Any] = load("review_workflows.json")
"""The kind, what is declared before and after, the outcome, and a part of the effect."""


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
    states = {
        side: resource(token, "x", one.id, one.inputs, one.outputs)
        for side, one in (("oldState", old), ("newState", new))
        if one and (side, step) != ("newState", "delete")
    }
    preview, urn = tmp_path / "preview.json", next(iter(states.values()))["urn"]
    preview.write_text(json.dumps({"steps": [{"op": step, "urn": urn, **states}]}))
    assert main(["review", str(preview), "--json", "--no-measure"]) == 0
    [task] = json.loads(capsys.readouterr().out)["tasks"]
    assert task["outcome"] == outcome
    assert effect in task["effect"]
    assert {call["action"] for call in task["calls"]} == set(made)
    for call in task["calls"]:
        enough = made[call["action"]] >= call["count"] if call["atLeast"] else False
        assert enough or made[call["action"]] == call["count"], (call, made)


def test_two_workflows_of_an_upload_are_a_risk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def step(name: str, **changes: Any) -> dict[str, Any]:
        state = resource(KINDS["workflow"][0], name, "", workflow_inputs(**changes))
        return {"op": "create", "urn": state["urn"], "newState": state}

    place = {"location": "oss-cn-hangzhou", "bucket": "media"}
    inside, beside = ({**place, "prefix": prefix} for prefix in ("in/a/", "out/"))
    steps = [step("a"), step("b", input=inside), step("c", input=beside), step("d", active=False)]
    preview = tmp_path / "preview.json"
    preview.write_text(json.dumps({"steps": steps}))
    main(["review", str(preview), "--json", "--no-measure"])
    risks = json.loads(capsys.readouterr().out)["risks"]
    assert [(risk["code"], risk["task"], risk["text"]) for risk in risks] == [
        ("overlapping-workflows", "b", "a processes the same uploads: both run, and both are charged")
    ]
