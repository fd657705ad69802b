"""What a refresh makes of every answer: present, gone, or not to be read."""

from copy import deepcopy
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration.refresh.conftest import Stack, envelope, new_stack
from pulumi_videosnap import errors
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, value_at
from pulumi_videosnap.core.schema import facts
from pulumi_videosnap.errors import CallFailed, Garbled, NotFound, Unreachable
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.data import load
from support.story import declare
from unit.inputs.tasks import ABSENT, STORAGES, at, complete, edited, leaves, paths
from unit.inputs.tasks import Path as Steps

TABLES = load("rtc/refresh.json")
NO_DRIFT: dict[str, tuple[Any, Any]] = {}


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize("name", TABLES["rows"])
def test_a_row_of_the_table(stack: Stack, name: str, keep_running: bool) -> None:
    """Where the state drifts, the next `up` heals it by an update."""
    answer, may_end, must_run = TABLES["rows"][name]
    stack.up({**complete(), "keepRunning": keep_running})
    stack.service.task.update(answer)
    drifted = must_run if keep_running else may_end
    assert stack.drift() == ({"state": ("running", drifted)} if drifted else NO_DRIFT)
    assert stack.plan() == ("update" if drifted else "nothing")
    assert stack.drift() == NO_DRIFT, "a second refresh finds nothing new"


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(("hours", "gone"), TABLES["ages"])
def test_an_unknown_task_is_gone_by_age(stack: Stack, hours: float, gone: bool, keep_running: bool) -> None:
    stack.up({**complete(), "keepRunning": keep_running})
    before = dict(stack.outputs)
    stack.service.forget(timedelta(hours=hours))
    if gone:
        assert stack.drift() == {"lobby": ("there", "gone")}
        assert stack.plan() == "create"
        return
    assert stack.drift() == NO_DRIFT
    assert stack.outputs == before
    assert stack.plan() == "nothing"
    [line] = [line for line in stack.engine.said if "cannot be read" in line]
    assert "72 hours after the start, and that was 2023-11-14T22:13:20.000Z" in line
    assert "kept as recorded (running)" in line


def test_the_age_is_counted_from_the_last_start_and_by_the_services_clock(stack: Stack) -> None:
    stack.up(complete())
    stack.service.now += timedelta(hours=80).total_seconds()
    stack.service.task.update(Status=3, EndTime=1_700_000_500_000, StopReason="StopByAPI")
    assert stack.drift() == {"state": ("running", "ended: StopByAPI")}
    stack.engine.up({"lobby": stack.declared})
    began = stack.service.now
    stack.service.forget(timedelta(hours=81))
    assert stack.service.now > began
    assert stack.drift() == {"lobby": ("there", "gone")}


def test_the_start_is_remembered_when_an_answer_does_not_tell_it(stack: Stack) -> None:
    stack.up(complete())
    del stack.service.task["StartTime"]
    assert stack.drift() == NO_DRIFT
    stack.service.forget(timedelta(hours=1))
    assert stack.drift() == {"lobby": ("there", "gone")}


@pytest.mark.parametrize(
    "result",
    [None, {}, {"SnapshotTask": None}, {"SnapshotTask": {}}, {"SnapshotTask": {"Status": 0, "EndTime": 0}}],
)
def test_an_answer_without_a_task_is_an_error_and_no_task_that_is_gone(stack: Stack, result: Any) -> None:
    stack.up(complete())
    stack.service.fail(envelope(result))
    with pytest.raises(Garbled, match="has no task"):
        stack.drift()


def response(status: int, body: Any, headers: dict[str, str]) -> Response:
    """A response of the table: bytes, an error in the vendor's envelope, or a result in it."""
    if isinstance(body, str):
        return Response(status, headers, body.encode())
    if "error" in body:
        error = {"Code": body["error"], "Message": body.get("message", "no")}
        return Response(status, headers, envelope(error=error))
    return Response(status, headers, envelope(body["result"]))


FAILURES: dict[str, tuple[type[CallFailed], Response | Exception]] = {
    "connection refused": (Unreachable, TransportError("connection refused", Retry.ALWAYS)),
    "silence": (Unreachable, TransportError("no answer in time", Retry.IF_IDEMPOTENT)),
    "too large": (Garbled, TransportError("more than 4 MB", Retry.NEVER, kind=Garbled)),
    **{
        name: (getattr(errors, kind), response(status, body, *headers or [{}]))
        for name, (kind, status, body, *headers) in TABLES["failures"].items()
    },
}


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_call_is_an_error_and_nothing_else(stack: Stack, name: str, keep_running: bool) -> None:
    kind, failure = FAILURES[name]
    stack.up({**complete(), "keepRunning": keep_running})
    before = deepcopy(stack.engine.state)
    stack.service.failure = failure
    with pytest.raises(kind) as raised:
        stack.drift()
    assert type(raised.value) is kind
    assert stack.engine.state == before
    assert "\n" not in str(raised.value)
    stack.service.failure = None
    assert stack.drift() == {}
    assert stack.plan() == "nothing"


def test_every_kind_of_failure_is_tried() -> None:
    tried = {kind for kind, _ in FAILURES.values()}
    assert tried | {NotFound} == set(CallFailed.__subclasses__())


def test_a_task_of_which_nothing_was_recorded_is_not_gone_but_unknown(stack: Stack) -> None:
    stack.up(complete())
    del stack.outputs["startTime"]
    stack.service.forget(timedelta())
    with pytest.raises(NotFound):
        stack.drift()


INPUTS = SnapshotTaskInputs.model_validate(declare("661e")).properties()
OPTIONAL = [
    leaf.path
    for leaf in facts(SnapshotTaskInputs)
    if not leaf.info.is_required() and value_at(INPUTS, leaf.path) is not None
]


def _diff(recorded: dict[str, Any], inputs: dict[str, Any]) -> list[Path]:
    def connect(profile: str | None, **_: Any) -> Any:
        raise AssertionError("a diff calls nothing")

    return SnapshotTaskLifecycle(Context(), connect).diff(recorded, inputs)


def _without(path: Path) -> dict[str, Any]:
    return edited(INPUTS, {path: ABSENT})


@pytest.mark.parametrize("path", [path for path in OPTIONAL if path[-1] != "interval"], ids=str)
def test_a_field_that_was_not_recorded_agrees_with_its_default(path: Path) -> None:
    assert _diff(_without(path), INPUTS) == []


def test_a_field_that_was_not_recorded_differs_from_anything_else() -> None:
    wider = SnapshotTaskInputs.model_validate(declare("661e", imageConfig={"interval": 5, "width": 640}))
    assert _diff(_without(("imageConfig", "width")), wider.properties()) == [("imageConfig", "width")]


# The vendor's page on GetSnapshotTask (docs/6348/1188226), its sample of an answer word for word.
SAMPLE = load("rtc/GetSnapshotTask.answer.json")["Result"]["SnapshotTask"]
LIKE_THE_SAMPLE: dict[str, Any] = TABLES["like the sample"]
RUNNING = {**deepcopy(SAMPLE), "Status": 2, "StopReason": "", "EndTime": 0}


def task(storage: str = "tos") -> dict[str, Any]:
    """Inputs that could have made the sample, in any storage."""
    return {**LIKE_THE_SAMPLE, "storageConfig": STORAGES[storage]} if storage != "tos" else LIKE_THE_SAMPLE


@pytest.mark.parametrize(
    ("keep_running", "drift"), [(False, {}), (True, {"state": ("running", "ended: IdleTimeOut")})]
)
def test_the_vendors_sample_is_complete(stack: Stack, keep_running: bool, drift: dict[str, Any]) -> None:
    stack.up({**task(), "keepRunning": keep_running}).service.task = SAMPLE
    assert stack.drift() == drift
    times = {"startTime": "2023-02-24T08:28:29.000Z", "endTime": "2023-02-24T08:31:51.000Z"}
    assert stack.outputs.items() >= {"status": "ended", "stopReason": "IdleTimeOut", **times}.items()


@pytest.mark.parametrize("storage", STORAGES)
def test_the_sample_of_a_running_task_is_no_drift_in_any_storage(stack: Stack, storage: str) -> None:
    number = list(STORAGES).index(storage)
    stack.up(task(storage)).service.task = edited(RUNNING, {("StorageConfig", "Type"): number})
    assert stack.drift() == {}


@pytest.mark.parametrize("value", [ABSENT, None])
@pytest.mark.parametrize("path", [path for path in paths(RUNNING) if isinstance(path[-1], str)], ids=str)
def test_one_thing_that_is_not_answered_is_no_drift(stack: Stack, path: Steps, value: Any) -> None:
    stack.up(task()).service.task = edited(RUNNING, {path: value})
    assert stack.drift() == {}


@st.composite
def _fragments(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[Steps, Any]]:
    """A storage, the whole answer, and the fields of it that are left out or null (in all streams alike)."""
    storage = draw(st.sampled_from(list(STORAGES)))
    stack = new_stack().up(complete(storage))
    whole = stack.service.task
    fields = [path for path in paths(whole) if not any(isinstance(step, int) for step in path)]
    chosen = draw(st.lists(st.sampled_from(fields), unique=True))
    gone: dict[Steps, Any] = {path: draw(st.sampled_from([ABSENT, None])) for path in chosen}
    for name in draw(st.lists(st.sampled_from(["UserId", "Index", "StreamType"]), unique=True)):
        value = draw(st.sampled_from([ABSENT, None]))
        gone.update({("TargetStreams", "StreamList", at, name): value for at in range(2)})
    outermost = {p: v for p, v in gone.items() if not any(p != q and p[: len(q)] == q for q in gone)}
    return storage, whole, outermost


@given(_fragments())
@settings(deadline=None, max_examples=150)
def test_any_set_of_things_that_are_not_answered_is_no_drift(
    drawn: tuple[str, dict[str, Any], dict[Steps, Any]],
) -> None:
    storage, whole, gone = drawn
    fragment = edited(whole, gone)
    assume(any(at(fragment, path) not in (None, 0, "") for path in leaves(fragment)))  # else there is none
    stack = new_stack().up(complete(storage))
    stack.service.task = fragment
    assert stack.drift() == {}


STREAMS = {
    "whole": [
        {"userId": "a"},
        {"userId": "b", "index": 9},
        {"userId": "a", "index": 2, "streamType": "screen"},
    ],
    "without zeros": [{"userId": "a"}, {"userId": "a", "streamType": "screen"}, {"userId": "b"}],
}


@pytest.mark.parametrize("how", STREAMS)
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_streams_and_zeros_left_out_are_no_drift(
    stack: Stack, order: tuple[int, ...], how: str
) -> None:
    answer = stack.up({**task(), "targetStreams": {"streamList": STREAMS[how]}}).service.task["TargetStreams"]
    streams = [
        {name: value for name, value in stream.items() if value != 0 or how == "whole"}
        for stream in answer["StreamList"]
    ]
    answer["StreamList"] = [streams[at] for at in order]
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


def _another(value: Any) -> Any:
    return "other" if isinstance(value, str) else not value if isinstance(value, bool) else value - 1


ANSWERED = {storage: new_stack().up(complete(storage)).service.task for storage in STORAGES}
NO_SETTINGS = ("StartTime", "EndTime", "Status", "StopReason")
SETTINGS = {
    path: storage
    for storage, answer in ANSWERED.items()
    for path in leaves(answer)
    if path[0] not in NO_SETTINGS and path[-1] != "Type"
}
"""Every setting that an answer carries, with a storage that has it."""


def _input(path: Steps) -> str:
    """The input that a field of the answer belongs to; the streams are one."""
    names = [f"{step[0].lower()}{step[1:]}" for step in path if isinstance(step, str)]
    return ".".join(names[:2] if names[0] == "targetStreams" else names)


@pytest.mark.parametrize("path", SETTINGS, ids=str)
def test_another_value_is_drift_on_its_field(stack: Stack, path: Steps) -> None:
    answer = stack.up(complete(SETTINGS[path])).service.task
    stack.service.task = edited(answer, {path: _another(at(answer, path))})
    assert list(stack.drift()) == [_input(path)]
    assert stack.plan() == ("update" if path[-1] == "Interval" else "replace")


@pytest.mark.parametrize(("storage", "path", "left_out"), TABLES["neighbours"])
def test_another_value_is_drift_also_where_its_neighbour_is_not_answered(
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


def test_what_is_not_answered_of_a_stream_is_shown_as_recorded(stack: Stack) -> None:
    answer = [{"UserId": "user0"}, {"UserId": "user2", "Index": 1}]
    stack.up(task()).service.task = edited(RUNNING, {("TargetStreams", "StreamList"): answer})
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
def test_a_number_without_a_word_is_shown_as_it_is(stack: Stack, path: Steps, drift: dict[str, Any]) -> None:
    stack.up(task()).service.task = edited(RUNNING, {path: 7})
    found = stack.drift()
    assert found.keys() == drift.keys()
    assert all(found[name] == change for name, change in drift.items() if change is not ...)
    assert stack.plan() == "replace"


@pytest.mark.parametrize("storage", ["vod", "custom", "veimagex"])
def test_another_storage_is_drift_on_its_type(stack: Stack, storage: str) -> None:
    other: dict[Steps, Any] = {("StorageConfig",): ANSWERED[storage]["StorageConfig"]}
    stack.up(task()).service.task = edited(RUNNING, other)
    found = stack.drift()
    assert found["storageConfig.type"] == ("tos", storage)
    assert stack.plan() == "replace"


def test_keys_that_an_answer_should_not_carry_are_not_taken_from_it(stack: Stack) -> None:
    stack.up(complete("custom"))
    stack.service.task["StorageConfig"]["CustomConfig"].update(AccessKey="leaked-ak", SecretKey="leaked-sk")
    assert stack.drift() == {}
    assert "leaked" not in str(stack.outputs)
    assert stack.outputs["storageConfig"]["customConfig"]["secretKey"] == "its-secret"
