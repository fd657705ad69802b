"""Workflows and pipelines under the native front, which knows no kind: named, listed, imported, changed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi.runtime.proto import provider_pb2

from pulumi_videosnap.alibaba.named import shorten
from pulumi_videosnap.core.schema import Effect, facts
from pulumi_videosnap.kinds import ResourceType, resource_types
from pulumi_videosnap.native.package import schema
from support.emulator import Emulator
from support.jobs import TUTORIAL_PIPELINE, job_inputs
from support.plugin import UNKNOWN, Plugin, PluginError, running_plugin, to_struct
from support.workflow_stacks import pipeline_inputs, snapshot, workflow_inputs

LOCATION = "oss-cn-hangzhou"
LONG = shorten(f"stories-dev-{'l' * 90}", 64)
"""The default name of a workflow whose own name is too long for it."""
INPUTS: dict[str, dict[str, Any]] = {
    "Pipeline": pipeline_inputs(name=None, notification={"queueName": "frames"}, state="paused"),
    "SnapshotWorkflow": workflow_inputs(
        name=None,
        snapshots={"cover": snapshot(mediaCover=True), "strip": snapshot("s/{RunId}-{Count}.jpg", num=3)},
        trigger="manual",
        active=False,
    ),
}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "Pipeline": ({"state": "active", "speed": "boost"}, {"state": "UPDATE", "speed": "ADD_REPLACE"}),
    "SnapshotWorkflow": (
        {"snapshots": {"cover": snapshot(mediaCover=True, width=80)}, "pipelineId": UNKNOWN},
        {"snapshots.cover.width": "UPDATE", "snapshots.strip": "DELETE", "pipelineId": "UPDATE"},
    ),
}
IDS = {"Pipeline": "pipelineId", "SnapshotWorkflow": "mediaWorkflowId"}


Runs = Callable[[], AbstractContextManager[Plugin]]


@pytest.fixture(scope="module")
def another_run(shared_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    shared_emulator.reset()
    environment = shared_emulator.surroundings(tmp_path_factory.mktemp("home"))
    return lambda: running_plugin(environment, front="native")


@pytest.fixture(scope="module")
def native(another_run: Runs) -> Iterator[Plugin]:
    with another_run() as plugin:
        yield plugin


def urn_of(kind: str, name: str, parents: str = "") -> str:
    return f"urn:pulumi:dev::stories::{parents}videosnap:alibaba:{kind}::{name}"


def plain(struct: Any) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(struct)
    return found


@pytest.mark.parametrize("kind", INPUTS)
def test_a_resource_without_a_name_has_a_default_that_stays(native: Plugin, kind: str) -> None:
    for urn, expected in (
        (urn_of(kind, "named"), "stories-dev-named"),
        (urn_of(kind, "named", "my:Site$"), "stories-dev-named-"),
    ):
        inputs, refused = native.check(urn, INPUTS[kind])
        assert refused == []
        assert inputs["name"].startswith(expected)
        assert (len(inputs["name"]) > len(expected)) is expected.endswith("-")
    recorded = {**INPUTS[kind], "name": "stories-dev-before"}
    checked = native.ask("Check", urn_of(kind, "named"), olds=recorded, news=INPUTS[kind])
    assert plain(checked.inputs)["name"] == "stories-dev-before"


def test_a_default_that_is_another_resources_name_is_said_to_be_the_default(native: Plugin) -> None:
    for kind, name, chosen, expected in (
        ("Pipeline", "大厅", None, []),
        ("Pipeline", "会议", None, [True]),
        ("Pipeline", "会议室", "stories-dev", [False]),
        ("SnapshotWorkflow", "one", "stories-dev-two", []),
        ("SnapshotWorkflow", "two", None, [True]),
        ("SnapshotWorkflow", "two", "stories-dev-two", [True]),  # as the class of the dynamic front writes it
        ("SnapshotWorkflow", "three", "stories-dev-two", [False]),
        ("SnapshotWorkflow", "l" * 90, None, []),
        ("SnapshotWorkflow", "other", LONG, [False]),
        ("SnapshotWorkflow", "my.shop::four", "my.shop-dev-five", []),
        ("SnapshotWorkflow", "my.shop::five", "my.shop-dev-five", [True]),
    ):
        project, _, own = name.rpartition("::")
        urn = urn_of(kind, own).replace("::stories::", f"::{project or 'stories'}::")
        _, failures = native.check(urn, INPUTS[kind] | ({"name": chosen} if chosen else {}))
        origin = "; this is the default, made of the resource's name"
        assert [one.endswith(origin) for one in failures] == expected, (kind, name)


def test_an_adopted_pipeline_keeps_its_name(native: Plugin) -> None:
    adopted = {"location": LOCATION, "adopt": TUTORIAL_PIPELINE}
    inputs, refused = native.check(urn_of("Pipeline", "adopted"), adopted)
    assert (refused, "name" in inputs) == ([], False)


@pytest.mark.parametrize("kind", INPUTS)
def test_a_life_with_an_import(native: Plugin, another_run: Runs, kind: str) -> None:
    urn = urn_of(kind, "life")
    inputs, _ = native.check(urn, INPUTS[kind])
    planned = plain(native.ask("Create", urn, properties=inputs, preview=True).properties)
    assert planned.items() >= inputs.items()
    assert planned[IDS[kind]] == UNKNOWN
    id_, outputs = native.create(urn, inputs)
    assert outputs[IDS[kind]] == id_

    token = f"videosnap:alibaba:{kind}"
    query = provider_pb2.ListRequest(token=token, query=to_struct({"location": LOCATION}))
    listed = {one.result.name: one.result.id for one in native.stub.List(query)}
    assert listed[inputs["name"]] == f"{LOCATION}/{id_}"
    found = native.ask("Read", urn, id=listed[inputs["name"]])
    assert found.id == id_
    same = {"olds": found.properties, "old_inputs": found.inputs, "news": found.inputs}
    assert native.ask("Diff", urn, id=id_, **same).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert set(plain(found.properties)["unread"]) == {"adopt", "profile"}
    read, _, _ = native.read(urn, id_, plain(found.properties))
    assert read == id_

    changes, wanted = CHANGES[kind]
    answer = native.ask("Diff", urn, id=id_, olds=outputs, old_inputs=inputs, news={**inputs, **changes})
    kinds = provider_pb2.PropertyDiff.Kind
    assert {path: kinds.Name(one.kind) for path, one in answer.detailedDiff.items()} == wanted
    # What an import has is what the program declared, in the service's words.
    assert native.update(urn, id_, plain(found.properties), inputs)[IDS[kind]] == id_
    with another_run() as destroy:
        destroy.delete(urn, id_, outputs)
        assert destroy.read(urn, id_, outputs)[0] == ""


def test_lookups_find_what_is_there(native: Plugin) -> None:
    def invoke(name: str, **arguments: Any) -> dict[str, Any]:
        arguments["location"] = LOCATION
        request = provider_pb2.InvokeRequest(tok=f"videosnap:alibaba:{name}", args=to_struct(arguments))
        return plain(getattr(native.call("Invoke", request), "return"))

    made = {}
    for kind, declared in INPUTS.items():
        inputs, _ = native.check(urn_of(kind, "looked-at"), declared)
        made[kind] = inputs["name"], native.create(urn_of(kind, "looked-at"), inputs)[0]
    (name, id_), (workflow, workflow_id) = made.values()
    pipeline = invoke("getPipeline", pipelineId=id_)
    known = {"pipelineId": id_, "name": name, "state": "Paused", "notification": {"queueName": "frames"}}
    assert pipeline.items() >= known.items()
    assert pipeline in invoke("searchPipelines", state="Paused")["pipelines"]
    found = invoke("getSnapshotWorkflow", workflowId=workflow_id)
    known = {"name": workflow, "state": "Inactive", "trigger": "manual", "publish": "manual"}
    assert found.items() >= {**known, "otherActivities": []}.items()
    assert found["input"] == {"location": LOCATION, "bucket": "media", "prefix": "in/"}
    assert found["snapshots"]["cover"]["mediaCover"] is True
    assert found["snapshots"]["strip"]["snapshotConfig"]["outputFile"]["object"] == "s/{RunId}-{Count}.jpg"
    listed = invoke("searchSnapshotWorkflows", state="Inactive")["snapshotWorkflows"]
    assert (workflow_id, workflow) in [(one["mediaWorkflowId"], one["name"]) for one in listed]
    assert invoke("searchSnapshotWorkflows", state="Active")["snapshotWorkflows"] == []
    for function, arguments, error in (
        ("getPipeline", {"pipelineId": "0" * 32}, f"pipeline {'0' * 32} does not exist"),
        ("getSnapshotWorkflow", {"workflowId": "0" * 32}, f"workflow {'0' * 32} does not exist"),
        ("getPipeline", {"pipelineId": "a b"}, "pipeline_id: must be the id of a pipeline"),
        ("getSnapshotWorkflow", {"workflowId": ""}, "workflow_id: must be the id of a workflow"),
        ("getPipeline", {}, "pipelineId: is required"),
        ("searchSnapshotWorkflows", {"state": "Paused"}, "state: must be 'All' or 'Active' or 'Inactive'"),
    ):
        with pytest.raises(PluginError, match=error):
            invoke(function, **arguments)


@pytest.mark.parametrize("one", resource_types(), ids=lambda one: one.token)
def test_the_schema_says_of_each_input_whether_it_replaces(one: ResourceType) -> None:
    """Blocks of one type are replaced in one resource and changed in place in another."""

    def flagged(properties: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, spec in properties.items():
            if spec.get("willReplaceOnChanges"):
                yield (*above, name)
            member = spec.get("items", spec.get("additionalProperties", spec))
            block = schema()["types"].get(member.get("$ref", "").removeprefix("#/types/"), {})
            yield from flagged(block.get("properties", {}), (*above, name))

    resource = schema()["resources"][f"videosnap:{one.token}"]
    found = set(flagged(resource["inputProperties"]))
    for leaf in facts(one.inputs):
        if leaf.path[0] in resource["inputProperties"]:
            around = {path for path in found if path == leaf.path[: len(path)]}
            below = {path for path in found if path[: len(leaf.path)] == leaf.path}
            assert bool(around) is (leaf.effect is Effect.REPLACE), leaf.path
            assert below <= around or leaf.effect is Effect.REPLACE, leaf.path


def test_what_is_no_id_is_refused_and_what_is_not_there_is_not_found(native: Plugin) -> None:
    for kind, word in (("Pipeline", "location/pipeline"), ("SnapshotWorkflow", "location/workflow")):
        urn = urn_of(kind, "absent")
        for id_, error in ((f"{LOCATION}/a_b", word), ("88c6ca1", word), ("x/88c6ca1", "OSS location")):
            with pytest.raises(PluginError, match=error):
                native.ask("Read", urn, id=id_)
        assert native.ask("Read", urn, id=f"{LOCATION}/{'0' * 32}") == provider_pb2.ReadResponse()


@pytest.mark.parametrize("kind", ["SnapshotJob", "SnapshotWorkflow"])
def test_an_import_from_another_location_than_the_answers_is_refused(native: Plugin, kind: str) -> None:
    """One endpoint may serve several locations."""
    urn = urn_of(kind, "elsewhere")
    inputs = job_inputs("elsewhere", waitFor="submitted") if kind == "SnapshotJob" else INPUTS[kind]
    id_, _ = native.create(urn, native.check(urn, inputs)[0])
    error = f"id: {id_} is in oss-cn-hangzhou, not in oss-cn-shanghai; import oss-cn-hangzhou/{id_}"
    with pytest.raises(PluginError, match=error):
        native.ask("Read", urn, id=f"oss-cn-shanghai/{id_}")
    assert native.ask("Read", urn, id=f"{LOCATION}/{id_}").id == id_


def test_what_was_made_is_recorded_where_a_later_call_fails(
    native: Plugin, shared_emulator: Emulator
) -> None:
    urn = urn_of("Pipeline", "half")
    inputs, _ = native.check(urn, INPUTS["Pipeline"])
    shared_emulator.fault("error", "UpdatePipeline", status=403, code="Forbidden.RAM")
    with pytest.raises(PluginError, match="UpdatePipeline") as failed:
        native.create(urn, inputs)
    assert failed.value.recorded
    id_, outputs, _ = failed.value.recorded
    assert outputs["pipelineId"] == id_
    assert native.update(urn, id_, outputs, inputs)["state"] == "paused"
