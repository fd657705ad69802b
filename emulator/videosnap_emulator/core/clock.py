"""The one emulated clock. All times are integer milliseconds since the Unix epoch, UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime
from enum import Enum
from threading import Lock
from time import time_ns

Milliseconds = int
Timer = Callable[[], Milliseconds]


class Pace(str, Enum):
    """How the emulated clock moves between two calls of ``advance``."""

    REAL = "real"
    MANUAL = "manual"


def host_clock() -> Milliseconds:
    """Return the host's own time."""
    return time_ns() // 1_000_000


class Clock:
    """Emulated time: it starts at `start`, never goes backward, and jumps only by `advance`. Thread-safe.

    With `Pace.REAL` it follows `real` as well, also while the emulator is down (`Scheduler.catch_up`); with
    `Pace.MANUAL` it moves by `advance` alone.
    """

    def __init__(self, real: Timer = host_clock, pace: Pace = Pace.REAL, start: Milliseconds | None = None):
        self._real, self._lock = real, Lock()
        self.pace = pace
        self.restart_at(real() if start is None else start)

    def restart_at(self, now: Milliseconds, advanced: Milliseconds = 0) -> None:
        """Go on from `now` (a restart or a reset); `advanced` is the sum of all jumps so far."""
        with self._lock:
            self._now, self._seen, self.advanced = now, self._real(), advanced

    def real(self) -> Milliseconds:
        """Return the host's time, which signatures and rate limits are measured against."""
        return self._real()

    def now(self) -> Milliseconds:
        """Return the emulated time; a host clock that is set back does not take it along."""
        with self._lock:
            return self._move(0)

    def _move(self, by: Milliseconds) -> Milliseconds:
        seen = self._real()
        if self.pace is Pace.REAL:
            self._now += max(0, seen - self._seen)
        self._seen = seen
        self._now += by
        return self._now

    def advance(self, by: Milliseconds) -> Milliseconds:
        """Jump ahead and return the new time."""
        if by < 0:
            raise ValueError("the emulated clock does not go backward")
        with self._lock:
            self.advanced += by
            return self._move(by)


def as_datetime(at: Milliseconds) -> datetime:
    """Return an aware datetime in UTC, exact to the millisecond."""
    return datetime.fromtimestamp(at // 1000, tz=timezone.utc).replace(microsecond=at % 1000 * 1000)


def rfc3339(at: Milliseconds) -> str:
    """Format like ``2024-01-01T00:00:00.000Z``."""
    return as_datetime(at).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def compact(at: Milliseconds) -> str:
    """Format like ``20240101T000000.000Z``, which sorts and is safe in an object key."""
    return as_datetime(at).strftime("%Y%m%dT%H%M%S.") + f"{at % 1000:03d}Z"


def http_date(at: Milliseconds) -> str:
    """Format for the ``Date`` header."""
    return format_datetime(as_datetime(at).replace(microsecond=0), usegmt=True)
