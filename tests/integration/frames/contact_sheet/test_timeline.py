"""Where things stand on the line of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from integration.frames.contact_sheet import samples
from integration.frames.contact_sheet.samples import NOON
from pulumi_videosnap.frames.contact_sheet.timeline import Timeline, scale, timeline
from pulumi_videosnap.frames.model import Condition, Event, Frame, Series, TaskFrames


def drawn(task: TaskFrames) -> Timeline:
    line = scale(task)
    assert line is not None
    return timeline(task, line)


def of(*frames: Frame, events: tuple[Event, ...] = ()) -> TaskFrames:
    return TaskFrames("t", "k", "i", None, (Series("s", frames),), events)


def due(second: float, condition: Condition = Condition.PRESENT) -> Frame:
    return Frame(condition, due=NOON + timedelta(seconds=second))


def event(second: float, kind: str = "interval", until: float | None = None) -> Event:
    ends = None if until is None else NOON + timedelta(seconds=until)
    return Event(NOON + timedelta(seconds=second), kind, "words", ends)


def test_good_frames_are_one_path_and_others_are_marks() -> None:
    row = drawn(of(due(0), due(5, Condition.MISSING), due(10))).rows[0]
    assert row.present == "M0 0v1M1000 0v1"
    assert row.marks == ((500, "missing"),)


def test_the_line_reaches_over_events_and_gaps() -> None:
    flags = drawn(of(due(50), events=(event(0, "start"), event(60, "gap", 80), event(100, "end")))).flags
    assert [(flag.number, flag.kind, flag.at, flag.length) for flag in flags] == [
        (1, "start", 0, 0), (2, "gap", 600, 200), (3, "end", 1000, 0),
    ]  # fmt: skip
    assert flags[1].time == "12:01:00 to 12:01:20"


def test_numbers_that_would_cover_each_other_stand_in_rows() -> None:
    flags = drawn(of(due(0), due(100), events=tuple(event(second) for second in (10, 11, 12, 13, 50)))).flags
    assert [flag.row for flag in flags] == [0, 1, 2, 0, 0]


def test_events_are_numbered_in_the_order_of_time() -> None:
    flags = drawn(of(events=(event(9, "end"), event(0, "start")))).flags
    assert [(flag.number, flag.kind) for flag in flags] == [(1, "start"), (2, "end")]


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (25, ["12:00:00", "12:00:05", "12:00:10", "12:00:15", "12:00:20", "12:00:25"]),
        (1250, ["12:00:00", "12:05:00", "12:10:00", "12:15:00", "12:20:00"]),
        (
            72 * 3600,
            ["08-05 00:00", "08-05 12:00", "08-06 00:00", "08-06 12:00", "08-07 00:00", "08-07 12:00"],
        ),
    ],
)
def test_labels_are_round_times(seconds: int, labels: list[str]) -> None:
    assert [label for _, label in drawn(of(due(0), due(seconds))).labels][-len(labels) :] == labels


@pytest.mark.parametrize("seconds", [0, 0.04, 1, 59, 3601, 86_399, 10**7, 10**9])
def test_any_length_of_time_has_few_labels_inside_of_the_line(seconds: float) -> None:
    labels = drawn(of(due(0), due(seconds))).labels
    assert len(labels) <= 13
    assert all(0 <= at <= 1000 for at, _ in labels)


def test_stills_stand_along_the_video() -> None:
    line = drawn(samples.job(4))
    assert (line.clock, line.reach) == (False, "0:00.000 to 0:06.000 of the video")
    assert line.rows[0].present == "M0 0v1M666.7 0v1M1000 0v1"
    assert line.rows[0].marks == ((333.3, "duplicate"),)
    assert [flag.at for flag in line.flags] == [None]


def test_those_who_do_not_see_it_hear_its_reach_and_gaps() -> None:
    missing = [due(second, Condition.MISSING) for second in (5, 10, 20)]
    heard = drawn(of(due(0), *missing[:2], due(15), missing[2])).heard
    assert heard == (
        "Timeline, 2026-08-04 12:00:00 UTC to 2026-08-04 12:00:20 UTC: frames are missing in 2 places"
    )


def test_without_any_time_there_is_no_line() -> None:
    assert scale(of(Frame(Condition.PRESENT, "key"))) is None
    assert scale(replace(of(), series=())) is None
