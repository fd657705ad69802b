"""The registry of resource kinds: what is recognised as one, and that a new one needs no other change."""

from __future__ import annotations

import base64
import json
import pickle
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from pulumi_videosnap import kinds
from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.frames.collect import report_of
from pulumi_videosnap.kinds import kind_titled
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.review.estimate import review_of
from pulumi_videosnap.review.preview import read_preview
from pulumi_videosnap.state import read_export
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider

SUBCLASS = "pulumi-python:dynamic/studio:Camera"
PROVIDERS = {"live room": SnapshotTaskProvider, "video file": SnapshotJobProvider}


def record(resource_type: str, provider: type | None = None, **inputs: Any) -> dict[str, Any]:
    """A resource as the engine writes it."""
    if provider:
        inputs["__provider"] = base64.b64encode(pickle.dumps(provider(), protocol=4)).decode()
    urn = f"urn:pulumi:dev::shop::{resource_type}::hall"
    return {"urn": urn, "type": resource_type, "id": "1", "inputs": inputs, "outputs": dict(inputs)}


def export(*resources: dict[str, Any]) -> str:
    return json.dumps({"deployment": {"resources": resources}})


def preview(resource: dict[str, Any]) -> str:
    return json.dumps({"steps": [{"op": "create", "urn": resource["urn"], "newState": resource}]})


@pytest.mark.parametrize("title", PROVIDERS)
def test_a_programs_subclass_is_recognised_by_its_provider(title: str) -> None:
    resource = record(SUBCLASS, PROVIDERS[title])
    (task,) = read_export(export(resource), "dev").tasks
    (step,) = read_preview(preview(resource)).steps
    assert (task.kind, step.kind) == (kind_titled(title), kind_titled(title))


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


@pytest.fixture
def third_kind(monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of a third cloud, by one line in the registry."""
    module = ModuleType("third_cloud_kind")
    title, token = "recorded stream", "third:Snapshot"
    module.KIND = replace(kind_titled("video file"), token=token, title=title)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(kinds, "_MODULES", list(kinds._MODULES))
    kinds.register(module.__name__)
    return title


def test_frames_of_a_new_kind_are_reported_without_another_change(third_kind: str) -> None:
    stack = read_export(export(record("pulumi-python:dynamic/third:Snapshot", state="Submitted")), "dev")
    (task,) = report_of(stack, Dependencies()).tasks
    assert (task.kind, "still Submitted" in str(task.problem)) == (third_kind, True)


def test_a_new_kind_is_reviewed_without_another_change(third_kind: str) -> None:
    resource = record("pulumi-python:dynamic/third:Snapshot", owner="a")
    (task,) = review_of(read_preview(preview(resource))).tasks
    assert (task.name, task.kind, task.outcome.value) == ("hall", third_kind, "new job")
