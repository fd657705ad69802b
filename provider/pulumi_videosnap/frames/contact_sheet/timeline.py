"""Where things stand on a task's line of time, in thousandths of its width: the page need not compute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from pulumi_videosnap.frames.contact_sheet import formatting as words
from pulumi_videosnap.frames.contact_sheet.cells import moment
from pulumi_videosnap.frames.model import Condition, Event, Frame, TaskFrames
from pulumi_videosnap.report import formatting as figures

WIDTH = 1000
FLAG_WIDTH = 62
"""The number of an event on a phone, where the line is about 300 pixels long."""
FLAG_ROWS = 3
MOST_LABELS = 6
STEPS = [
    *(1, 2, 5, 10, 15, 30),
    *(60 * n for n in (1, 2, 5, 10, 15, 30)),
    *(3600 * n for n in (1, 2, 3, 6, 12)),
    *(86400 * n for n in (1, 2, 7, 14, 28)),
]
"""Seconds between two labels that a reader can count in."""

_ORIGIN = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Flag:
    """An event: its number in the list below the line, and its place where it has one."""

    number: int
    kind: str
    time: str
    text: str
    at: float | None = None
    row: int = 0
    length: float = 0


@dataclass(frozen=True)
class Row:
    """One series: the frames that are as they should be, drawn as one path, and all others as marks."""

    name: str
    present: str
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Timeline:
    """A line of time; `clock` is false where it is that of a video."""

    clock: bool
    rows: tuple[Row, ...]
    flags: tuple[Flag, ...]
    labels: tuple[tuple[float, str], ...]
    reach: str
    heard: str
    """What the line shows, for those who do not see it; events are listed below it."""

    @property
    def flag_rows(self) -> int:
        """How many rows of event numbers stand above the line."""
        return max((flag.row + 1 for flag in self.flags if flag.at is not None), default=0)


@dataclass(frozen=True)
class Scale:
    """Seconds since the epoch, or since the start of the video, as thousandths of a width."""

    first: float
    last: float
    clock: bool

    def at(self, second: float) -> float:
        """The place of a second."""
        return round((second - self.first) / (self.last - self.first) * WIDTH, 1)

    def of(self, frame: Frame) -> float | None:
        """The place of a frame, if it has one."""
        second = _second(frame, self.clock)
        return None if second is None else self.at(second)

    @property
    def with_day(self) -> bool:
        """Whether the line passes midnight, so that times need their day."""
        return self.clock and _moment(self.first).date() != _moment(self.last).date()


def scale(task: TaskFrames) -> Scale | None:
    """What the line reaches from and to; None where nothing has a time."""
    frames = [frame for series in task.series for frame in series.frames]
    clock = any(frame.due for frame in frames) or all(frame.offset_ms is None for frame in frames)
    seconds = [second for frame in frames if (second := _second(frame, clock)) is not None]
    if clock:
        ends = [at for event in task.events for at in (event.at, event.until) if at]
        seconds += [_epoch(at) for at in ends]
    if not seconds:
        return None
    first, last = min(seconds), max(seconds)
    return Scale(first, last if last > first else first + 1, clock)


def timeline(task: TaskFrames, line: Scale) -> Timeline:
    """Everything of a task, on its line."""
    rows = tuple(
        _row(series.name, [(line.of(frame), frame.condition) for frame in series.frames])
        for series in task.series
    )
    return Timeline(
        line.clock, rows, tuple(_flags(task, line)), tuple(_labels(line)), _reach(line), _heard(task, line)
    )


def _second(frame: Frame, clock: bool) -> float | None:
    if not clock:
        return None if frame.offset_ms is None else frame.offset_ms / 1000
    at = moment(frame)
    return None if at is None else _epoch(at)


def _epoch(at: datetime) -> float:
    return (figures.utc(at) - _ORIGIN) / timedelta(seconds=1)


def _moment(second: float) -> datetime:
    return _ORIGIN + timedelta(seconds=second)


def _row(name: str, frames: list[tuple[float | None, Condition]]) -> Row:
    placed = [(at, condition) for at, condition in frames if at is not None]
    present = "".join(f"M{at:g} 0v1" for at, condition in placed if condition is Condition.PRESENT)
    marks = tuple((at, condition.value) for at, condition in placed if condition is not Condition.PRESENT)
    return Row(name, present, marks)


def _flags(task: TaskFrames, line: Scale) -> Iterator[Flag]:
    """Events in order; numbers that would cover each other go to another row."""
    ends = [float("-inf")] * FLAG_ROWS
    for number, event in enumerate(sorted(task.events, key=lambda event: figures.utc(event.at)), 1):
        at = line.at(_epoch(event.at)) if line.clock else None
        free = [row for row in range(FLAG_ROWS) if at is not None and ends[row] <= at]
        row = free[0] if free else ends.index(min(ends))
        if at is not None:
            ends[row] = at + FLAG_WIDTH
        yield Flag(number, event.kind, _span(event, line), event.text, at, row, _length(event, line))


def _length(event: Event, line: Scale) -> float:
    if event.until is None or not line.clock:
        return 0
    return max(0, line.at(_epoch(event.until)) - line.at(_epoch(event.at)))


def _span(event: Event, line: Scale) -> str:
    if not line.clock:
        return figures.exact(event.at)
    ends = [figures.brief(at, line.with_day) for at in (event.at, event.until) if at]
    return " to ".join(dict.fromkeys(ends))


def _labels(line: Scale) -> Iterator[tuple[float, str]]:
    """Round times along the line."""
    span = line.last - line.first
    step = next((step for step in STEPS if span / step <= MOST_LABELS), 28 * 86400)
    second = -(-line.first // step) * step
    while second <= line.last and span / step <= MOST_LABELS * 2:
        yield line.at(second), _label(line, second)
        second += step


def _label(line: Scale, second: float) -> str:
    if not line.clock:
        return words.offset(round(second * 1000)).partition(".")[0]
    at = _moment(second)
    return f"{at:%m-%d %H:%M}" if line.with_day else f"{at:%H:%M:%S}"


def _reach(line: Scale) -> str:
    if line.clock:
        return f"{figures.exact(_moment(line.first))} to {figures.exact(_moment(line.last))}"
    first, last = (words.offset(round(second * 1000)) for second in (line.first, line.last))
    return f"{first} to {last} of the video"


def _heard(task: TaskFrames, line: Scale) -> str:
    gaps = sum(_breaks(series.frames) for series in task.series)
    where = f"frames are missing in {figures.counted(gaps, 'place')}" if gaps else "no gap"
    return f"Timeline, {_reach(line)}: {where}"


def _breaks(frames: tuple[Frame, ...]) -> int:
    missing = [False, *(frame.condition is Condition.MISSING for frame in frames)]
    return sum(now and not before for before, now in pairwise(missing))
