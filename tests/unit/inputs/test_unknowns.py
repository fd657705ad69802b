"""What a preview does not know yet passes every check and comes back unknown; what it knows is checked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.plugin import UNKNOWN
from support.sampling import examples
from unit.inputs.tasks import STORAGES, Check, Path, at, complete, edited, paths

WRONG: dict[Path, tuple[Any, str]] = {
    ("maxIdleTime",): (9, "max_idle_time must be a whole number from 10 to 86400 seconds, not 9"),
    ("imageConfig", "interval"): (
        0,
        "image_config.interval must be a whole number from 1 to 600 seconds, not 0",
    ),
}


@pytest.mark.parametrize("storage", STORAGES)
def test_an_unknown_value_is_accepted_anywhere_and_a_wrong_one_beside_it_refused(
    check: Check, storage: str
) -> None:
    for path in paths(complete(storage)):
        unknown = edited(complete(storage), {path: UNKNOWN})
        assert check(unknown) == (unknown, []), path
        wrong, (value, line) = next(row for row in WRONG.items() if path not in (row[0], row[0][:1]))
        assert check(edited(unknown, {wrong: value}))[1] == [line], path


@st.composite
def _partly_unknown(draw: st.DrawFn) -> tuple[dict[str, Any], list[Path]]:
    """Complete inputs in which any number of blocks and leaves, none within another, are unknown."""
    inputs = complete(draw(st.sampled_from(list(STORAGES))))
    chosen = draw(st.lists(st.sampled_from(list(paths(inputs))), unique=True, min_size=1))
    outer = [p for p in chosen if not any(p != q and p[: len(q)] == q for q in chosen)]
    return edited(inputs, dict.fromkeys(outer, UNKNOWN)), outer


@given(_partly_unknown())
@settings(deadline=None, max_examples=examples(50, 150))
def test_any_set_of_unknown_values_is_let_through(
    check: Check, drawn: tuple[dict[str, Any], list[Path]]
) -> None:
    inputs, unknown = drawn
    checked, refused = check(inputs)
    assert refused == []
    assert checked == inputs
    assert all(at(checked, path) == UNKNOWN for path in unknown)


def test_defaults_are_filled_in_and_missing_fields_refused_around_unknown_values(check: Check) -> None:
    streams, storage = [UNKNOWN, {"userId": UNKNOWN}], {"customConfig": UNKNOWN}
    names = {"appId": UNKNOWN, "roomId": "Room1", "taskId": "Task1"}
    checked, refused = check({**names, "targetStreams": {"streamList": streams}, "storageConfig": storage})
    assert refused == []
    assert checked["targetStreams"]["streamList"] == [
        UNKNOWN,
        {"userId": UNKNOWN, "index": 1, "streamType": "camera"},
    ]
    assert checked["storageConfig"] == {"type": "custom", "customConfig": UNKNOWN}
    assert checked["imageConfig"] == {"interval": 2, "format": "jpeg", "width": 0, "height": 0}
    inputs = {"appId": UNKNOWN, "taskId": UNKNOWN, "storageConfig": {"tosConfig": {"bucket": UNKNOWN}}}
    missing = ["room_id is required", "storage_config.tos_config.account_id is required"]
    assert sorted(check(inputs)[1]) == missing
