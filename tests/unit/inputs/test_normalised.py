"""The provider's own spelling of inputs: words in lower case, defaults filled in, always the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from pulumi_videosnap.core.schema import Effect, facts
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from unit.inputs.tasks import Check, Path, complete, edited, valid

WORDS: list[tuple[str, Path, dict[int, str]]] = [
    ("tos", ("imageConfig", "format"), dict(models.FORMAT_WORDS)),
    ("tos", ("targetStreams", "streamList", 0, "streamType"), dict(models.STREAM_TYPE_WORDS)),
    ("vod", ("storageConfig", "vodConfig", "storageClass"), dict(models.STORAGE_CLASS_WORDS)),
    ("custom", ("storageConfig", "customConfig", "vendor"), dict(models.VENDOR_WORDS)),
    *(
        (storage, ("storageConfig", "type"), {int(number): storage})
        for number, storage in models.STORAGE_TYPE_WORDS.items()
    ),
]


@pytest.mark.parametrize(
    ("storage", "path", "number", "word"),
    [
        pytest.param(storage, path, int(number), word, id=f"{path[-1]}: {word}")
        for storage, path, known in WORDS
        for number, word in known.items()
    ],
)
def test_a_word_in_any_case_and_the_vendors_number_become_the_word(
    check: Check, storage: str, path: Path, number: int, word: str
) -> None:
    wanted = edited(complete(storage), {path: word})
    for spelling in (word, word.upper(), word.title(), number, float(number)):
        assert check(edited(complete(storage), {path: spelling})) == (wanted, [])


def test_the_least_that_a_program_can_declare(check: Check) -> None:
    checked, refused = check(
        {
            "appId": "661e",
            "roomId": "Room1",
            "taskId": "Task1",
            "storageConfig": {"tosConfig": {"accountId": "2100000000", "bucket": "frames"}},
        }
    )
    assert refused == []
    assert checked == {
        "appId": "661e",
        "roomId": "Room1",
        "taskId": "Task1",
        "targetStreams": {"streamList": []},
        "maxIdleTime": 180,
        "imageConfig": {"interval": 2, "format": "jpeg", "width": 0, "height": 0},
        "storageConfig": {
            "type": "tos",
            "tosConfig": {"accountId": "2100000000", "bucket": "frames", "region": 0},
        },
        "keepRunning": False,
        "triggers": [],
        "state": "running",
    }


@pytest.mark.parametrize(
    "block",
    [
        {"imageConfig": {"interval": None, "format": None, "width": None, "height": None}},
        {"targetStreams": {"streamList": None}},
        {"storageConfig": {"type": None, "tosConfig": {"accountId": "1", "bucket": "b", "region": None}}},
        {"storageConfig": {"tosConfig": {"accountId": "1", "bucket": "b"}, "vodConfig": None}},
        {"businessId": None, "profile": None, "triggers": None, "keepRunning": None},
    ],
    ids=lambda block: next(iter(block)),
)
def test_a_null_is_as_good_as_nothing(check: Check, block: dict[str, Any]) -> None:
    without = {
        name: {key: value for key, value in fields.items() if value is not None}
        for name, fields in block.items()
        if fields is not None
    }
    plain = {name: value for name, value in complete().items() if name not in block}
    assert check({**plain, **block}) == check({**plain, **without})
    assert check({**plain, **block})[1] == []


@pytest.mark.parametrize("number", [2100000000, 2100000000.0, 0])
def test_an_account_may_be_written_as_a_number(check: Check, number: float) -> None:
    path = ("storageConfig", "tosConfig", "accountId")
    assert check(edited(complete(), {path: number})) == (edited(complete(), {path: str(int(number))}), [])


def test_streams_are_numbered_by_their_place(check: Check) -> None:
    checked, refused = check(
        {**complete(), "targetStreams": {"streamList": [{"userId": "a"}, {"userId": "b", "streamType": 1}]}}
    )
    assert refused == []
    assert checked["targetStreams"]["streamList"] == [
        {"userId": "a", "index": 0, "streamType": "camera"},
        {"userId": "b", "index": 1, "streamType": "screen"},
    ]


@given(valid())
@settings(deadline=None, max_examples=200)
def test_checking_twice_changes_nothing(check: Check, inputs: dict[str, Any]) -> None:
    checked, refused = check(inputs)
    assert refused == []
    assert check(inputs) == (checked, [])
    assert check(checked) == (checked, [])


@given(valid())
@settings(deadline=None, max_examples=50)
def test_inputs_as_they_come_back_from_a_check_are_no_change(
    check: Check, plugin: Any, inputs: dict[str, Any]
) -> None:
    checked, _ = check(inputs)
    assert plugin.diff("urn:pulumi:x::x::x::x", "id", checked, check(inputs)[0]) == []


def test_every_leaf_declares_the_effect_of_its_change_and_what_it_means() -> None:
    leaves = list(facts(SnapshotTaskInputs))
    assert len(leaves) > 25
    assert all(isinstance(leaf.effect, Effect) for leaf in leaves)
    assert all(leaf.info.description for leaf in leaves)
    in_place = {".".join(map(str, leaf.path)) for leaf in leaves if leaf.effect is Effect.IN_PLACE}
    assert in_place == {"imageConfig.interval", "keepRunning", "framePrefix", "state"}
