"""Which frames of a live room should be there: intervals that change, restarts, gaps, late ones."""

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
from support.data import load

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
P, M, L = Condition.PRESENT, Condition.MISSING, Condition.LATE
CASES = load("frames/expected.json")


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


@pytest.mark.parametrize("case", CASES["conditions"], ids=lambda case: case["name"])
def test_which_frames_are_present_late_or_missing(case: dict[str, Any]) -> None:
    """An interval that UpdateSnapshot changed counts from the frame before: a round is one after the last."""
    found = frames(recorded(*case["history"]), *case["written"], until=case["until"])
    assert missing_at(found) == case["missing"]
    assert "".join(one.name[0] for one in conditions(found)) == case["conditions"]
    assert not [f.due for f in found if f.condition is L and (f.due != at(10) or "3.0 s after" not in f.why)]


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


@pytest.mark.parametrize("case", CASES["events"])
def test_the_events_of_a_task_in_order(case: dict[str, Any]) -> None:
    seconds, reason = case["end"]
    task = {**recorded(*case["history"]), "endTime": text(seconds), "stopReason": reason}
    found = [(event.kind, event.text, event.until) for event in events_of(schedule_of(task))]
    assert found == [(kind, words, at(until[0]) if until else None) for kind, words, *until in case["events"]]


def test_each_stretch_of_missing_frames_is_one_event() -> None:
    found = frames(recorded(), 0, 5, 30, 35, 50, until=51)
    seen = [(event.at, event.text) for event in gaps(Series("user0", tuple(found)))]
    assert seen == [(at(10), "user0: 4 missing"), (at(40), "user0: 2 missing")]


def test_state_of_an_older_release_has_no_history() -> None:
    task = {"imageConfig": {"interval": 5}, "startTime": text(0)}
    assert missing_at(frames(task, 0, 5, 15, until=16)) == [10]
    assert [event.kind for event in events_of(schedule_of(task))] == ["start"]


@pytest.mark.parametrize(("name", "config", "count", "offsets"), CASES["offsets"])
def test_the_times_of_a_jobs_frames_where_they_are_certain(
    name: str, config: dict[str, Any], count: int, offsets: list[int | None]
) -> None:
    assert offsets_of(config, count) == offsets, name


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
