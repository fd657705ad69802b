"""Which frames of a live room should be there: intervals that change, restarts, gaps, late ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap.alibaba.frames import offsets_of
from pulumi_videosnap.frames.expected import events_of, frames_of_stream, gaps
from pulumi_videosnap.frames.model import Condition, Frame, Series
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.volcengine.convert import with_history
from pulumi_videosnap.volcengine.frames import schedule_of

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
P, M, L = Condition.PRESENT, Condition.MISSING, Condition.LATE


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def text(seconds: float) -> str:
    return at(seconds).isoformat().replace("+00:00", "Z")


def recorded(*history: tuple[float, str, int | str], interval: int = 5) -> dict[str, Any]:
    """What state records of a task: its history as times, events, and intervals or reasons of an end."""
    entries = [
        {"at": text(moment), "event": event, "reason" if event == "end" else "interval": value}
        for moment, event, value in history
    ]
    return {"imageConfig": {"interval": interval}, "startTime": text(0), "history": entries}


def frames(task: dict[str, Any], *written: float, until: float) -> list[Frame]:
    objects = [StoredObject(f"{second:09.3f}.jpg", 1000, at(second)) for second in written]
    return frames_of_stream(objects, schedule_of(task), at(until))


def conditions(found: list[Frame]) -> list[Condition]:
    return [frame.condition for frame in found]


def missing_at(found: list[Frame]) -> list[float]:
    return [(f.due - NOON).total_seconds() for f in found if f.condition is M and f.due]


def test_frames_one_interval_apart_are_all_there() -> None:
    assert conditions(frames(recorded(), 0, 5, 10, 15, until=18)) == [P, P, P, P]


def test_each_hole_is_a_missing_frame_with_its_time() -> None:
    found = frames(recorded(), 0, 5, 15, 30, until=42)
    assert missing_at(found) == [10, 20, 25, 35]
    assert conditions(found) == [P, P, M, P, M, M, P, M]


def test_a_frame_that_is_due_just_now_is_not_missing_yet() -> None:
    assert missing_at(frames(recorded(), 0, 5, until=13)) == []
    assert missing_at(frames(recorded(), 0, 5, until=14)) == [10]


def test_nothing_is_expected_before_a_stream_began() -> None:
    assert conditions(frames(recorded(), 100, 105, until=107)) == [P, P]


def test_no_objects_are_no_frames() -> None:
    assert frames(recorded(), until=1000) == []


def test_an_interval_that_changed_counts_from_the_frame_before() -> None:
    """As UpdateSnapshot is taken to work: a new round is one new interval after the last, not before."""
    task = recorded((0, "start", 5), (12, "interval", 20), (60, "interval", 2))
    assert missing_at(frames(task, 0, 5, 10, 30, 50, 60, 62, 64, until=65)) == []
    assert missing_at(frames(task, 0, 5, 10, 50, 60, 64, until=65)) == [30, 62]


def test_after_a_restart_nothing_is_expected_of_the_time_between() -> None:
    task = recorded((0, "start", 5), (100, "start", 10))
    found = frames(task, 0, 5, 10, 100, 110, 130, until=131)
    assert missing_at(found) == [120]


def test_a_late_frame_is_that_frame_and_the_next_counts_from_it() -> None:
    found = frames(recorded(), 0, 5, 13, 18, until=20)
    assert conditions(found) == [P, P, L, P]
    assert found[2].due == at(10)
    assert "3.0 s after its time" in found[2].why


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=60), st.sampled_from([1, 2, 5, 60]))
def test_jitter_makes_nothing_missing(jitter: list[float], interval: int) -> None:
    task = recorded((0, "start", interval), interval=interval)
    moments = [number * interval + wobble for number, wobble in enumerate(jitter)]
    found = frames(task, *sorted(moments), until=moments[-1])
    assert conditions(found) == [P] * len(jitter)


@given(
    st.integers(2, 600),
    st.integers(2, 80).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.integers(1, count - 1)))),
)
def test_exactly_the_lost_ones_are_missing(interval: int, task: tuple[int, set[int]]) -> None:
    count, lost = task
    written = [number * interval for number in range(count) if number not in lost]
    history = recorded((0, "start", interval), interval=interval)
    found = frames(history, *written, until=(count - 0.1) * interval)
    assert missing_at(found) == [number * interval for number in sorted(lost)]


def test_drift_of_the_services_clock_makes_nothing_missing() -> None:
    written = [number * 5.3 for number in range(200)]
    assert conditions(frames(recorded(), *written, until=written[-1])) == [P] * 200


STOPPED_ONCE = ((0, "start", 5), (12, "end", "StopByAPI"), (28.5, "start", 5))


@pytest.mark.parametrize(
    ("history", "written", "until", "bad"),
    [
        pytest.param(STOPPED_ONCE, (0, 5, 10, 28, 33), 36, [], id="a store that cuts off milliseconds"),
        pytest.param(STOPPED_ONCE, (0, 5, 10, 26, 31), 34, [], id="a bucket's clock that is behind"),
        pytest.param(STOPPED_ONCE, (3, 8, 13, 32, 37), 40, [], id="a bucket's clock that is ahead"),
        pytest.param(STOPPED_ONCE, (0, 10, 29, 39), 41, [5, 34], id="missing in a run"),
        pytest.param(STOPPED_ONCE, (0, 30), 33, [5], id="nothing is expected at the end"),
        pytest.param(STOPPED_ONCE, (0, 5, 10), 38, [33.5], id="none since the restart"),
        pytest.param(STOPPED_ONCE, (100, 105), 107, [], id="a user who joined after the restart"),
        pytest.param(((0, "start", 5), (28.5, "start", 5)), (0, 5, 28, 33), 36, [], id="unknown end"),
        pytest.param(STOPPED_ONCE[:2], (0, 5, 10), 500, [], id="stopped for good"),
    ],
)
def test_no_frame_is_expected_in_a_gap(
    history: tuple[tuple[float, str, int | str], ...],
    written: tuple[float, ...],
    until: float,
    bad: list[float],
) -> None:
    found = frames(recorded(*history), *written, until=until)
    assert missing_at(found) == bad
    assert set(conditions(found)) <= {P, M}


def test_a_gap_is_one_event_with_its_times_and_its_reason() -> None:
    task = {**recorded(*STOPPED_ONCE), "endTime": text(90_000), "stopReason": "IdleTimeOut"}
    found = [(event.kind, event.text, event.until) for event in events_of(schedule_of(task))]
    assert found == [
        ("start", "started, every 5 s", None),
        ("restart", "started again, every 5 s", None),
        ("gap", "stopped 12:00:12 to 12:00:28, StopByAPI", at(28.5)),
        ("end", "ended: IdleTimeOut", None),
    ]


def test_each_stretch_of_missing_frames_is_one_event() -> None:
    found = frames(recorded(), 0, 5, 30, 35, 50, until=51)
    assert [(e.at, e.text) for e in gaps(Series("user0", tuple(found)))] == [
        (at(10), "user0: 4 missing"),
        (at(40), "user0: 2 missing"),
    ]


def test_the_events_of_a_task_in_order() -> None:
    task = recorded((0, "start", 5), (12, "interval", 20), (100, "start", 20))
    ended = schedule_of({**task, "endTime": text(200), "stopReason": "IdleTimeOut"})
    assert [(e.kind, e.text) for e in events_of(ended)] == [
        ("start", "started, every 5 s"),
        ("interval", "every 20 s instead of 5 s"),
        ("restart", "started again, every 20 s"),
        ("end", "ended: IdleTimeOut"),
    ]


def test_state_of_an_older_release_has_no_history() -> None:
    task = {"imageConfig": {"interval": 5}, "startTime": text(0)}
    assert missing_at(frames(task, 0, 5, 15, until=16)) == [10]
    assert [event.kind for event in events_of(schedule_of(task))] == ["start"]


@pytest.mark.parametrize(
    ("config", "count", "offsets"),
    [
        ({"time": 2, "interval": 2.0, "num": 3.0, "frameType": "normal"}, 3, [2, 2002, 4002]),
        ({"time": 1500.0, "frameType": "normal"}, 1, [1500]),
        ({"timeArray": {"timePointList": [0.0, 700.0]}}, 2, [0, 700]),
        ({"time": 2, "interval": 2, "num": 3}, 3, []),
        ({"time": 0, "interval": 0, "num": 3, "frameType": "normal"}, 3, []),
    ],
)
def test_the_times_of_a_jobs_frames_where_they_are_known(
    config: dict[str, Any], count: int, offsets: list[int]
) -> None:
    assert offsets_of(config, count) == offsets


def test_an_end_is_recorded_once_and_before_the_next_start() -> None:
    running = {"startTime": text(0), "imageConfig": {"interval": 5}}
    ended = {**running, "endTime": text(12), "stopReason": "StopByAPI"}
    again = {"startTime": text(28), "imageConfig": {"interval": 5}}
    first = with_history({}, running)
    seen = with_history(with_history(first, ended), ended)
    assert [entry["event"] for entry in seen["history"]] == ["start", "end"]
    assert seen["history"][1] == {"at": text(12), "event": "end", "reason": "StopByAPI"}
    for before in (seen, {**ended, "history": first["history"]}):  # the second as an older release wrote it
        assert [one["event"] for one in with_history(before, again)["history"]] == ["start", "end", "start"]
