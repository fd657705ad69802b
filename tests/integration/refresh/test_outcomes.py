"""The drift table of the docs, row by row, for a task that may end and for one that is to keep running.

A call that failed says nothing of the task: it is neither gone nor drifted, and state stays as it was.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from integration.refresh.conftest import Stack, envelope
from pulumi_videosnap import errors
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, value_at
from pulumi_videosnap.core.schema import facts
from pulumi_videosnap.errors import CallFailed, Garbled, NotConfigured, NotFound, Unreachable, VideosnapError
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.data import load
from support.story import declare
from unit.inputs.tasks import complete

TABLES = load("rtc/refresh.json")
NO_DRIFT: dict[str, tuple[Any, Any]] = {}


def over(status: int, reason: str) -> dict[str, Any]:
    return {"Status": status, "EndTime": 1_700_000_500_000, "StopReason": reason}


def rows(table: str) -> list[Any]:
    return [pytest.param(*row, id=name) for name, row in TABLES[table].items()]


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(("said", "may_end", "must_run"), rows("rows"))
def test_a_row_of_the_table(
    stack: Stack, said: dict[str, Any], may_end: str | None, must_run: str | None, keep_running: bool
) -> None:
    """Where the state drifts, the next `up` heals it by an update."""
    stack.up({**complete(), "keepRunning": keep_running})
    stack.service.task.update(said)
    drifted = must_run if keep_running else may_end
    assert stack.drift() == ({"state": ("running", drifted)} if drifted else NO_DRIFT)
    assert stack.plan() == ("update" if drifted else "nothing")
    assert stack.drift() == NO_DRIFT, "a second refresh finds nothing new"


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(("hours", "gone"), TABLES["ages"])
def test_an_unknown_task_is_gone_or_kept_by_its_age(
    stack: Stack, hours: float, gone: bool, keep_running: bool
) -> None:
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
    [said] = [line for line in stack.engine.said if "cannot be read" in line]
    assert "72 hours after the start, and that was 2023-11-14T22:13:20.000Z" in said
    assert "kept as recorded (running)" in said


def test_the_age_is_counted_from_the_last_start_and_by_the_services_clock(stack: Stack) -> None:
    stack.up(complete())
    stack.service.now += timedelta(hours=80).total_seconds()
    stack.service.task.update(over(3, "StopByAPI"))
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
    "nobody listens": (Unreachable, TransportError("connection refused", Retry.ALWAYS)),
    "silence": (Unreachable, TransportError("no answer in time", Retry.IF_IDEMPOTENT)),
    "too large": (Garbled, TransportError("more than 4 MB", Retry.NEVER, kind=Garbled)),
    **{
        name: (getattr(errors, kind), response(status, body, *headers or [{}]))
        for name, (kind, status, body, *headers) in TABLES["failures"].items()
    },
}


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(("kind", "failure"), [pytest.param(*row, id=name) for name, row in FAILURES.items()])
def test_a_failed_call_is_an_error_and_nothing_else(
    stack: Stack, kind: type[CallFailed], failure: Response | Exception, keep_running: bool
) -> None:
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


def test_missing_credentials_are_no_drift() -> None:
    def connect(profile: str | None, **_: Any) -> Any:
        raise NotConfigured("no Volcengine credentials")

    lifecycle = SnapshotTaskLifecycle(Context(), connect)
    with pytest.raises(VideosnapError, match="no Volcengine credentials"):
        lifecycle.read("661e/Room1/Task1", {"startTime": "2024-01-01T00:00:00.000Z"})


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
