"""What check makes of inputs, and what is then sent to the service."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pulumi_videosnap.core.schema import Effect, facts
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.convert import start_request
from pulumi_videosnap.volcengine.models import SnapshotTask, StartSnapshotBody
from pulumi_videosnap.volcengine.outcomes import interpret_reading
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.plugin import UNKNOWN, Plugin
from support.sampling import examples
from unit.inputs.tasks import STORAGES, Check, Path, at, complete, edited, leaves, paths, valid

WORDS: list[tuple[str, Path, dict[int, str]]] = [
    ("tos", ("imageConfig", "format"), dict(models.FORMAT_WORDS)),
    ("tos", ("targetStreams", "streamList", 0, "streamType"), dict(models.STREAM_TYPE_WORDS)),
    ("vod", ("storageConfig", "vodConfig", "storageClass"), dict(models.STORAGE_CLASS_WORDS)),
    ("custom", ("storageConfig", "customConfig", "vendor"), dict(models.VENDOR_WORDS)),
    *((word, ("storageConfig", "type"), {int(one): word}) for one, word in models.STORAGE_TYPE_WORDS.items()),
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
    blocks = {name: fields for name, fields in block.items() if fields is not None}
    without = {name: {k: v for k, v in fields.items() if v is not None} for name, fields in blocks.items()}
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


# -- What a preview does not know yet ------------------------------------------------------------------------

WRONG: dict[Path, str] = {
    ("maxIdleTime",): "max_idle_time must be a whole number from 1 to 86400 seconds, not 0",
    ("imageConfig", "interval"): "image_config.interval must be a whole number from 1 to 600 seconds, not 0",
}


@pytest.mark.parametrize("storage", STORAGES)
def test_an_unknown_value_is_accepted_and_a_wrong_one_beside_it_refused(check: Check, storage: str) -> None:
    for path in paths(complete(storage)):
        unknown = edited(complete(storage), {path: UNKNOWN})
        assert check(unknown) == (unknown, []), path
        wrong, line = next(row for row in WRONG.items() if path not in (row[0], row[0][:1]))
        assert check(edited(unknown, {wrong: 0}))[1] == [line], path


@st.composite
def _partly_unknown(draw: st.DrawFn) -> tuple[dict[str, Any], list[Path]]:
    """Complete inputs in which any number of blocks and leaves, none within another, are unknown."""
    inputs = complete(draw(st.sampled_from(list(STORAGES))))
    chosen = draw(st.lists(st.sampled_from(list(paths(inputs))), unique=True, min_size=1))
    outer = [p for p in chosen if not any(p != q and p[: len(q)] == q for q in chosen)]
    return edited(inputs, dict.fromkeys(outer, UNKNOWN)), outer


@given(_partly_unknown())
@settings(deadline=None, max_examples=examples(50, 150))
def test_any_unknown_values_are_let_through(check: Check, drawn: tuple[dict[str, Any], list[Path]]) -> None:
    inputs, unknown = drawn
    checked, refused = check(inputs)
    assert (refused, checked) == ([], inputs)
    assert all(at(checked, path) == UNKNOWN for path in unknown)


def test_defaults_are_filled_in_and_missing_fields_refused_around_unknown_values(check: Check) -> None:
    streams, storage = [UNKNOWN, {"userId": UNKNOWN}], {"customConfig": UNKNOWN}
    names = {"appId": UNKNOWN, "roomId": "Room1", "taskId": "Task1"}
    checked, refused = check({**names, "targetStreams": {"streamList": streams}, "storageConfig": storage})
    assert refused == []
    second = {"userId": UNKNOWN, "index": 1, "streamType": "camera"}
    assert checked["targetStreams"]["streamList"] == [UNKNOWN, second]
    assert checked["storageConfig"] == {"type": "custom", "customConfig": UNKNOWN}
    assert checked["imageConfig"] == {"interval": 2, "format": "jpeg", "width": 0, "height": 0}
    inputs = {"appId": UNKNOWN, "taskId": UNKNOWN, "storageConfig": {"tosConfig": {"bucket": UNKNOWN}}}
    missing = ["room_id is required", "storage_config.tos_config.account_id is required"]
    assert sorted(check(inputs)[1]) == missing


NOT_SENT = {"keepRunning", "framePrefix", "triggers", "profile", "state"}
"""What the provider keeps to itself."""


def sent(inputs: dict[str, Any], environ: dict[str, str] | None = None) -> dict[str, Any]:
    """The StartSnapshot request that these inputs make."""
    request = start_request(SnapshotTaskInputs.model_validate(inputs), environ or {})
    body: dict[str, Any] = json.loads(request.to_json())
    return body


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """GetSnapshotTask's answer for a task that was started so: everything but identity and keys."""
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
