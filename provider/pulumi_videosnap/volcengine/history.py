"""The output `history`: a task's starts, ends and intervals, from which its expected frames are computed.

Each entry is an object with the moment `at` (RFC 3339, UTC) and an `event`: "start" and "interval" carry the
`interval` in seconds, "end" carries the vendor's stop `reason`. State of older releases has no ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pulumi_videosnap.core.properties import Properties, value_at
from pulumi_videosnap.core.timestamps import format_rfc3339, parse_rfc3339

MAX_ENTRIES = 100
"""Entries that are kept; the oldest are dropped."""
SAME_START = timedelta(seconds=2)
"""Starts closer than this are one: a start is known to the second until the service lists the task."""

Entries = list[dict[str, Any]]


def with_history(recorded: Properties, outputs: Properties, at: datetime | None = None) -> Properties:
    """Outputs with the recorded history and what is new: a start, an end, another interval.

    `at` is when another interval was seen (UTC); without it no change of the interval is added.
    """
    entries: Entries = list(recorded.get("history") or [])
    _add_end(entries, recorded)
    started, interval = outputs.get("startTime"), value_at(outputs, ("imageConfig", "interval"))
    if _is_new_start(entries, started):
        entries.append({"at": started, "event": "start", "interval": interval})
    elif at and _last_interval(entries) not in (None, interval):
        entries.append({"at": format_rfc3339(at), "event": "interval", "interval": interval})
    _add_end(entries, outputs)
    return {**outputs, "history": entries[-MAX_ENTRIES:]}


def _add_end(entries: Entries, outputs: Properties) -> None:
    """Add the end of the last run in the history, if it has ended and the end is not there yet."""
    if outputs.get("endTime") and entries and entries[-1]["event"] != "end":
        reason = outputs.get("stopReason") or ""
        entries.append({"at": outputs["endTime"], "event": "end", "reason": reason})


def _is_new_start(entries: Entries, started: object) -> bool:
    start = parse_rfc3339(started)
    known = [parse_rfc3339(entry["at"]) for entry in entries if entry["event"] == "start"]
    return start is not None and not any(one and abs(start - one) < SAME_START for one in known)


def _last_interval(entries: Entries) -> Any:
    return next((entry["interval"] for entry in reversed(entries) if "interval" in entry), None)
