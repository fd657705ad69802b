"""The report of a stack's frames: tasks, series, frames and events. Values only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any

from pulumi_videosnap.redaction import mask
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.storage.bucket import StoredObject, open_bucket
from pulumi_videosnap.storage.platforms import Location


class Condition(str, Enum):
    """The condition of one frame; every one but PRESENT is a finding."""

    PRESENT = "present"
    MISSING = "missing"
    LATE = "late"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    BLACK = "black"


MEANINGS: Mapping[Condition, str] = {
    Condition.PRESENT: "in the bucket, on time",
    Condition.MISSING: "expected, and not in the bucket",
    Condition.LATE: "written more than half an interval after its time",
    Condition.UNREADABLE: "cannot be decoded: truncated, empty, of another type, or too large",
    Condition.DUPLICATE: "the same pixels as the frame before: the stream may be frozen",
    Condition.BLACK: "nothing but black",
}
"""What each condition means, in the order in which reports name them."""


@dataclass(frozen=True)
class DecodedFrame:
    """What decoding a frame showed: its size in pixels, a digest of its pixels, and a small copy of it.

    `peak` is the brightness (0 to 255) that all but a few pixels stay at or below; see `decode.is_black`.
    """

    width: int
    height: int
    digest: str
    thumbnail: bytes = field(repr=False)
    thumbnail_type: str = "image/webp"
    peak: int = 255


@dataclass(frozen=True)
class Frame:
    """One frame that exists, or is expected.

    `due` is the time at which a frame on a schedule should have been taken, `offset_ms` the time in the video
    that it shows; `why` says what the condition rests on.
    """

    condition: Condition
    key: str | None = None
    due: datetime | None = None
    offset_ms: int | None = None
    stored: StoredObject | None = None
    decoded: DecodedFrame | None = None
    why: str = ""

    @property
    def time(self) -> datetime | None:
        """When it should have been taken, or else when it was stored."""
        return self.due or (self.stored.modified if self.stored else None)


@dataclass(frozen=True)
class Series:
    """Frames of one row, in order: one stream of a room, the frames or the sheets of a job.

    `location` is where they are stored; `problem` is set when they could not be listed or read, and then
    there are none.
    """

    name: str
    frames: tuple[Frame, ...]
    location: Location | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Event:
    """Something in a task's life that explains its frames: `kind` is start, interval, gap, restart or end.

    `until` is where a gap ended, if it did and that is known: then the text has both times.
    """

    at: datetime
    kind: str
    text: str
    until: datetime | None = None


@dataclass(frozen=True)
class TaskFrames:
    """The frames of one task; `problem` is set when none of them could be listed, and then there are none.

    A series can have a problem of its own, and the others are still good: `problems` has all.

    `notes` are sentences that the reader must know to judge the rest, such as that two tasks share a bucket.
    `expected` is None where nothing says how many frames there should be; it leaves out a series with a
    problem.
    """

    name: str
    kind: str
    id: str
    location: Location | None
    series: tuple[Series, ...] = ()
    events: tuple[Event, ...] = ()
    expected: int | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None
    undecided: int = 0
    """Frames that could be its own or another task's, and that therefore count for neither."""
    undecided_bytes: int = 0
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The texts that its report may not contain (`without_secrets`)."""
    open_bucket: Callable[[Location], Any] = field(default=open_bucket, repr=False, compare=False)
    """Opens a location with its account."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be checked: the whole task, or the series that are named."""
        own = (self.problem,) if self.problem else ()
        return own + tuple(f"{one.name}: {one.problem}" for one in self.series if one.problem)

    def count(self, *conditions: Condition) -> int:
        """How many frames are in one of the conditions."""
        return sum(frame.condition in conditions for series in self.series for frame in series.frames)

    @property
    def gaps(self) -> tuple[Event, ...]:
        """The times at which it was stopped, from an end to the next start."""
        return tuple(event for event in self.events if event.kind == "gap" and event.until)


def count_expected(series: Sequence[Series]) -> int | None:
    """How many frames there should be in the series that could be read; None where none could."""
    if series and all(one.problem for one in series):
        return None
    return sum(len(one.frames) for one in series)


def without_secrets(report: FramesReport) -> FramesReport:
    """A report to show, in which a mark stands for each secret, also in keys of frames."""

    def shown(task: TaskFrames) -> TaskFrames:
        masked: TaskFrames = _masked(replace(task, secrets=()), functools.partial(_mask, task.secrets))
        return replace(masked, name=task.name) if task.secrets else task

    return replace(report, tasks=tuple(map(shown, report.tasks)))


def _mask(secrets: tuple[str, ...], text: str) -> str:
    return mask(text, secrets, SECRET, cut=True)


def _masked(value: Any, hide: Callable[[str], str]) -> Any:
    if type(value) is str:
        return hide(value)
    if isinstance(value, tuple):
        return tuple(_masked(item, hide) for item in value)
    if is_dataclass(value) and not isinstance(value, type | DecodedFrame):
        return replace(value, **{one.name: _masked(getattr(value, one.name), hide) for one in fields(value)})
    return value


@dataclass(frozen=True)
class FramesReport:
    """All tasks of a stack, at one time (UTC); `verified` when every frame was decoded."""

    stack: str
    at: datetime
    tasks: tuple[TaskFrames, ...]
    verified: bool = False

    def frames(self) -> Iterator[tuple[TaskFrames, Series, Frame]]:
        """Every frame, with its task and its series."""
        for task in self.tasks:
            for series in task.series:
                yield from ((task, series, frame) for frame in series.frames)
