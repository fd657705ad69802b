"""Where the frames of a live room are and when they fall due (`frames.rules`).

The vendor publishes no rule for the keys of the frames, so no output has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.rules import ScheduledFrames
from pulumi_videosnap.frames.schedule import ANY_TIME, Run, Schedule
from pulumi_videosnap.volcengine.storage import frame_location

keys_output: str | None = None
since_output: str | None = "start_time"
location_outputs: tuple[str, ...] = ("storage_config", "frame_prefix")
schedule_outputs: tuple[str, ...] = ("image_config", "start_time", "end_time")

location = frame_location

DEFAULT_INTERVAL = 2
"""Seconds between frames where state has no interval; the vendor's default."""


def expected(properties: Mapping[str, Any]) -> ScheduledFrames:
    """One frame every interval in each run that the output `history` has."""
    where, schedule = location(properties), schedule_of(properties)
    started = schedule.starts[0] if schedule.runs else parse_rfc3339(properties.get("startTime"))
    if started is None:
        raise CannotCheck("state records no start of it, so its time is not known: run `pulumi refresh`")
    return ScheduledFrames(where, schedule, started, parse_rfc3339(properties.get("endTime")))


def schedule_of(properties: Mapping[str, Any]) -> Schedule:
    """The schedule that is recorded of a task; one interval from its start on when no history is."""
    interval = int((properties.get("imageConfig") or {}).get("interval", DEFAULT_INTERVAL))
    entries = list(_entries(properties))
    changes = [(at, int(entry.get("interval", interval))) for at, entry in entries if _event(entry) != "end"]
    return Schedule(tuple(changes) or ((ANY_TIME, interval),), tuple(_runs(entries)))


def _entries(properties: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """The entries of the history with their times, and the last end where an older release left it out."""
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
