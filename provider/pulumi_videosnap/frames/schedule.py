"""When a live room's frames fall due: its runs and intervals over time, as far as state records them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.frames.model import Event
from pulumi_videosnap.report.formatting import brief


@dataclass(frozen=True)
class Run:
    """One run of a task (UTC); `end` is None while it goes on, or where state does not record it."""

    start: datetime
    end: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Pace:
    """Changes of the interval in order, each a moment and seconds, and the runs in order."""

    changes: tuple[tuple[datetime, int], ...]
    runs: tuple[Run, ...]

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The moments at which runs began."""
        return tuple(run.start for run in self.runs)

    def interval_at(self, moment: datetime) -> int:
        """The interval in force, in seconds; before the first change, the first one."""
        at = bisect_right([change for change, _ in self.changes], moment)
        return self.changes[max(0, at - 1)][1]

    def next_due(self, last: datetime) -> datetime:
        """When the frame after one at `last` is due; a change on the way counts from that frame."""
        due = last + timedelta(seconds=self.interval_at(last))
        for moment, interval in self.changes:
            if last < moment < due:
                due = max(moment, last + timedelta(seconds=interval))
        return due


def pace_of(properties: Mapping[str, Any]) -> Pace:
    """The pace that is recorded of a task; one interval from its start on when no history is."""
    interval = int((properties.get("imageConfig") or {}).get("interval", 2))
    entries = list(_entries(properties))
    changes = [(at, int(entry.get("interval", interval))) for at, entry in entries if _event(entry) != "end"]
    return Pace(tuple(changes) or ((_ANY_TIME, interval),), tuple(_runs(entries)))


_ANY_TIME = datetime.min.replace(tzinfo=timezone.utc)


def _entries(properties: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """The entries of the history with their moments, and the last end where an older release left it out."""
    history = list(properties.get("history") or [])
    if not history and properties.get("startTime"):
        history = [{"at": properties["startTime"], "event": "start"}]
    if history and _event(history[-1]) != "end" and properties.get("endTime"):
        reason = properties.get("stopReason")
        history.append({"at": properties["endTime"], "event": "end", "reason": reason})
    for entry in history:
        if at := parse_rfc3339(entry.get("at")):
            yield at, entry


def _event(entry: Mapping[str, Any]) -> str:
    return str(entry.get("event"))


def _runs(entries: list[tuple[datetime, Mapping[str, Any]]]) -> Iterator[Run]:
    run: Run | None = None
    for at, entry in entries:
        if run and _event(entry) == "end":
            yield Run(run.start, at, str(entry.get("reason") or ""))
            run = None
        elif _event(entry) == "start":
            if run:
                yield run
            run = Run(at)
    if run:
        yield run


def events_of(properties: Mapping[str, Any]) -> Iterator[Event]:
    """Events in a task's life: starts, intervals, ends, and the gap between an end and the next start."""
    pace = pace_of(properties)
    interval: int | None = None
    for at, seconds in pace.changes:
        if at in pace.starts:
            kind, text = ("start", "started") if at == pace.starts[0] else ("restart", "started again")
            yield Event(at, kind, f"{text}, every {seconds} s")
        elif at != _ANY_TIME and seconds != interval:
            yield Event(at, "interval", f"every {seconds} s instead of {interval} s")
        interval = seconds
    for run, following in zip(pace.runs, (*pace.runs[1:], None), strict=True):
        if run.end:
            yield _end(run, run.end, following)


def _end(run: Run, end: datetime, following: Run | None) -> Event:
    reason = run.reason or "no reason given"
    if following is None:
        return Event(end, "end", f"ended: {reason}")
    with_day = end.date() != following.start.date()
    since, until = (brief(at.replace(microsecond=0), with_day) for at in (end, following.start))
    return Event(end, "gap", f"stopped {since} to {until}, {reason}", following.start)
