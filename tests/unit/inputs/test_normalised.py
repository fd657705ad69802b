"""The provider's own spelling of inputs: words in lower case, defaults filled in, always the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from pulumi_videosnap.core.schema import Effect, facts
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.plugin import Plugin
from support.sampling import examples
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


@pytest.mark.parametrize(("storage", "path", "words"), WORDS)
def test_a_word_in_any_case_and_the_vendors_number_become_the_word(
    check: Check, storage: str, path: Path, words: dict[int, str]
) -> None:
    for number, word in words.items():
        wanted = edited(complete(storage), {path: word})
        for spelling in (word, word.upper(), word.title(), int(number), float(number)):
            assert check(edited(complete(storage), {path: spelling})) == (wanted, [])


def test_the_least_that_a_program_can_declare(check: Check) -> None:
    least = {"appId": "661e", "roomId": "Room1", "taskId": "Task1"}
    bucket = {"accountId": "2100000000", "bucket": "frames"}
    checked, refused = check({**least, "storageConfig": {"tosConfig": bucket}})
    assert refused == []
    assert checked == {
        **least,
        "targetStreams": {"streamList": []},
        "maxIdleTime": 180,
        "imageConfig": {"interval": 2, "format": "jpeg", "width": 0, "height": 0},
        "storageConfig": {"type": "tos", "tosConfig": {**bucket, "region": 0}},
        **{"keepRunning": False, "triggers": [], "state": "running"},
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


def test_accounts_as_numbers_and_the_places_of_streams(check: Check) -> None:
    path = ("storageConfig", "tosConfig", "accountId")
    for number in (2100000000, 2100000000.0, 0):
        written = edited(complete(), {path: number})
        assert check(written) == (edited(complete(), {path: str(int(number))}), [])
    streams = [{"userId": "a"}, {"userId": "b", "streamType": 1}]
    checked, refused = check({**complete(), "targetStreams": {"streamList": streams}})
    assert refused == []
    assert checked["targetStreams"]["streamList"] == [
        {"userId": "a", "index": 0, "streamType": "camera"},
        {"userId": "b", "index": 1, "streamType": "screen"},
    ]


@given(valid())
@settings(deadline=None, max_examples=examples(50, 200))
def test_checking_twice_changes_nothing(check: Check, plugin: Plugin, inputs: dict[str, Any]) -> None:
    checked, refused = check(inputs)
    assert refused == []
    assert check(inputs) == check(checked) == (checked, [])
    assert plugin.diff("urn:pulumi:x::x::x::x", "id", checked, checked) == []


def test_every_leaf_declares_the_effect_of_its_change_and_what_it_means() -> None:
    leaves = list(facts(SnapshotTaskInputs))
    assert len(leaves) > 25
    assert all(isinstance(leaf.effect, Effect) for leaf in leaves)
    assert all(leaf.info.description for leaf in leaves)
    in_place = {".".join(map(str, leaf.path)) for leaf in leaves if leaf.effect is Effect.IN_PLACE}
    assert in_place == {"imageConfig.interval", "keepRunning", "framePrefix", "state"}
