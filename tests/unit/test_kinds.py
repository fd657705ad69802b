"""What state and previews show to be a resource kind; tests/e2e/test_third_cloud.py registers another."""

import base64
import json
import pickle
from typing import Any

import pytest

from pulumi_videosnap.alibaba.pipeline.resource import PipelineProvider
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.alibaba.workflow.resource import SnapshotWorkflowProvider
from pulumi_videosnap.kinds import DYNAMIC_PREFIX as DYNAMIC
from pulumi_videosnap.kinds import NATIVE_PREFIX as NATIVE
from pulumi_videosnap.kinds import kind_by_title, kind_of, kinds, resource_type, resource_types
from pulumi_videosnap.review.preview import read_preview
from pulumi_videosnap.state import read_export
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider

SUBCLASS = "pulumi-python:dynamic/studio:Camera"
PROVIDERS: dict[str, tuple[type, str]] = {
    "live room": (SnapshotTaskProvider, "appId roomId taskId storageConfig state"),
    "video file": (SnapshotJobProvider, "owner input snapshotConfig result"),
    "workflow": (SnapshotWorkflowProvider, "name input pipelineId snapshots presence"),
    "pipeline": (PipelineProvider, "location presence"),
}
"""The provider of each kind, and what its check returns at least."""


def record(
    resource_type: str, provider: type | None = None, name: str = "hall", /, **inputs: Any
) -> dict[str, Any]:
    """A resource as the engine writes it."""
    if provider:
        inputs["__provider"] = base64.b64encode(pickle.dumps(provider(), protocol=4)).decode()
    urn = f"urn:pulumi:dev::shop::{resource_type}::{name}"
    return {"urn": urn, "type": resource_type, "id": "1", "inputs": inputs, "outputs": dict(inputs)}


def export(*resources: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": resources}})


def preview(resource: dict[str, Any]) -> str:
    return json.dumps({"steps": [{"op": "create", "urn": resource["urn"], "newState": resource}]})


@pytest.mark.parametrize("prefix", [DYNAMIC, NATIVE])
def test_both_fronts_name_a_kind_by_its_token(prefix: str) -> None:
    for one in kinds():
        assert kind_of({"type": f"{prefix}{one.token}"}) is one
        assert resource_type(one.token) is one
    assert resource_type("frames:FramesReady") in resource_types()
    assert resource_type("acme:Nothing") is None


@pytest.mark.parametrize("title", PROVIDERS)
def test_a_programs_subclass_is_recognised_by_its_provider(title: str) -> None:
    resource = record(SUBCLASS, PROVIDERS[title][0])
    (task,) = read_export(export(resource), "dev").tasks
    (step,) = read_preview(preview(resource)).steps
    assert (task.kind, step.kind) == (kind_by_title(title), kind_by_title(title))


@pytest.mark.parametrize("title", PROVIDERS)
def test_a_programs_own_provider_is_recognised_by_what_check_returns(title: str) -> None:
    """A class of an importable module is pickled by its name alone, which says nothing of its bases."""
    base, names = PROVIDERS[title]
    own = type("OwnProvider", (base,), {"__module__": __name__, "__qualname__": "OwnProvider"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "OwnProvider", own)
        resource = record(SUBCLASS, own, **dict.fromkeys(names.split(), ""))
    assert b"pulumi_videosnap" not in base64.b64decode(resource["inputs"]["__provider"])
    (task,) = read_export(export(resource), "dev").tasks
    (step,) = read_preview(preview(resource)).steps
    assert (task.kind.title, step.kind and step.kind.title) == (title, title)
    for missing in names.split():
        other = {**resource, "inputs": {k: v for k, v in resource["inputs"].items() if k != missing}}
        assert read_export(export(other), "dev").tasks == ()


@pytest.mark.parametrize(
    "resource",
    [
        record(SUBCLASS),
        record("pulumi-python:dynamic:Resource", __provider="no base64!"),
        record("volcengine:SnapshotTasks"),
        record("pulumi:pulumi:Stack"),
    ],
    ids=["no-provider", "garbled", "other-token", "stack"],
)
def test_other_resources_are_of_no_kind(resource: dict[str, Any]) -> None:
    assert read_export(export(resource), "dev").tasks == ()
    assert read_preview(preview(resource)).steps == ()


KEY = "volcengineRegion"


@pytest.mark.parametrize("default", ["default", "default_0_1_0"])
@pytest.mark.parametrize("order", [1, -1], ids=["own-last", "own-first"])
def test_a_provider_of_the_program_never_overrides_the_stacks_configuration(default: str, order: int) -> None:
    values = {default: "of the stack", "own": "of its own"}
    resources = [
        record("pulumi:providers:videosnap", None, name, **{KEY: one}) for name, one in values.items()
    ]
    assert read_export(export(*resources[::order]), "dev").setting(f"videosnap:{KEY}") == "of the stack"


NEW = "videosnap:volcengine:SnapshotTask"
OLD = [record(NEW), record(NEW, None, "old"), record("pulumi-python:dynamic/volcengine:SnapshotTask")]


@pytest.mark.parametrize("old", OLD, ids=["same", "renamed", "switched"])
def test_a_replacement_is_one_whatever_the_old_urn_was(old: dict[str, Any]) -> None:
    new = record(NEW)
    both = {"urn": new["urn"], "oldState": old, "newState": new}
    deletion = {"op": "delete-replaced", "urn": old["urn"], "oldState": old}
    steps = [deletion, {"op": "replace", **both}, {"op": "create-replacement", **both}]
    (step,) = read_preview(json.dumps({"steps": steps})).steps
    assert step.operation == "replace"
