"""Silence is never taken for a change, and a real change is always seen, on its own field."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration.refresh.conftest import Stack, new_stack
from support.data import load
from unit.inputs.tasks import ABSENT, STORAGES, at, complete, edited, leaves, paths
from unit.inputs.tasks import Path as Steps

# The vendor's page on GetSnapshotTask (docs/6348/1188226), its sample of an answer word for word.
SAMPLE = load("rtc/GetSnapshotTask.answer.json")["Result"]["SnapshotTask"]
TABLES = load("rtc/refresh.json")
LIKE_THE_SAMPLE: dict[str, Any] = TABLES["like the sample"]

RUNNING = {**copy.deepcopy(SAMPLE), "Status": 2, "StopReason": "", "EndTime": 0}


def task(storage: str = "tos") -> dict[str, Any]:
    """Inputs that could have made the sample, in any storage."""
    return {**LIKE_THE_SAMPLE, "storageConfig": STORAGES[storage]} if storage != "tos" else LIKE_THE_SAMPLE


@pytest.mark.parametrize(
    ("keep_running", "drift"), [(False, {}), (True, {"state": ("running", "ended: IdleTimeOut")})]
)
def test_the_vendors_sample_is_a_complete_task(
    stack: Stack, keep_running: bool, drift: dict[str, Any]
) -> None:
    stack.up({**task(), "keepRunning": keep_running}).service.task = SAMPLE
    assert stack.drift() == drift
    assert stack.outputs["status"] == "ended"
    assert stack.outputs["stopReason"] == "IdleTimeOut"
    assert stack.outputs["startTime"] == "2023-02-24T08:28:29.000Z"
    assert stack.outputs["endTime"] == "2023-02-24T08:31:51.000Z"


@pytest.mark.parametrize("storage", STORAGES)
def test_the_sample_of_a_running_task_is_no_drift_in_any_storage(stack: Stack, storage: str) -> None:
    number = list(STORAGES).index(storage)
    stack.up(task(storage)).service.task = edited(RUNNING, {("StorageConfig", "Type"): number})
    assert stack.drift() == {}


def _gaps() -> list[Any]:
    return [
        pytest.param(path, value, id=f"{'.'.join(map(str, path))} {'absent' if value is ABSENT else 'null'}")
        for path in paths(RUNNING)
        if isinstance(path[-1], str)
        for value in (ABSENT, None)
    ]


@pytest.mark.parametrize(("path", "value"), _gaps())
def test_one_thing_that_is_not_said_is_no_drift(stack: Stack, path: Steps, value: Any) -> None:
    stack.up(task()).service.task = edited(RUNNING, {path: value})
    assert stack.drift() == {}


@st.composite
def _fragments(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[Steps, Any]]:
    """A storage, the whole answer, and the fields of it that are left out or null (in all streams alike)."""
    storage = draw(st.sampled_from(list(STORAGES)))
    stack = new_stack().up(complete(storage))
    whole = stack.service.task
    fields = [path for path in paths(whole) if isinstance(path[-1], str) and not _in_a_stream(path)]
    chosen = draw(st.lists(st.sampled_from(fields), unique=True))
    gone: dict[Steps, Any] = {path: draw(st.sampled_from([ABSENT, None])) for path in chosen}
    for name in draw(st.lists(st.sampled_from(["UserId", "Index", "StreamType"]), unique=True)):
        value = draw(st.sampled_from([ABSENT, None]))
        gone.update({("TargetStreams", "StreamList", at, name): value for at in range(2)})
    outermost = {p: v for p, v in gone.items() if not any(p != q and p[: len(q)] == q for q in gone)}
    return storage, whole, outermost


def _in_a_stream(path: Steps) -> bool:
    return any(isinstance(step, int) for step in path)


@given(_fragments())
@settings(deadline=None, max_examples=150)
def test_any_set_of_things_that_are_not_said_is_no_drift(
    drawn: tuple[str, dict[str, Any], dict[Steps, Any]],
) -> None:
    storage, whole, gone = drawn
    fragment = edited(whole, gone)
    assume(any(value not in (None, 0, "") for value in _values(fragment)))  # else it says that there is none
    stack = new_stack().up(complete(storage))
    stack.service.task = fragment
    assert stack.drift() == {}


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _values(inner)
    else:
        yield value


STREAMS = [
    [{"userId": "a"}, {"userId": "b", "index": 9}, {"userId": "a", "index": 2, "streamType": "screen"}],
    [{"userId": "a"}, {"userId": "a", "streamType": "screen"}, {"userId": "b"}],
]


@pytest.mark.parametrize("streams", STREAMS, ids=["told", "zeros-left-out"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_streams_and_zeros_left_out_are_no_drift(
    stack: Stack, order: tuple[int, ...], streams: list[dict[str, Any]]
) -> None:
    stack.up({**task(), "targetStreams": {"streamList": streams}})
    answered = [
        {name: value for name, value in stream.items() if value != 0 or streams is STREAMS[0]}
        for stream in stack.service.task["TargetStreams"]["StreamList"]
    ]
    stack.service.task["TargetStreams"]["StreamList"] = [answered[at] for at in order]
    assert stack.drift() == {}


@pytest.mark.parametrize("streams", TABLES["no streams"], ids=str)
def test_no_streams_in_an_answer_are_all_streams(stack: Stack, streams: Any) -> None:
    stack.up({**task(), "targetStreams": {"streamList": []}}).service.task["TargetStreams"] = streams
    assert stack.drift() == {}
    stack = new_stack().up(complete("vod"))
    stack.service.task["StorageConfig"]["VodConfig"]["StorageClass"] = 0
    assert stack.drift() == {}, "a storage class of zero is none"


@pytest.mark.parametrize("more", TABLES["no drift"], ids=str)
def test_what_says_nothing_of_the_settings_is_no_drift(stack: Stack, more: dict[str, Any]) -> None:
    [(path, value)] = more.items()
    change: dict[Steps, Any] = {tuple(path.split(".")): ABSENT if value == "$absent" else value}
    stack.up(task()).service.task = edited(RUNNING, change)
    assert stack.drift() == {}


def _changes() -> Iterator[Any]:
    """Every setting that an answer carries, in every storage, with another value."""
    seen = set()
    for storage in STORAGES:
        answer = new_stack().up(complete(storage)).service.task
        for path in leaves(answer):
            if (
                path[0] in ("StartTime", "EndTime", "Status", "StopReason")
                or path[-1] == "Type"
                or path in seen
            ):
                continue
            seen.add(path)
            value = at(answer, path)
            another = (
                not value if isinstance(value, bool) else value - 1 if isinstance(value, int) else "other"
            )
            yield pytest.param(storage, path, another, id=".".join(map(str, path)))


def _input(path: Steps) -> str:
    """The input that a field of the answer belongs to; the streams are one."""
    names = [f"{step[0].lower()}{step[1:]}" for step in path if isinstance(step, str)]
    return ".".join(names[:2] if names[0] == "targetStreams" else names)


@pytest.mark.parametrize(("storage", "path", "value"), list(_changes()))
def test_another_value_is_drift_on_exactly_its_field(
    stack: Stack, storage: str, path: Steps, value: Any
) -> None:
    stack.up(complete(storage))
    stack.service.task = edited(stack.service.task, {path: value})
    assert list(stack.drift()) == [_input(path)]
    assert stack.plan() == ("update" if path[-1] == "Interval" else "replace")


@pytest.mark.parametrize(("storage", "path", "left_out"), TABLES["neighbours"])
def test_another_value_is_drift_also_where_its_neighbour_is_not_said(
    stack: Stack, storage: str, path: list[str], left_out: str
) -> None:
    stack.up(complete(storage))
    where = ("StorageConfig", *path)
    changes: dict[Steps, Any] = {where: "other", (*where[:-1], left_out): ABSENT}
    stack.service.task = edited(stack.service.task, changes)
    assert list(stack.drift()) == [_input(where)]


@pytest.mark.parametrize("streams", TABLES["other streams"], ids=str)
def test_other_streams_are_drift(stack: Stack, streams: list[dict[str, Any]]) -> None:
    stack.up(task()).service.task = edited(RUNNING, {("TargetStreams", "StreamList"): streams})
    assert list(stack.drift()) == ["targetStreams.streamList"]
    assert stack.plan() == "replace"


def test_what_is_not_said_of_a_stream_is_shown_as_recorded(stack: Stack) -> None:
    stack.up(task()).service.task = edited(
        RUNNING, {("TargetStreams", "StreamList"): [{"UserId": "user0"}, {"UserId": "user2", "Index": 1}]}
    )
    _, actual = stack.drift()["targetStreams.streamList"]
    streams = {stream["userId"]: (stream["index"], stream["streamType"]) for stream in actual}
    assert streams == {"user0": (0, "screen"), "user2": (1, "camera")}


@pytest.mark.parametrize(
    ("path", "drift"),
    [
        (("ImageConfig", "Format"), {"imageConfig.format": ("jpeg", 7)}),
        (("StorageConfig", "Type"), {"storageConfig.type": ("tos", 7), "storageConfig.tosConfig": ...}),
    ],
    ids=["format", "storage type"],
)
def test_a_number_that_has_no_word_yet_is_shown_as_it_is(
    stack: Stack, path: Steps, drift: dict[str, Any]
) -> None:
    stack.up(task()).service.task = edited(RUNNING, {path: 7})
    found = stack.drift()
    assert found.keys() == drift.keys()
    assert all(found[name] == change for name, change in drift.items() if change is not ...)
    assert stack.plan() == "replace"


@pytest.mark.parametrize("storage", ["vod", "custom", "veimagex"])
def test_another_storage_is_drift_on_its_type(stack: Stack, storage: str) -> None:
    other = new_stack().up(complete(storage)).service.task["StorageConfig"]
    stack.up(task()).service.task = edited(RUNNING, {("StorageConfig",): other})
    found = stack.drift()
    assert found["storageConfig.type"] == ("tos", storage)
    assert stack.plan() == "replace"


def test_keys_that_an_answer_should_not_carry_are_not_taken_from_it(stack: Stack) -> None:
    stack.up(complete("custom"))
    stack.service.task["StorageConfig"]["CustomConfig"].update(AccessKey="leaked-ak", SecretKey="leaked-sk")
    assert stack.drift() == {}
    assert "leaked" not in str(stack.outputs)
    assert stack.outputs["storageConfig"]["customConfig"]["secretKey"] == "its-secret"
