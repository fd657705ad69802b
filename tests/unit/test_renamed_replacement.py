"""A preview that replaces a resource under another URN."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_videosnap.review.preview import read_preview

NEW = "videosnap:volcengine:SnapshotTask"


def resource(type_: str, name: str) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::shop::{type_}::{name}"
    return {"urn": urn, "type": type_, "id": "a/b/c", "custom": True, "inputs": {}, "outputs": {}}


@pytest.mark.parametrize(
    "old",
    [
        resource(NEW, "hall"),
        resource(NEW, "old"),
        resource("pulumi-python:dynamic/volcengine:SnapshotTask", "hall"),
    ],
    ids=["same", "renamed", "switched"],
)
def test_a_replacement_is_one_whatever_the_old_urn_was(old: dict[str, Any]) -> None:
    new = resource(NEW, "hall")
    both = {"urn": new["urn"], "oldState": old, "newState": new}
    steps = [
        {"op": "delete-replaced", "urn": old["urn"], "oldState": old},
        {"op": "replace", **both},
        {"op": "create-replacement", **both},
    ]
    (step,) = read_preview(json.dumps({"steps": steps})).steps
    assert step.operation == "replace"
