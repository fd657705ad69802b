"""Positions on a task's timeline, in thousandths of its width, so that the page computes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from pulumi_videosnap.frames.model import Condition, Event, Frame, TaskFrames
from pulumi_videosnap.frames.text import offset
from pulumi_videosnap.report.formatting import brief, exact, quantity, utc

WIDTH = 1000
FLAG_WIDTH = 62
"""The number of an event on a phone, where the line is about 300 pixels long."""
FLAG_ROWS = 3
MOST_LABELS = 6
MAX_GAPS = 3
"""Gaps that the caption names; the list of events has all."""
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
    """An event: its number in the list below the line, and its position where it has one."""

    number: int
    kind: str
    time: str
    text: str
    at: float | None = None
    row: int = 0
    length: float = 0


@dataclass(frozen=True)
class Row:
    """One series: the frames that are present, drawn as one path, and all others as marks."""

    name: str
    present: str
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Timeline:
    """A timeline; `clock` is false where its times are those of a video."""

    clock: bool
    rows: tuple[Row, ...]
    flags: tuple[Flag, ...]
    labels: tuple[tuple[float, str], ...]
    extent: str
    """Its first and last time, and the gaps in between."""
    label: str
    """What the line shows, for screen readers; events are listed below it."""

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
        """The position of a second."""
        return round((second - self.first) / (self.last - self.first) * WIDTH, 1)

    def of(self, frame: Frame) -> float | None:
        """The position of a frame, if it has one."""
        second = _second(frame, self.clock)
        return None if second is None else self.at(second)

    @property
    def with_day(self) -> bool:
        """Whether the line passes midnight, so that times need their day."""
        return self.clock and _datetime(self.first).date() != _datetime(self.last).date()


def scale(task: TaskFrames) -> Scale | None:
    """The first and last time of a task; None where nothing has a time but that of its storing."""
    frames = [frame for series in task.series for frame in series.frames]
    in_video = any(frame.offset_ms is not None for frame in frames)
    clock = any(frame.due for frame in frames) or not in_video
    if clock and not task.events and not any(frame.due for frame in frames):
        return None
    seconds = [second for frame in frames if (second := _second(frame, clock)) is not None]
    if clock:
        ends = [at for event in task.events for at in (event.at, event.until) if at]
        seconds += [_epoch(at) for at in ends]
    if not seconds:
        return None
    first, last = min(seconds), max(seconds)
    return Scale(first, last if last > first else first + 1, clock)


def timeline(task: TaskFrames, line: Scale) -> Timeline:
    """Everything of a task, at its position."""
    rows = tuple(
        _row(series.name, [(line.of(frame), frame.condition) for frame in series.frames])
        for series in task.series
    )
    flags, labels = tuple(_flags(task, line)), tuple(_labels(line))
    return Timeline(line.clock, rows, flags, labels, _extent(task, line), _label_of(task, line))


def _second(frame: Frame, clock: bool) -> float | None:
    if not clock:
        return None if frame.offset_ms is None else frame.offset_ms / 1000
    return None if frame.time is None else _epoch(frame.time)


def _epoch(at: datetime) -> float:
    """The whole second: a listing has no finer one, and an event of that second must not seem later."""
    return (utc(at) - _ORIGIN) // timedelta(seconds=1)


def _datetime(second: float) -> datetime:
    return _ORIGIN + timedelta(seconds=second)


def _row(name: str, frames: list[tuple[float | None, Condition]]) -> Row:
    placed = [(at, condition) for at, condition in frames if at is not None]
    present = "".join(f"M{at:g} 0v1" for at, condition in placed if condition is Condition.PRESENT)
    marks = tuple((at, condition.value) for at, condition in placed if condition is not Condition.PRESENT)
    return Row(name, present, marks)


def _flags(task: TaskFrames, line: Scale) -> Iterator[Flag]:
    """Events in order; numbers that would cover each other go to another row."""
    ends = [float("-inf")] * FLAG_ROWS
    for number, event in enumerate(sorted(task.events, key=lambda event: utc(event.at)), 1):
        at = line.at(_epoch(event.at)) if line.clock else None
        free = [row for row in range(FLAG_ROWS) if at is not None and ends[row] <= at]
        row = free[0] if free else ends.index(min(ends))
        if at is not None:
            ends[row] = at + FLAG_WIDTH
        yield Flag(number, event.kind, _flag_time(event, line), event.text, at, row, _length(event, line))


def _length(event: Event, line: Scale) -> float:
    if event.until is None or not line.clock:
        return 0
    return max(0, line.at(_epoch(event.until)) - line.at(_epoch(event.at)))


def _flag_time(event: Event, line: Scale) -> str:
    """The time of an event; empty for a gap, whose text has both of its times."""
    if event.until:
        return ""
    return brief(event.at, line.with_day) if line.clock else exact(event.at)


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
        return offset(round(second * 1000)).partition(".")[0]
    at = _datetime(second)
    return f"{at:%m-%d %H:%M}" if line.with_day else f"{at:%H:%M:%S}"


def _extent(task: TaskFrames, line: Scale) -> str:
    if line.clock:
        times = f"{exact(_datetime(line.first))} to {exact(_datetime(line.last))}"
    else:
        first, last = (offset(round(second * 1000)) for second in (line.first, line.last))
        times = f"{first} to {last} of the video"
    gaps = [gap.text for gap in task.gaps]
    if len(gaps) > MAX_GAPS:
        gaps = [f"stopped {len(gaps)} times"]
    return "; ".join((times, *gaps))


def _label_of(task: TaskFrames, line: Scale) -> str:
    places = sum(_breaks(series.frames) for series in task.series)
    missing = f"frames are missing in {quantity(places, 'place')}" if places else "no frame is missing"
    return f"Timeline, {_extent(task, line)}: {missing}"


def _breaks(frames: tuple[Frame, ...]) -> int:
    missing = [False, *(frame.condition is Condition.MISSING for frame in frames)]
    return sum(now and not before for before, now in pairwise(missing))
