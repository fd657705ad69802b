"""Requests per second, per account and action, in a sliding second of the host's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import NamedTuple

from videosnap_emulator.core import Json

_WINDOW_SECONDS = 1.0


class Usage(NamedTuple):
    """What one call found: calls in the last second, its own included when admitted, and the limit."""

    admitted: bool
    used: int
    limit: int


class RateLimiter:
    """Counts admitted calls. A refused call does not count, so a client that slows down is served at once."""

    def __init__(self, limits: Mapping[str, int], seconds: Callable[[], float] = monotonic):
        self.limits, self._seconds = dict(limits), seconds
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all calls and maxima."""
        self._times: dict[str, deque[float]] = {action: deque() for action in self.limits}
        self._maximum = dict.fromkeys(self.limits, 0)

    def now(self) -> float:
        """Return the moment at which a call arrives, for `admit`."""
        return self._seconds()

    def admit(self, action: str, arrived: float) -> Usage:
        """Count the call unless the second before its arrival is full.

        The arrival counts, not the moment at which it is handled: calls that queued behind a long step
        came as far apart as their sender says.
        """
        with self._lock:
            times, limit = self._times[action], self.limits[action]
            at = max(arrived, times[-1]) if times else arrived
            used = self._used(action, at)
            if used >= limit:
                return Usage(False, used, limit)
            times.append(at)
            self._maximum[action] = max(self._maximum[action], used + 1)
            return Usage(True, used + 1, limit)

    def _used(self, action: str, at: float) -> int:
        times, start = self._times[action], at - _WINDOW_SECONDS
        while times and times[0] <= start:
            times.popleft()
        return len(times)

    def view(self) -> list[Json]:
        """Return each action's use in the last second, its limit and the most ever used in one second."""
        with self._lock:
            return [
                {
                    "action": action,
                    "used": self._used(action, self._seconds()),
                    "limit": limit,
                    "maximum": self._maximum[action],
                }
                for action, limit in self.limits.items()
            ]
