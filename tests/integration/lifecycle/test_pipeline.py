"""Stories of pipelines: added once, found again, changed in place, adopted and handed back, deleted."""

from typing import Any

import pytest

from pulumi_videosnap.alibaba.models import Pipeline
from pulumi_videosnap.alibaba.pipeline.convert import to_inputs
from pulumi_videosnap.alibaba.pipeline.schema import PipelineInputs
from pulumi_videosnap.core.schema import differences
from pulumi_videosnap.errors import InvalidInput, TaskConflict, TaskFailed
from support.data import load
from support.emulator import Emulator
from support.engine_model import Refused
from support.jobs import TUTORIAL_PIPELINE
from support.mps_client import LOCATION
from support.workflow_stacks import ObjectStory, engine_of, pipeline_inputs

SEARCH, ADD, QUERY = "SearchPipeline", "AddPipeline", "QueryPipelineList"
UPDATE, DELETE = "UpdatePipeline", "DeletePipeline"
QUEUE = {"notification": {"queueName": "frames"}}


@pytest.fixture
def story(emulated: Emulator) -> ObjectStory:
    return ObjectStory(engine_of("pipeline"), emulated)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "name": ({}, {"name": "covers"}, "update"),
    "state": ({}, {"state": "paused"}, "update"),
    "queue": ({}, QUEUE, "update"),
    "topic": (QUEUE, {"notification": {"topic": "frames"}}, "update"),
    "no queue": (QUEUE, {}, "update"),
    "role": ({"role": "Frames"}, {}, "update"),
    "speed": ({}, {"speed": "boost"}, "replace"),
    "level": ({"speedLevel": 1}, {"speedLevel": 2}, "replace"),
}


@pytest.mark.parametrize("reading", [{}, {"omitted-notify": "cleared"}])
@pytest.mark.parametrize("name", CHANGES)
def test_a_pipeline_is_added_changes_and_ends(story: ObjectStory, name: str, reading: dict[str, str]) -> None:
    story.emulator.request("PUT", "/readings", reading)
    first, second, step = CHANGES[name]
    before, after = ({"thumbs": pipeline_inputs(**change)} for change in (first, second))
    assert story.up(before) == [SEARCH, ADD, QUERY]
    story.settled(before)
    identity = story.stack.state["thumbs"].id
    assert story.stack.preview(after) == {"thumbs": step}
    made = [DELETE, SEARCH, ADD, QUERY] if step == "replace" else [QUERY, UPDATE, QUERY]
    assert story.up(after) == made
    story.settled(after)
    assert (story.stack.state["thumbs"].id == identity) is (step == "update")
    [one] = story.pipelines()
    assert one["pipelineId"] == story.stack.state["thumbs"].outputs["pipelineId"]
    assert story.up({}) == [DELETE]
    assert story.pipelines() == []


def test_a_paused_pipeline_is_paused_after_it_is_added(story: ObjectStory) -> None:
    program = {"thumbs": pipeline_inputs(state="paused", **QUEUE)}
    assert story.up(program) == [SEARCH, ADD, QUERY, UPDATE, QUERY]
    story.settled(program)
    [one] = story.pipelines()
    assert one["state"] == "Paused"


def test_a_change_outside_is_drift_of_its_fields(story: ObjectStory) -> None:
    program = {"thumbs": pipeline_inputs()}
    story.stack.up(program)
    change = {"state": "Paused", "name": "other"}
    story.emulator.request("PUT", f"/pipelines/{story.stack.state['thumbs'].id}", change)
    drift = {"thumbs.state": (None, "paused"), "thumbs.name": ("thumbs", "other")}
    assert story.stack.refresh() == drift
    story.stack.up(program)
    story.settled(program)


ANSWER: dict[str, Any] = {
    "Id": "1", "Name": "thumbs", "State": "Active", "Speed": "Standard", "SpeedLevel": 2, "QuotaAllocate": 10,
    "Role": "AliyunMTSDefaultRole", "NotifyConfig": {},
}  # fmt: skip
WHOLE = pipeline_inputs(**QUEUE, state="active", role="AliyunMTSDefaultRole", speed="standard", speedLevel=2)
SEEN: list[tuple[dict[str, Any], list[str], list[str]]] = load("mps/pipeline_drift.json")


@pytest.mark.parametrize(("answer", "least", "everything"), SEEN, ids=str)
def test_what_the_service_has_otherwise_is_drift_of_that_field_and_nothing_else_is(
    answer: dict[str, Any], least: list[str], everything: list[str]
) -> None:
    """Of a pipeline that declares its name alone, of one that declares all, of one that was adopted."""
    adopted = pipeline_inputs(name=None, adopt="1")
    for declared, before, expected in (
        (pipeline_inputs(), {}, least),
        (WHOLE, {"NotifyConfig": {"QueueName": "frames"}}, everything),
        (adopted, {}, []),
    ):
        recorded = {**declared, "presence": "present"}
        found = Pipeline.model_validate({**ANSWER, **before, **answer})
        seen = differences(PipelineInputs, recorded, to_inputs(found, recorded))
        assert sorted({".".join(map(str, one.path)) for _, one in seen}) == expected


def test_the_default_pipeline_is_adopted_changed_as_declared_and_never_deleted(story: ObjectStory) -> None:
    before = story.emulator.show(f"/pipelines/{TUTORIAL_PIPELINE}")
    adopted = {"default": pipeline_inputs(name=None, adopt=TUTORIAL_PIPELINE)}
    assert story.up(adopted) == [QUERY, QUERY]
    story.settled(adopted)
    assert story.emulator.show(f"/pipelines/{TUTORIAL_PIPELINE}") == before, "nothing was declared"
    notifying = {"default": pipeline_inputs(name=None, adopt=TUTORIAL_PIPELINE, **QUEUE)}
    assert story.up(notifying) == [QUERY, UPDATE, QUERY]
    story.settled(notifying)
    after = story.emulator.show(f"/pipelines/{TUTORIAL_PIPELINE}")
    assert after["name"] == before["name"]
    assert after["notifyConfig"] != before["notifyConfig"]
    assert story.up({}) == []
    assert story.emulator.show(f"/pipelines/{TUTORIAL_PIPELINE}") == after


def test_what_cannot_be_adopted_is_refused_and_changes_nothing(story: ObjectStory) -> None:
    nobodys = "f" * 32
    with pytest.raises(InvalidInput, match=f"no pipeline in {LOCATION} has the id {nobodys}; check both"):
        story.stack.up({"x": pipeline_inputs(adopt=nobodys)})
    with pytest.raises(TaskConflict, match=r"speed: there 'standard', declared 'boost'.*cannot be changed"):
        story.stack.up({"x": pipeline_inputs(adopt=TUTORIAL_PIPELINE, speed="boost")})
    story.stack.up({"thumbs": pipeline_inputs(speed="boost")})
    story.stack.state.clear()
    other = r"speed: there 'boost', nothing is declared.*set another name, or adopt="
    with pytest.raises(TaskConflict, match=other):
        story.stack.up({"thumbs": pipeline_inputs()})
    assert len(story.pipelines()) == 1
    both = {"a": pipeline_inputs(), "b": pipeline_inputs()}
    with pytest.raises(Refused, match=r"name 'thumbs' is declared by .*::b and by .*::a; set another one"):
        story.stack.preview(both)


def test_a_renamed_resource_keeps_its_pipeline_and_one_that_is_gone_is_made_again(story: ObjectStory) -> None:
    story.stack.up({"old": pipeline_inputs()})
    [there] = story.pipelines()
    assert story.up({"new": pipeline_inputs()}) == [SEARCH, QUERY]
    assert story.pipelines() == [there]
    story.emulator.request("DELETE", f"/pipelines/{there['pipelineId']}")
    with pytest.raises(TaskFailed, match="the service does not list it; run `pulumi up --refresh`"):
        story.stack.up({"new": pipeline_inputs(state="paused")})
    assert story.stack.refresh() == {"new": ("there", "gone")}
    story.stack.up({"new": pipeline_inputs()})
    story.emulator.request("DELETE", f"/pipelines/{story.stack.state['new'].id}")
    story.stack.destroy()
