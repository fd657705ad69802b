"""Moments in state: RFC 3339, in UTC."""

from __future__ import annotations

from datetime import datetime, timezone


def parse_rfc3339(text: object) -> datetime | None:
    """A recorded moment in UTC; None when there is none."""
    if not isinstance(text, str) or not text:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def format_rfc3339(moment: datetime) -> str:
    """A moment in UTC, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
