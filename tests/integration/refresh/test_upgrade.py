"""State that an older version wrote, before a field existed: an upgrade alone changes nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, value_at
from pulumi_videosnap.core.schema import facts
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.story import declare

INPUTS = SnapshotTaskInputs.model_validate(declare("661e")).properties()
OPTIONAL = [
    leaf.path
    for leaf in facts(SnapshotTaskInputs)
    if not leaf.info.is_required() and value_at(INPUTS, leaf.path) is not None
]


def _diff(recorded: dict[str, Any], inputs: dict[str, Any]) -> list[Path]:
    def connect(profile: str | None) -> Any:
        raise AssertionError("a diff calls nothing")

    return SnapshotTaskLifecycle(Context(), connect).diff(recorded, inputs)


def _without(path: Path) -> dict[str, Any]:
    older = deepcopy(INPUTS)
    block: Any = older
    for step in path[:-1]:
        block = block[step]
    del block[path[-1]]
    return older


@pytest.mark.parametrize("path", [path for path in OPTIONAL if path[-1] != "interval"], ids=str)
def test_a_field_that_was_not_recorded_agrees_with_its_default(path: Path) -> None:
    assert _diff(_without(path), INPUTS) == []


def test_a_field_that_was_not_recorded_differs_from_anything_else() -> None:
    wider = SnapshotTaskInputs.model_validate(declare("661e", imageConfig={"interval": 5, "width": 640}))
    assert _diff(_without(("imageConfig", "width")), wider.properties()) == [("imageConfig", "width")]
