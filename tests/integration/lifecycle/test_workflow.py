"""Stories of workflows: added once, found again, changed in place, adopted, repaired, deleted."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pulumi_videosnap import alibaba
from pulumi_videosnap.alibaba.named import default_name, shorten
from pulumi_videosnap.alibaba.workflow.convert import to_inputs, topology_of
from pulumi_videosnap.alibaba.workflow.models import MediaWorkflow
from pulumi_videosnap.alibaba.workflow.schema import SnapshotWorkflowInputs, WorkflowSnapshot
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.core.schema import differences, facts
from pulumi_videosnap.errors import InvalidInput, Rejected, TaskConflict, TaskFailed, VideosnapError
from support.data import load
from support.emulator import Emulator
from support.engine_model import Refused
from support.jobs import TUTORIAL_PIPELINE
from support.mps_client import LOCATION
from support.workflow_stacks import ObjectStory, as_text, engine_of, plain_topology, snapshot, workflow_inputs

SEARCH, ADD, QUERY = "SearchMediaWorkflow", "AddMediaWorkflow", "QueryMediaWorkflowList"
DEACTIVATE, ACTIVATE, DELETE = "DeactivateMediaWorkflow", "ActivateMediaWorkflow", "DeleteMediaWorkflow"
UPDATE, TRIGGER = "UpdateMediaWorkflow", "UpdateMediaWorkflowTriggerMode"
QUEUE, TOPIC = {"queueName": "frames"}, {"topic": "frames"}
SHEET = {"tileOutputFile": {"location": LOCATION, "bucket": "frames", "object": "{RunId}/{TileCount}.jpg"}}
FULL = workflow_inputs(
    notification=QUEUE,
    role="Frames",
    publish="auto",
    trigger="manual",
    snapshots={
        "cover": snapshot(mediaCover=True, frameType="intra", height=48, blackLevel=40, time=0),
        "sheet": {**snapshot("{RunId}/{Count}.jpg", interval=2, num=3, tileOut={"lines": 2}), **SHEET},
        "at": snapshot("{RunId}/at{Count}.jpg", time=None, timeArray={"timePointList": [0, 40]}),
    },
)
FULL["snapshots"]["at"].pop("time")


@pytest.fixture
def story(emulated: Emulator) -> ObjectStory:
    return ObjectStory(engine_of("workflow"), emulated)


@pytest.mark.parametrize("inputs", [workflow_inputs(), FULL, workflow_inputs(active=False)])
@pytest.mark.parametrize("reading", [{}, {"added-workflow": "inactive"}, {"topology-echo": "as-sent"}])
def test_a_workflow_is_added_once_is_as_declared_and_ends(
    story: ObjectStory, inputs: dict[str, Any], reading: dict[str, str]
) -> None:
    story.emulator.request("PUT", "/readings", reading)
    program = {"thumbs": inputs}
    assert story.up(program).count(ADD) == 1
    story.settled(program)
    [one] = story.workflows()
    assert one["state"] == ("Inactive" if inputs.get("active") is False else "Active")
    assert one["workflowId"] == story.stack.state["thumbs"].id
    assert story.up({})[-1] == DELETE
    assert story.workflows() == []


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"publish": "auto"}, [UPDATE]),
    ({"role": "Frames"}, [UPDATE]),
    ({"notification": TOPIC}, [UPDATE]),
    ({"input": {"location": LOCATION, "bucket": "media"}}, [UPDATE]),
    ({"input": {"location": LOCATION, "bucket": "media", "prefix": "视频/"}}, [UPDATE]),
    ({"snapshots": {"cover": snapshot(time=40)}}, [UPDATE]),
    ({"snapshots": {"other": snapshot()}}, [UPDATE]),
    ({"snapshots": {"cover": snapshot(mediaCover=True)}}, [UPDATE]),
    ({"trigger": "manual"}, [TRIGGER]),
    ({"trigger": "manual", "publish": "auto"}, [UPDATE, TRIGGER]),
]


@pytest.mark.parametrize(("change", "steps"), CHANGES, ids=lambda value: str(value)[:40])
def test_a_change_is_made_in_place_while_the_workflow_is_inactive(
    story: ObjectStory, change: dict[str, Any], steps: list[str]
) -> None:
    before, after = {"thumbs": workflow_inputs()}, {"thumbs": workflow_inputs(**change)}
    story.stack.up(before)
    assert story.stack.preview(after) == {"thumbs": "update"}
    assert story.up(after) == [QUERY, DEACTIVATE, *steps, ACTIVATE, QUERY]
    story.settled(after)
    assert story.up(before) == [QUERY, DEACTIVATE, *steps, ACTIVATE, QUERY]
    story.settled(before)


def test_active_changes_without_an_update_and_switches_of_ours_change_nothing(story: ObjectStory) -> None:
    story.stack.up({"thumbs": workflow_inputs()})
    assert story.up({"thumbs": workflow_inputs(active=False)}) == [QUERY, DEACTIVATE, QUERY]
    inactive = {"thumbs": workflow_inputs(active=False, publish="auto")}
    assert story.up(inactive) == [QUERY, UPDATE, QUERY]
    story.settled(inactive)
    assert story.up({"thumbs": workflow_inputs(publish="auto")}) == [QUERY, ACTIVATE, QUERY]
    assert story.up({"thumbs": workflow_inputs(publish="auto", adopt=True)}) == [QUERY]


@pytest.mark.parametrize(
    "change", [{"name": "covers"}, {"input": {"location": "oss-cn-shanghai", "bucket": "media"}}]
)
def test_a_new_name_or_region_replaces_after_a_delete(story: ObjectStory, change: dict[str, Any]) -> None:
    story.stack.up({"thumbs": workflow_inputs()})
    place = change.get("input", {}).get("location", LOCATION)
    output = {"location": place, "bucket": "frames", "object": "{RunId}.jpg"}
    program = {"thumbs": workflow_inputs(**change, snapshots={"cover": {"outputFile": output, "time": 0}})}
    assert story.stack.preview(program) == {"thumbs": "replace"}
    assert story.up(program) == [QUERY, DEACTIVATE, DELETE, SEARCH, ADD, QUERY]
    assert len(story.workflows()) == 1


DRIFT: dict[str, tuple[Any, str, dict[str, Any]]] = load("mps/topology_drift.json")
"""What is changed of a workflow, or a text of its topology and another one; the drift of the fields."""


@pytest.mark.parametrize("name", DRIFT)
def test_a_change_outside_is_drift_of_its_field_and_the_next_up_sets_it_back(
    story: ObjectStory, name: str
) -> None:
    change, new, expected = DRIFT[name]
    program = {"thumbs": workflow_inputs()}
    story.stack.up(program)
    [one] = story.workflows()
    changes = change if isinstance(change, dict) else {"topology": one["topology"].replace(change, new)}
    assert {**one, **changes} != one, "nothing would change"
    story.change(**changes)
    assert story.stack.refresh() == {f"thumbs.{path}": tuple(two) for path, two in expected.items()}
    story.stack.up(program)
    story.settled(program)
    assert [(one["name"], one["state"]) for one in story.workflows()] == [("thumbs", "Active")]


def test_an_activity_that_nobody_declared_is_drift_and_is_removed(story: ObjectStory) -> None:
    program = {"thumbs": workflow_inputs()}
    story.stack.up(program)
    [one] = story.workflows()
    topology = json.loads(one["topology"])
    topology["Activities"]["encode"] = {"Type": "Transcode", "Parameters": {}}
    topology["Dependencies"] |= {"Start": ["cover", "encode"], "encode": ["Report"]}
    story.change(topology=json.dumps(topology))
    others = ["activity 'encode' of type Transcode", "after activity 'Start' comes cover, encode"]
    assert story.stack.refresh() == {"thumbs.otherActivities": ([], others)}
    assert UPDATE in story.up(program)
    story.settled(program)
    second = {**topology, "Activities": {**topology["Activities"]}}
    second["Activities"]["encode"] = {**topology["Activities"]["cover"]}
    story.change(topology=json.dumps(second))
    assert list(story.stack.refresh()) == ["thumbs.snapshots.encode"]
    story.stack.refresh()
    story.stack.up(program)
    story.settled(program)


def test_a_deleted_workflow_is_made_again(story: ObjectStory) -> None:
    program = {"thumbs": workflow_inputs()}
    for reading in ("listed", "absent"):
        story.emulator.request("PUT", "/readings", {"deleted-workflow": reading})
        story.stack.up(program)
        story.change(state="Deleted")
        with pytest.raises(TaskFailed, match="deleted outside of Pulumi; run `pulumi up --refresh`"):
            story.stack.up({"thumbs": workflow_inputs(publish="auto")})
        assert story.stack.refresh() == {"thumbs": ("there", "gone")}
        story.stack.up(program)
        story.settled(program)
        story.stack.destroy()


def test_a_workflow_of_the_name_is_ours_with_the_same_topology_or_adopted(story: ObjectStory) -> None:
    story.stack.up({"thumbs": workflow_inputs(publish="auto", trigger="manual")})
    [there] = story.workflows()
    story.stack.state.clear()
    program = {"thumbs": workflow_inputs(snapshots={"cover": snapshot(time=40)})}
    story.calls()
    with pytest.raises(TaskConflict) as refused:
        story.stack.up(program)
    assert story.calls() == [SEARCH], "nothing was changed"
    assert str(refused.value) == (
        "workflow 'thumbs' exists with other settings (snapshots.cover.time: there 2000, declared 40; "
        "publish: there 'auto', declared 'manual'); set another name, or adopt=True to change it"
    )
    adopting = {"thumbs": {**program["thumbs"], "adopt": True}}
    assert story.up(adopting) == [SEARCH, QUERY, DEACTIVATE, UPDATE, TRIGGER, ACTIVATE, QUERY]
    story.settled(adopting)
    story.stack.state.clear()
    assert story.up(program) == [SEARCH, QUERY], "the same topology"
    assert [one["workflowId"] for one in story.workflows()] == [there["workflowId"]]


def test_a_renamed_resource_keeps_its_workflow(story: ObjectStory) -> None:
    story.stack.up({"old": workflow_inputs()})
    [there] = story.workflows()
    assert DELETE not in story.up({"new": workflow_inputs()})
    assert [one["workflowId"] for one in story.workflows()] == [there["workflowId"]]
    story.settled({"new": workflow_inputs()})


def test_an_update_that_is_refused_leaves_the_workflow_active(story: ObjectStory) -> None:
    program = {"thumbs": workflow_inputs()}
    story.stack.up(program)
    story.emulator.fault("error", UPDATE, times=None, status=400, code="InvalidParameter", message="no")
    with pytest.raises(Rejected, match="UpdateMediaWorkflow was refused"):
        story.stack.up({"thumbs": workflow_inputs(publish="auto")})
    assert [one["state"] for one in story.workflows()] == ["Active"]
    story.emulator.clear_faults()
    story.settled(program)


MAKE = {"thumbs": workflow_inputs()}


def test_an_inactive_workflow_that_a_crash_left_is_activated(story: ObjectStory) -> None:
    story.stack.up(MAKE)
    story.emulator.fault("close-before", UPDATE, times=None)
    story.emulator.fault("close-before", "*", after=2, times=None)
    with pytest.raises(VideosnapError):
        story.stack.up({"thumbs": workflow_inputs(publish="auto", trigger="manual")})
    story.emulator.clear_faults()
    assert [one["state"] for one in story.workflows()] == ["Inactive"]
    assert story.stack.refresh() == {"thumbs.active": (True, False)}
    assert story.up(MAKE) == [QUERY, ACTIVATE, QUERY]
    story.settled(MAKE)


def test_the_eleventh_workflow_of_a_region_is_refused_before_anything_is_called(story: ObjectStory) -> None:
    ten = {f"w{n}": workflow_inputs(name=f"w{n}") for n in range(10)}
    story.stack.up(ten)
    story.calls()
    with pytest.raises(Refused, match="name 'w10' is one of 11 workflows in oss-cn-hangzhou"):
        story.stack.up({**ten, "w10": workflow_inputs(name="w10")})
    assert story.calls() == []
    another = ObjectStory(engine_of("workflow"), story.emulator)
    with pytest.raises(TaskFailed, match="the account has 10 workflows in oss-cn-hangzhou"):
        another.stack.up({"w10": workflow_inputs(name="w10")})
    assert story.calls() == [SEARCH]
    with pytest.raises(Refused, match=r"name 'w0' is declared by .*::b and by .*::a; set another one"):
        another.stack.preview({"a": workflow_inputs(name="w0"), "b": workflow_inputs(name="w0")})


def test_uploads_are_processed_while_it_is_active(story: ObjectStory) -> None:
    story.stack.up(MAKE)
    story.upload("in/a.mp4")
    story.upload("elsewhere/b.mp4")
    [run] = story.runs()
    assert [one["state"] for one in run["activities"]] == ["Success"] * 3
    assert run["activities"][1]["objects"][0]["key"] == f"covers/{run['runId']}.jpg"
    story.stack.up({"thumbs": workflow_inputs(active=False)})
    story.upload("in/c.mp4")
    assert len(story.runs()) == 1


def test_two_workflows_of_one_name_are_refused(story: ObjectStory) -> None:
    story.stack.up(MAKE)
    other = ObjectStory(engine_of("workflow"), story.emulator)
    other.stack.up({"other": workflow_inputs(name="other")})
    story.emulator.request("PUT", f"/workflows/{other.stack.state['other'].id}", {"name": "thumbs"})
    with pytest.raises(TaskConflict, match="2 have this name"):
        ObjectStory(engine_of("workflow"), story.emulator).stack.up(MAKE)


KIND = "pulumi-python:dynamic/alibaba:SnapshotWorkflow"


@pytest.mark.parametrize(
    ("types", "own", "recorded", "expected"),
    [
        (KIND, "thumbs", {}, "shop-dev-thumbs"),
        (KIND, "x" * 64, {}, "shop-dev-x{46}-[0-9a-f]{8}"),
        (f"my:Site${KIND}", "thumbs", {}, "shop-dev-thumbs-[0-9a-f]{8}"),
        (f"my:Site${KIND}", "thumbs", {"name": "shop-dev-old"}, "shop-dev-old"),
    ],
)
def test_the_default_name_is_unique_within_64_bytes_and_stays(
    types: str, own: str, recorded: dict[str, str], expected: str
) -> None:
    context = Context(resource=f"urn:pulumi:dev::shop::{types}::{own}", recorded=recorded)
    name = default_name(context, f"shop-dev-{own}", "alibaba:SnapshotWorkflow", lambda one: shorten(one, 64))
    assert re.fullmatch(expected, str(name))


OTHER = {"frameType": "normal", "color": "#123456", "object": "b{Count}{TileCount}.vtt"}
LEAVES = [leaf.path for leaf in facts(WorkflowSnapshot) if leaf.path[-1] != "location"]


def spelled(topology: str, how: str) -> Any:
    """A topology as it is sent, with inner blocks as objects, or as an object in another order."""
    parsed = json.loads(topology)
    for activity in parsed["Activities"].values():
        named = {k: json.loads(v) if v[0] == "{" else v for k, v in activity["Parameters"].items()}
        activity["Parameters"] = dict(reversed(named.items()))
    turned = {key: dict(reversed(parsed[key].items())) for key in reversed(parsed)}
    return {"as sent": topology, "objects": json.dumps(parsed, indent=2), "turned": turned}[how]


@pytest.mark.parametrize("how", ["as sent", "objects", "turned"])
@pytest.mark.parametrize("path", LEAVES, ids=dotted)
def test_every_field_of_a_snapshot_drifts_and_none_by_its_spelling(path: tuple[str, ...], how: str) -> None:
    block = {**snapshot("a{Count}{TileCount}.vtt", num=2), "timeArray": {"timePointList": [0]}}
    block |= {"frameType": "intra", "format": "vtt", "subOut": {"isSptFrag": True}, "mediaCover": False}
    block |= {"tileOut": {"color": "red", "isKeepCellPic": True}, **SHEET, "time": 0}
    declared = SnapshotWorkflowInputs.model_validate(workflow_inputs(snapshots={"a": block})).properties()
    changed = json.loads(json.dumps(declared))
    inner = changed["snapshots"]["a"]
    for step in path[:-1]:
        inner = inner.setdefault(step, {})
    before, name = inner.get(path[-1]), path[-1]
    inner[name] = [7] if name == "timePointList" else OTHER.get(name, "other" if name == "bucket" else 33)
    if isinstance(before, bool):
        inner[name] = not before
    if name == "format":  # which has one value alone
        del inner[name]
    for inputs, expected in ((declared, []), (changed, [f"snapshots.a.{dotted(path)}"])):
        sent = spelled(topology_of(SnapshotWorkflowInputs.model_validate(inputs)), how)
        answer = json.loads(json.dumps({"MediaWorkflowId": "1", "State": "Active", "Topology": sent}))
        found = MediaWorkflow.model_validate(answer)
        seen = differences(SnapshotWorkflowInputs, declared, to_inputs(found, declared))
        assert [dotted(one.path) for _, one in seen] == expected


TOP: list[tuple[dict[str, Any], list[str]]] = load("mps/workflow_drift.json")


@pytest.mark.parametrize("how", ["as sent", "objects", "turned"])
@pytest.mark.parametrize(("change", "expected"), TOP, ids=lambda value: str(value)[:40])
def test_every_field_of_a_workflow_is_seen_to_drift_in_any_spelling(
    change: dict[str, Any], expected: list[str], how: str
) -> None:
    declared = SnapshotWorkflowInputs.model_validate(FULL).properties()
    actual = {name: value for name, value in {**FULL, **change}.items() if value is not None}
    sent = spelled(topology_of(SnapshotWorkflowInputs.model_validate(actual)), how)
    both = ["active", "trigger"]
    for state, mode, more in (
        ("Active", "NotInAuto", []),
        ("Inactive", "OssAutoTrigger", both),
        ("", "", []),
    ):
        answer = {"MediaWorkflowId": "1", "State": state, "TriggerMode": mode, "Topology": sent}
        found = MediaWorkflow.model_validate({**answer, "Name": FULL["name"]})
        seen = differences(SnapshotWorkflowInputs, declared, to_inputs(found, declared))
        assert sorted(".".join(map(str, one.path)) for _, one in seen) == sorted([*expected, *more])


def test_lookups_have_a_plain_and_an_output_form(story: ObjectStory) -> None:
    place: Any = {"location": "oss-cn-hangzhou"}
    story.stack.up({"thumbs": workflow_inputs(notification={"topic": "frames"})})
    id_ = story.stack.state["thumbs"].id
    plain = plain_topology()
    plain["Activities"]["Transcode"] = {"Type": "Transcode", "Parameters": {}}
    plain["Dependencies"] |= {"Transcode": ["Act-Report"], "Act-Start": ["Act-Shot", "Transcode"]}
    story.change(topology=as_text(plain))
    pipeline = alibaba.get_pipeline(TUTORIAL_PIPELINE, **place)
    found = alibaba.get_snapshot_workflow(id_, **place)
    assert (found.name, found.state) == ("thumbs", "Active")
    assert (found.trigger, found.publish) == ("automatic", "auto")
    assert found.pipeline_id == pipeline.pipeline_id == TUTORIAL_PIPELINE
    assert found.snapshots["Act-Shot"].snapshot_config == {
        "output_file": {**place, "bucket": "frames", "object": "{RunId}/{FileName}.jpg"},
        "time": 2000,
        "width": 64,
    }
    assert found.other_activities[0] == "activity 'Transcode' of type Transcode"
    workflows, pipelines = alibaba.search_snapshot_workflows(**place), alibaba.search_pipelines(**place)
    assert [one.media_workflow_id for one in workflows] == [id_]

    async def all_of() -> list[Any]:
        outputs = (
            alibaba.get_snapshot_workflow_output(id_, **place),
            alibaba.get_pipeline_output(TUTORIAL_PIPELINE, **place),
            alibaba.search_snapshot_workflows_output(**place),
            alibaba.search_pipelines_output(**place),
        )
        return [await output.future() for output in outputs]

    with ThreadPoolExecutor(1) as another:  # a browser's session leaves its loop running in this thread
        outputs = another.submit(asyncio.run, all_of()).result(60)
    assert outputs == [found, pipeline, workflows, pipelines]
    with pytest.raises(InvalidInput, match="workflow_id: must be the id of a workflow"):
        alibaba.get_snapshot_workflow("a,b", **place)
