"""Times as text and back: RFC 3339 in state and APIs, HTTP dates in headers. Always in UTC."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


def from_epoch(seconds: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc)


PLAUSIBLE_YEARS = range(2000, 2200)
"""The years of a time that a service says and that is believed, so that sums with it are times too."""


def is_plausible(moment: datetime) -> bool:
    """Whether a task of a service can have this time."""
    return moment.year in PLAUSIBLE_YEARS


def parse_rfc3339(text: object) -> datetime | None:
    """A time in UTC; None for everything but a text that is not empty, ValueError for another format."""
    if not isinstance(text, str) or not text:
        return None
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def format_rfc3339(moment: datetime, timespec: str = "milliseconds") -> str:
    """A time in UTC, to the millisecond, or with `timespec="seconds"` to the second."""
    return moment.astimezone(timezone.utc).isoformat(timespec=timespec).replace("+00:00", "Z")


def parse_http_date(text: str) -> datetime | None:
    """The time of a Date or Retry-After header (RFC 9110); None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
        # A zone of -0000 is parsed without one, and means UTC too.
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError):
        return None
