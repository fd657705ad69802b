"""When a live room's frames fall due: its runs and intervals over time, as far as state remembers them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.frames.model import Event

NEVER = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Pace:
    """Changes of the interval in order, each a moment and seconds, and the moments at which runs began."""

    changes: tuple[tuple[datetime, int], ...]
    starts: tuple[datetime, ...]

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

    def next_start(self, after: datetime) -> datetime:
        """When the next run began; NEVER when there was none."""
        return next((start for start in self.starts if start > after), NEVER)


def pace_of(properties: Mapping[str, Any]) -> Pace:
    """The pace that is recorded of a task; one interval from its start on when no history is."""
    interval = int((properties.get("imageConfig") or {}).get("interval", 2))
    started = parse_rfc3339(properties.get("startTime"))
    entries = [
        (at, int(entry.get("interval", interval)), entry.get("event"))
        for entry in properties.get("history") or []
        if (at := parse_rfc3339(entry.get("at")))
    ]
    if not entries and started:
        entries = [(started, interval, "start")]
    return Pace(
        tuple((at, seconds) for at, seconds, _ in entries) or ((_ANY_TIME, interval),),
        tuple(at for at, _, event in entries if event == "start"),
    )


_ANY_TIME = datetime.min.replace(tzinfo=timezone.utc)


def events_of(properties: Mapping[str, Any]) -> Iterator[Event]:
    """What is recorded of a task's life."""
    pace = pace_of(properties)
    before: int | None = None
    for at, interval in pace.changes:
        if at == _ANY_TIME:
            continue
        if at in pace.starts:
            kind = "start" if at == pace.starts[0] else "restart"
            yield Event(at, kind, f"{'started' if kind == 'start' else 'started again'}, every {interval} s")
        elif interval != before:
            yield Event(at, "interval", f"every {interval} s instead of {before} s")
        before = interval
    if ended := parse_rfc3339(properties.get("endTime")):
        yield Event(ended, "end", f"ended: {properties.get('stopReason') or 'no reason given'}")
