"""When frames fall due that are taken at an interval: the runs of a task and its intervals over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pulumi_videosnap.frames.model import Event
from pulumi_videosnap.report.formatting import brief

ANY_TIME = datetime.min.replace(tzinfo=timezone.utc)
"""The time of an interval that was set before anything is recorded."""


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
