"""Which frames should exist, compared with what the bucket has.

Frames on a schedule are expected one interval apart, from the first one of a stream on: when a user joined is
not known, so nothing is expected before. Frames whose keys state records are expected by their keys.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from pulumi_videosnap.frames.model import Condition, Event, Frame, Series
from pulumi_videosnap.frames.schedule import ANY_TIME, Run, Schedule
from pulumi_videosnap.storage.bucket import StoredObject

UPLOAD = timedelta(seconds=1)
"""What writing an object may take; a listing has the time of that, not when the frame was taken."""


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
            yield Event(run[0].due, "gap", f"{series.name}: {len(run)} missing from here on")
        run = []


def _tolerance(schedule: Schedule, due: datetime) -> timedelta:
    """How long after its time a frame still counts as that frame: nearly until the next one."""
    return max(timedelta(seconds=schedule.interval_at(due)) * 0.75, UPLOAD)


def _written(stored: StoredObject, due: datetime | None, schedule: Schedule) -> Frame:
    late_by = stored.modified - due if due else timedelta()
    if due and late_by > max(timedelta(seconds=schedule.interval_at(due)) / 2, UPLOAD):
        why = f"written {late_by.total_seconds():.1f} s after its time"
        return Frame(Condition.LATE, stored.key, due, stored=stored, why=why)
    return Frame(Condition.PRESENT, stored.key, due or stored.modified, stored=stored)


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


def frames_of_keys(
    keys: Sequence[str], found: Mapping[str, StoredObject], offsets: Sequence[int]
) -> Iterator[Frame]:
    """The frames that state records, each with its time in the video where that is known."""
    known = dict(zip(keys, offsets, strict=False))
    for key in keys:
        if stored := found.get(key):
            yield Frame(Condition.PRESENT, key, offset_ms=known.get(key), stored=stored)
        else:
            why = "state records it, and it is not in the bucket"
            yield Frame(Condition.MISSING, key, offset_ms=known.get(key), why=why)
