"""Inputs and the vendor's request cover each other: no field of either is out of the other's reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from pydantic import BaseModel

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.volcengine.convert import start_request
from pulumi_videosnap.volcengine.models import SnapshotTask, StartSnapshotBody
from pulumi_videosnap.volcengine.outcomes import interpret_reading
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from unit.inputs.tasks import STORAGES, complete, leaves, valid

NOT_SENT = {"keepRunning", "framePrefix", "triggers", "profile", "state"}
"""What the provider keeps to itself."""


def sent(inputs: dict[str, Any], environ: dict[str, str] | None = None) -> dict[str, Any]:
    """The StartSnapshot request that these inputs make."""
    body: dict[str, Any] = json.loads(
        start_request(SnapshotTaskInputs.model_validate(inputs), environ or {}).to_json()
    )
    return body


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """How GetSnapshotTask tells of a task that was started so: everything but identity and keys."""
    task = {name: body[name] for name in ("TargetStreams", "MaxIdleTime", "ImageConfig", "StorageConfig")}
    task["StorageConfig"].get("CustomConfig", {}).pop("AccessKey", None)
    task["StorageConfig"].get("CustomConfig", {}).pop("SecretKey", None)
    return {**task, "StartTime": 1677227309000, "EndTime": 0, "Status": 2, "StopReason": ""}


@given(valid())
@settings(max_examples=200)
def test_what_was_started_is_read_back_as_it_was_declared(inputs: dict[str, Any]) -> None:
    checked = SnapshotTaskInputs.model_validate(inputs).properties()
    environ = dict.fromkeys(inputs["storageConfig"].get("customConfig", {}).values(), "key")
    environ = {str(name): value for name, value in environ.items()}
    found = SnapshotTask.model_validate(answered(sent(checked, environ)))
    assert interpret_reading(checked, found).inputs == checked


def test_every_field_of_the_request_can_be_declared() -> None:
    reached = {
        ".".join(name for name in path if isinstance(name, str))
        for storage in STORAGES
        for path in leaves(sent(complete(storage)))
    }
    assert reached == set(_wire_leaves(StartSnapshotBody))


def _wire_leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for info in model.model_fields.values():
        name = f"{prefix}{info.alias}"
        block = _block(info.annotation)
        yield from _wire_leaves(block, f"{name}.") if block else [name]


def _block(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for found in map(_block, get_args(annotation)) if found), None)


def test_the_providers_own_fields_are_not_sent_and_the_names_of_a_task_are() -> None:
    names = {"AppId": "appId", "RoomId": "roomId", "TaskId": "taskId", "BusinessId": "businessId"}
    assert {name: sent(complete())[name] for name in names} == {n: complete()[i] for n, i in names.items()}
    for name in NOT_SENT:
        assert sent({key: value for key, value in complete().items() if key != name}) == sent(complete())


def test_a_storage_type_is_sent_with_its_block_only() -> None:
    found = {name: sent(complete(name))["StorageConfig"] for name in STORAGES}
    blocks = ["TosConfig", "VodConfig", "CustomConfig", "VeImageXConfig"]
    expected = {name: (number, {"Type", blocks[number]}) for number, name in enumerate(STORAGES)}
    assert {name: (block["Type"], {*block}) for name, block in found.items()} == expected


def test_keys_named_by_variable_are_sent_by_value() -> None:
    custom = {"bucket": "b", "accessKeyEnv": "MY_KEY", "secretKeyEnv": "MY_SECRET"}
    inputs = {**complete(), "storageConfig": {"customConfig": custom}}
    body = sent(inputs, {"MY_KEY": "ak", "MY_SECRET": "sk"})["StorageConfig"]["CustomConfig"]
    assert (body["AccessKey"], body["SecretKey"]) == ("ak", "sk")
    text = r"custom_config\.\w+_env names .* MY_\w+, which is not set"
    for environ in ({}, {"MY_KEY": "ak"}, {"MY_KEY": "ak", "MY_SECRET": ""}):
        with pytest.raises(NotConfigured, match=text):
            sent(inputs, environ)
