"""What is told of a stack's pictures: one report of tasks, series, frames and events. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location


class Condition(str, Enum):
    """What is the matter with one frame; only PRESENT is as it should be."""

    PRESENT = "present"
    MISSING = "missing"
    """Expected, and not in the bucket."""
    LATE = "late"
    """In the bucket, but more than half an interval after its time."""
    UNREADABLE = "unreadable"
    """No picture: truncated, of another type, empty, or too large to be opened safely."""
    DUPLICATE = "duplicate"
    """The same picture as the one before: the stream may be frozen."""
    BLACK = "black"
    """Nothing but black."""


@dataclass(frozen=True)
class Picture:
    """A decoded picture: its size in pixels, a digest of its pixels, and a small JPEG or WebP of it.

    `peak` is the brightness (0 to 255) that all but a few pixels stay at or below; see `pictures.is_black`.
    """

    width: int
    height: int
    digest: str
    thumbnail: bytes = field(repr=False)
    thumbnail_type: str = "image/webp"
    peak: int = 255


@dataclass(frozen=True)
class Frame:
    """One frame that is there, or should be.

    `due` is the moment at which a live room's frame should have been taken, `offset_ms` the moment of a
    video that a job's frame shows; `why` says in words what the condition rests on.
    """

    condition: Condition
    key: str | None = None
    due: datetime | None = None
    offset_ms: int | None = None
    stored: StoredObject | None = None
    picture: Picture | None = None
    why: str = ""


@dataclass(frozen=True)
class Series:
    """Frames that belong in one row, in order: one stream of a room, the pictures or the sheets of a job."""

    name: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Event:
    """Something in a task's life that explains its frames: `kind` is start, interval, gap, restart or end.

    `until` is where a gap ended, if it did and that is known: the timeline then shows how long it was.
    """

    at: datetime
    kind: str
    text: str
    until: datetime | None = None


@dataclass(frozen=True)
class TaskFrames:
    """The frames of one task; `problem` is set when they could not be looked at, and then there are none.

    `notes` are sentences that the reader must know to judge the rest, such as that two tasks share a bucket.
    `expected` is None where nothing says how many frames there should be.
    """

    name: str
    kind: str
    id: str
    place: Location | None
    series: tuple[Series, ...] = ()
    events: tuple[Event, ...] = ()
    expected: int | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None
    undecided: int = 0
    """Pictures that could be its own or another task's, and that therefore are nobody's."""
    undecided_bytes: int = 0

    def counted(self, *conditions: Condition) -> int:
        """How many frames are in one of the conditions."""
        return sum(frame.condition in conditions for series in self.series for frame in series.frames)


@dataclass(frozen=True)
class Report:
    """All tasks of a stack, at one moment (UTC); `verified` when every picture was opened."""

    stack: str
    at: datetime
    tasks: tuple[TaskFrames, ...]
    verified: bool = False
