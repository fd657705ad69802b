"""Which frames should be there: each is held against what the bucket has.

A live room's frames are expected one interval apart, from the first one of a stream on: when a user joined
is not known, so nothing is expected before. A job's frames are those that its record names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pulumi_videosnap.frames.model import Condition, Event, Frame, Series
from pulumi_videosnap.frames.schedule import Pace
from pulumi_videosnap.storage.bucket import StoredObject

UPLOAD = timedelta(seconds=1)
"""What writing an object may take; a listing tells when that was, not when the picture was taken."""


def frames_of_stream(objects: Sequence[StoredObject], pace: Pace, until: datetime) -> list[Frame]:
    """The frames of one stream: the objects in order of time, and those that are missing between them."""
    frames: list[Frame] = []
    due: datetime | None = None
    for stored in sorted(objects, key=lambda stored: (stored.modified, stored.key)):
        if due is not None:
            due = _restarted(due, stored.modified, pace)
            while stored.modified >= due + _patience(pace, due):
                frames.append(_missing(due, pace))
                due = pace.next_due(due)
        frames.append(_there(stored, due, pace))
        due = pace.next_due(_anchor(stored.modified, due, pace))
    while due is not None and due + _patience(pace, due) <= until:
        frames.append(_missing(due, pace))
        due = pace.next_due(due)
    return frames


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


def _restarted(due: datetime, taken: datetime, pace: Pace) -> datetime:
    """After a restart nothing is expected before it: when the last run ended is not known."""
    start = pace.next_start(due - timedelta(seconds=pace.interval_at(due)))
    return taken if due <= start <= taken or start <= taken < due else due


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
