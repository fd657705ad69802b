"""Which frames should be there: each is held against what the bucket has.

A live room's frames are expected one interval apart, from the first one of a stream on: when a user joined
is not known, so nothing is expected before. A job's frames are those that its record names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from pulumi_videosnap.frames.model import Condition, Event, Frame, Series
from pulumi_videosnap.frames.schedule import Pace, Run
from pulumi_videosnap.storage.bucket import StoredObject

UPLOAD = timedelta(seconds=1)
"""What writing an object may take; a listing tells when that was, not when the picture was taken."""
_ANY_TIME = datetime.min.replace(tzinfo=timezone.utc)


def frames_of_stream(objects: Sequence[StoredObject], pace: Pace, until: datetime) -> list[Frame]:
    """The frames of one stream: the objects in order of time, and those that are missing between them.

    Nothing is expected between the end of a run and the next start, nor in a run before its first object;
    but a stream without any object since a restart is expected from that start on.
    """
    rest = sorted(objects, key=lambda stored: (stored.modified, stored.key))
    frames: list[Frame] = []
    runs = pace.runs or (Run(_ANY_TIME),)
    for run, following in zip(runs, (*runs[1:], None), strict=True):
        due = pace.next_due(run.start) if frames and not rest else None
        count = len(rest) if following is None else bisect_left(rest, _border(run, following), key=_modified)
        mine, rest = rest[:count], rest[count:]
        end = run.end or (until if following is None else None)
        frames += _frames_of_run(mine, pace, due, min(end, until) if end else None)
    return frames


def _modified(stored: StoredObject) -> datetime:
    return stored.modified


def _border(run: Run, following: Run) -> datetime:
    """What was written before belongs to the run, later objects to the next one.

    The middle of the gap, since the clocks of the service and of the bucket differ.
    """
    return run.end + (following.start - run.end) / 2 if run.end else following.start - UPLOAD


def _frames_of_run(
    objects: Sequence[StoredObject], pace: Pace, due: datetime | None, end: datetime | None
) -> Iterator[Frame]:
    """The frames of one run; where its end is None, nothing is expected after the last object."""
    for stored in objects:
        while due is not None and stored.modified >= due + _patience(pace, due):
            yield _missing(due, pace)
            due = pace.next_due(due)
        yield _there(stored, due, pace)
        due = pace.next_due(_anchor(stored.modified, due, pace))
    while due is not None and end is not None and due + _patience(pace, due) <= end:
        yield _missing(due, pace)
        due = pace.next_due(due)


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


def _patience(pace: Pace, due: datetime) -> timedelta:
    """How long after its time a frame still counts as that frame: nearly until the next one."""
    return max(timedelta(seconds=pace.interval_at(due)) * 0.75, UPLOAD)


def _there(stored: StoredObject, due: datetime | None, pace: Pace) -> Frame:
    late_by = stored.modified - due if due else timedelta()
    if due and late_by > max(timedelta(seconds=pace.interval_at(due)) / 2, UPLOAD):
        why = f"written {late_by.total_seconds():.1f} s after its time"
        return Frame(Condition.LATE, stored.key, due, stored=stored, why=why)
    return Frame(Condition.PRESENT, stored.key, due or stored.modified, stored=stored)


def _anchor(taken: datetime, due: datetime | None, pace: Pace) -> datetime:
    """From when the next frame is counted: its due time, or its own when it came at another time."""
    if due is None or abs(taken - due) > timedelta(seconds=pace.interval_at(due)) / 4:
        return taken
    return due


def _missing(due: datetime, pace: Pace) -> Frame:
    return Frame(
        Condition.MISSING,
        due=due,
        why=f"nothing was written for it, every {pace.interval_at(due)} s one is due",
    )


def frames_of_job(
    keys: Sequence[str], found: Mapping[str, StoredObject], offsets: Sequence[int]
) -> list[Frame]:
    """The frames that a job's record names, each with its moment of the video where that is known."""
    known = dict(zip(keys, offsets, strict=False))
    return [_named(key, found.get(key), known.get(key)) for key in keys]


def _named(key: str, stored: StoredObject | None, offset: int | None) -> Frame:
    if stored is None:
        return Frame(Condition.MISSING, key, offset_ms=offset, why="the job wrote it, and it is not there")
    return Frame(Condition.PRESENT, key, offset_ms=offset, stored=stored)


def offsets_of_job(config: Mapping[str, Any], count: int) -> list[int]:
    """The moments that a job's frames show, in ms; none where key frames or an average decide."""
    points = (config.get("timeArray") or {}).get("timePointList")
    if points:
        return [int(point) for point in points][:count]
    if config.get("frameType") != "normal" or config.get("interval") == 0:
        return []
    start, step = int(config.get("time") or 0), int(config.get("interval") or 0) * 1000
    return [start + number * step for number in range(count)] if step or count == 1 else []
