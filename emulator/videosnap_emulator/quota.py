"""Requests per second, per account and action, in a sliding second of the host's clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import NamedTuple

from videosnap_emulator.tasks import Json

#: QPS by action. RTC: docs/6348/1188225, 1188224, 1188223, 1188226; all AppIds of an account share them.
#: MPS: "QPS limits" of the developer reference, for one account.
LIMITS = {
    "StartSnapshot": 150,
    "UpdateSnapshot": 150,
    "StopSnapshot": 150,
    "GetSnapshotTask": 60,
    "SubmitSnapshotJob": 50,
    "QuerySnapshotJobList": 100,
    "CancelJob": 100,
    "SearchPipeline": 100,
    "QueryPipelineList": 100,
}
_WINDOW_SECONDS = 1.0


class Usage(NamedTuple):
    """What one call found: calls in the last second, its own included when admitted, and the limit."""

    admitted: bool
    used: int
    limit: int


class Quota:
    """Counts admitted calls. A refused call does not count, so a client that slows down is served at once."""

    def __init__(self, seconds: Callable[[], float] = monotonic):
        self._seconds = seconds
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all calls and maxima."""
        self._times: dict[str, deque[float]] = {action: deque() for action in LIMITS}
        self._maximum = dict.fromkeys(LIMITS, 0)

    def now(self) -> float:
        """Return the moment at which a call arrives, for `admit`."""
        return self._seconds()

    def admit(self, action: str, arrived: float) -> Usage:
        """Count the call unless the second before its arrival is full.

        The arrival counts, not the moment at which it is handled: calls that queued behind a long frame
        cut came as far apart as their sender says.
        """
        with self._lock:
            times, limit = self._times[action], LIMITS[action]
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
                for action, limit in LIMITS.items()
            ]
