"""What state remembers of a task's runs and intervals, so that its pictures can be reckoned later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pulumi_videosnap.core.properties import Properties, value_at
from pulumi_videosnap.core.timestamps import format_rfc3339, parse_rfc3339

LONGEST = 100
"""Entries that are kept; older ones are forgotten."""
SAME_START = timedelta(seconds=2)
"""A start is known to the second until the service lists the task."""


def remembered(recorded: Properties, outputs: Properties, at: datetime | None = None) -> Properties:
    """Outputs with the history that was recorded, and what is new in it: another run, another interval.

    `at` is when another interval was seen, in UTC.
    """
    history: list[dict[str, Any]] = list(recorded.get("history") or [])
    started, interval = outputs.get("startTime"), value_at(outputs, ("imageConfig", "interval"))
    start = parse_rfc3339(started)
    begun = [parse_rfc3339(entry["at"]) for entry in history if entry["event"] == "start"]
    if start and not any(one and abs(start - one) < SAME_START for one in begun):
        history.append({"at": started, "event": "start", "interval": interval})
    elif history and at and history[-1]["interval"] != interval:
        history.append({"at": format_rfc3339(at), "event": "interval", "interval": interval})
    return {**outputs, "history": history[-LONGEST:]}
