"""The drift table of the docs, row by row, for a task that may end and for one that is to keep running."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integration.refresh.service import Stack, envelope
from unit.inputs.tasks import complete

IDLE, LEFT, STOPPED = "IdleTimeOut", "UserDisconnect", "StopByAPI"

NO_DRIFT: dict[str, tuple[Any, Any]] = {}
NOTHING = (NO_DRIFT, "nothing")


def state(actual: str) -> tuple[dict[str, tuple[Any, Any]], str]:
    """Drift of the state, which the next `up` heals by an update."""
    return {"state": ("running", actual)}, "update"


def over(status: int, reason: str) -> dict[str, Any]:
    return {"Status": status, "EndTime": 1_700_000_500_000, "StopReason": reason}


ROWS = [
    # what the service says, what a task that may end makes of it, and one that is to keep running
    pytest.param({}, NOTHING, NOTHING, id="running, same settings"),
    pytest.param({"Status": 1}, NOTHING, NOTHING, id="not started yet"),
    pytest.param({"Status": 0}, NOTHING, NOTHING, id="in an unknown state"),
    pytest.param({"Status": 9}, NOTHING, NOTHING, id="in a state that nobody has explained"),
    pytest.param(over(3, IDLE), NOTHING, state("ended: IdleTimeOut"), id="ended: IdleTimeOut"),
    pytest.param(over(3, LEFT), NOTHING, state("ended: UserDisconnect"), id="ended: UserDisconnect"),
    pytest.param(
        over(3, "UnknownStopReason"), NOTHING, state("ended: UnknownStopReason"), id="ended somehow"
    ),
    pytest.param(over(3, ""), NOTHING, state("ended: UnknownStopReason"), id="ended without a reason"),
    pytest.param(over(3, "Eclipse"), NOTHING, state("ended: Eclipse"), id="ended for a new reason"),
    pytest.param(
        over(3, STOPPED), state("ended: StopByAPI"), state("ended: StopByAPI"), id="ended: StopByAPI"
    ),
    pytest.param(
        over(3, "StartTaskFailed"),
        state("ended: StartTaskFailed"),
        state("ended: StartTaskFailed"),
        id="ended: StartTaskFailed",
    ),
    pytest.param(
        over(4, "StartTaskFailed"),
        state("failed: StartTaskFailed"),
        state("failed: StartTaskFailed"),
        id="failed to start",
    ),
    pytest.param(
        over(4, IDLE), state("failed: IdleTimeOut"), state("failed: IdleTimeOut"), id="failed, idle"
    ),
    pytest.param(
        over(4, ""), state("failed: UnknownStopReason"), state("failed: UnknownStopReason"), id="failed"
    ),
]


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(("said", "may_end", "must_run"), ROWS)
def test_a_row_of_the_table(
    stack: Stack,
    said: dict[str, Any],
    may_end: tuple[dict[str, Any], str],
    must_run: tuple[dict[str, Any], str],
    keep_running: bool,
) -> None:
    stack.up({**complete(), "keepRunning": keep_running})
    stack.service.task.update(said)
    drift, plan = must_run if keep_running else may_end
    assert stack.drift() == drift
    assert stack.plan() == plan
    assert stack.drift() == NO_DRIFT, "a second refresh finds nothing new"


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize(
    ("block", "field", "value", "path", "old", "plan"),
    [
        ("ImageConfig", "Interval", 9, "imageConfig.interval", 5, "update"),
        ("ImageConfig", "Width", 640, "imageConfig.width", 800, "replace"),
        (
            "StorageConfig",
            "TosConfig",
            {"Bucket": "media"},
            "storageConfig.tosConfig.bucket",
            "frames",
            "replace",
        ),
    ],
    ids=["interval", "size", "bucket"],
)
def test_another_setting_is_drift_on_its_field(
    stack: Stack, block: str, field: str, value: Any, path: str, old: Any, plan: str, keep_running: bool
) -> None:
    stack.up({**complete(), "keepRunning": keep_running})
    stack.service.task[block][field] = value
    actual = next(iter(value.values())) if isinstance(value, dict) else value
    assert stack.drift() == {path: (old, actual)}
    assert stack.plan() == plan


@pytest.mark.parametrize("status", [3, 4])
def test_the_settings_of_a_run_that_is_over_are_history(stack: Stack, status: int) -> None:
    stack.up(complete())
    stack.service.task.update(over(status, IDLE))
    stack.service.task["ImageConfig"]["Interval"] = 9
    stack.service.task["TargetStreams"]["StreamList"] = []
    assert set(stack.drift()) <= {"state"}


AGES = {
    "at once": (timedelta(), "gone"),
    "an hour": (timedelta(hours=1), "gone"),
    "71 h 58 min": (timedelta(hours=71, minutes=58), "gone"),
    "71 h 59 min 30 s": (timedelta(hours=71, minutes=59, seconds=30), "kept"),
    "72 h": (timedelta(hours=72), "kept"),
    "73 h": (timedelta(hours=73), "kept"),
    "30 days": (timedelta(days=30), "kept"),
}


@pytest.mark.parametrize("keep_running", [False, True])
@pytest.mark.parametrize("age", AGES)
def test_an_unknown_task_is_gone_or_kept_by_its_age(stack: Stack, age: str, keep_running: bool) -> None:
    after, outcome = AGES[age]
    stack.up({**complete(), "keepRunning": keep_running})
    before = dict(stack.outputs)
    stack.service.forget(after)
    if outcome == "gone":
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
    stack.service.task.update(over(3, STOPPED))
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
def test_an_answer_without_a_task_is_an_unknown_task(stack: Stack, result: Any) -> None:
    stack.up(complete())
    stack.service.fail(envelope(result))
    assert stack.drift() == {"lobby": ("there", "gone")}
