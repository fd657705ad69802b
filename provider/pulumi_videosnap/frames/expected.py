"""Which frames should exist, compared with what the bucket has.

Frames on a schedule are expected one interval apart, from the first one of a stream on: when a user joined is
not known, so nothing is expected before. Frames whose keys state records are expected by their keys.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import combinations, takewhile

from pulumi_videosnap.frames.model import Condition, Event, Frame, Series
from pulumi_videosnap.frames.rules import RecordedSeries, ScheduledFrames
from pulumi_videosnap.report.formatting import brief
from pulumi_videosnap.storage.bucket import StoredObject

UPLOAD = timedelta(seconds=1)
"""What writing an object may take; a listing has the time of that, not when the frame was taken."""
SLACK = timedelta(seconds=30)
"""Added to both ends of a task's time: clocks differ, and a last frame is written after the end."""
EXTENSIONS = (".jpg", ".jpeg", ".png")
"""What the keys of frames end with."""
ANY_TIME = datetime.min.replace(tzinfo=timezone.utc)
"""The time of an interval that was set before anything is recorded."""


def frames_of_stream(objects: Sequence[StoredObject], schedule: Schedule, until: datetime) -> list[Frame]:
    """The frames of one stream: the objects in order of time, and those that are missing between them.

    Nothing is expected between the end of a run and the next start, nor in a run before its first object;
    but a stream without any object since a restart is expected from that start on.
    """
    rest = sorted(objects, key=lambda stored: (stored.modified, stored.key))
    frames: list[Frame] = []
    runs = schedule.runs or (Run(ANY_TIME),)
    for run, following in zip(runs, (*runs[1:], None), strict=True):
        due = schedule.next_due(run.start) if frames and not rest else None
        count = len(rest) if following is None else bisect_left(rest, _border(run, following), key=_modified)
        mine, rest = rest[:count], rest[count:]
        end = run.end or (until if following is None else None)
        frames += _frames_of_run(mine, schedule, due, min(end, until) if end else None)
    return frames


def _modified(stored: StoredObject) -> datetime:
    return stored.modified


def _border(run: Run, following: Run) -> datetime:
    """What was written before belongs to the run, later objects to the next one.

    The middle of the gap, since the clocks of the service and of the bucket differ.
    """
    return run.end + (following.start - run.end) / 2 if run.end else following.start - UPLOAD


def _frames_of_run(
    objects: Sequence[StoredObject], schedule: Schedule, due: datetime | None, end: datetime | None
) -> Iterator[Frame]:
    """The frames of one run; where its end is None, nothing is expected after the last object."""
    for stored in objects:
        while due is not None and stored.modified >= due + _tolerance(schedule, due):
            yield _missing(due, schedule)
            due = schedule.next_due(due)
        yield _written(stored, due, schedule)
        due = schedule.next_due(_anchor(stored.modified, due, schedule))
    while due is not None and end is not None and due + _tolerance(schedule, due) <= end:
        yield _missing(due, schedule)
        due = schedule.next_due(due)


def gaps(series: Series) -> Iterator[Event]:
    """Stretches of a stream without frames that were expected, each as one event."""
    run: list[Frame] = []
    for frame in (*series.frames, None):
        if frame is not None and frame.condition is Condition.MISSING and frame.due:
            run.append(frame)
            continue
        if run and run[0].due:
            yield Event(run[0].due, "gap", f"{series.name}: {len(run)} missing")
        run = []


def _tolerance(schedule: Schedule, due: datetime) -> timedelta:
    """How long after its time a frame still counts as that frame: nearly until the next one."""
    return max(timedelta(seconds=schedule.interval_at(due)) * 0.75, UPLOAD)


def _written(stored: StoredObject, due: datetime | None, schedule: Schedule) -> Frame:
    late_by = stored.modified - due if due else timedelta()
    if due and late_by > max(timedelta(seconds=schedule.interval_at(due)) / 2, UPLOAD):
        why = f"written {late_by.total_seconds():.1f} s after its time"
        return Frame(Condition.LATE, stored.key, due, stored=stored, why=why)
    return Frame(Condition.PRESENT, stored.key, due, stored=stored)


def _anchor(taken: datetime, due: datetime | None, schedule: Schedule) -> datetime:
    """From when the next frame is counted: its due time, or its own when it came at another time."""
    if due is None or abs(taken - due) > timedelta(seconds=schedule.interval_at(due)) / 4:
        return taken
    return due


def _missing(due: datetime, schedule: Schedule) -> Frame:
    return Frame(
        Condition.MISSING,
        due=due,
        why=f"nothing was written; one is due every {schedule.interval_at(due)} s",
    )


def frames_of_keys(recorded: RecordedSeries, found: Mapping[str, StoredObject]) -> Iterator[Frame]:
    """The frames that state records, each with its time in the video where that is known."""
    known = dict(zip(recorded.keys, recorded.offsets, strict=False))
    for key in recorded.keys:
        if stored := found.get(key):
            yield Frame(Condition.PRESENT, key, offset_ms=known.get(key), stored=stored)
        else:
            why = f"{recorded.origin}, and it is not in the bucket"
            yield Frame(Condition.MISSING, key, offset_ms=known.get(key), why=why)


@dataclass
class Candidate:
    """A task that may own objects of a bucket; `objects` fills up."""

    name: str
    frames: ScheduledFrames
    objects: list[StoredObject] = field(default_factory=list)
    undecided: int = 0
    undecided_bytes: int = 0
    rivals: set[str] = field(default_factory=set)

    def may_own(self, stored: StoredObject) -> bool:
        """Whether the object was written in this task's time and location."""
        since, until = self.frames.since, self.frames.until
        if stored.modified < since - SLACK or not stored.key.startswith(self.frames.location.prefix):
            return False
        return until is None or stored.modified <= until + SLACK

    def streams(self) -> Iterator[tuple[str, list[StoredObject]]]:
        """Its objects by the folder that they are in, named without what all of them share.

        That a folder is a stream is how the emulator lays them out; the vendor's layout is not documented.
        """
        folders: dict[str, list[StoredObject]] = {}
        for stored in self.objects:
            folders.setdefault(stored.key.rpartition("/")[0], []).append(stored)
        shared = _shared_path(list(folders))
        for folder in sorted(folders):
            name = folder[len(shared) :] or folder.rpartition("/")[2] or self.frames.location.bucket
            yield name, folders[folder]


def assign(candidates: Sequence[Candidate], objects: Iterable[StoredObject]) -> None:
    """Give each frame of a bucket to the one task that may own it; undecided when several may.

    Only frames are kept, so that memory holds what belongs to a task, not what is in the bucket.
    """
    for stored in objects:
        if not stored.key.lower().endswith(EXTENSIONS):
            continue
        owners = [candidate for candidate in candidates if candidate.may_own(stored)]
        if len(owners) == 1:
            owners[0].objects.append(stored)
            continue
        for one, other in combinations(owners, 2):
            one.rivals.add(other.name)
            other.rivals.add(one.name)
        for owner in owners:
            owner.undecided += 1
            owner.undecided_bytes += stored.size


def _shared_path(folders: Sequence[str]) -> str:
    """The folders that all of these are in; of a single one, those above it."""
    if len(folders) == 1:
        return folders[0].rpartition("/")[0] + "/" if "/" in folders[0] else ""
    first, last = (text.split("/") for text in (min(folders, default=""), max(folders, default="")))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(f"{part}/" for part, _ in same)


@dataclass(frozen=True)
class Run:
    """One run of a task (UTC); `end` is None while it goes on, or where state does not record it."""

    start: datetime
    end: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Schedule:
    """Changes of the interval in order, each a time and seconds, and the runs in order."""

    changes: tuple[tuple[datetime, int], ...]
    runs: tuple[Run, ...]

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The times at which runs began."""
        return tuple(run.start for run in self.runs)

    def interval_at(self, time: datetime) -> int:
        """The interval in force, in seconds; before the first change, the first one."""
        at = bisect_right([change for change, _ in self.changes], time)
        return self.changes[max(0, at - 1)][1]

    def next_due(self, last: datetime) -> datetime:
        """When the frame after one at `last` is due; a change in between counts from that frame."""
        due = last + timedelta(seconds=self.interval_at(last))
        for time, interval in self.changes:
            if last < time < due:
                due = max(time, last + timedelta(seconds=interval))
        return due


def events_of(schedule: Schedule) -> Iterator[Event]:
    """Events in a task's life: starts, intervals, ends, and the gap between an end and the next start."""
    interval: int | None = None
    for at, seconds in schedule.changes:
        if at in schedule.starts:
            kind, text = ("start", "started") if at == schedule.starts[0] else ("restart", "started again")
            yield Event(at, kind, f"{text}, every {seconds} s")
        elif at != ANY_TIME and seconds != interval:
            yield Event(at, "interval", f"every {seconds} s instead of {interval} s")
        interval = seconds
    for run, following in zip(schedule.runs, (*schedule.runs[1:], None), strict=True):
        if run.end:
            yield _end(run, run.end, following)


def _end(run: Run, end: datetime, following: Run | None) -> Event:
    reason = run.reason or "no reason given"
    if following is None:
        return Event(end, "end", f"ended: {reason}")
    with_day = end.date() != following.start.date()
    since, until = (brief(at.replace(microsecond=0), with_day) for at in (end, following.start))
    return Event(end, "gap", f"stopped {since} to {until}, {reason}", following.start)
