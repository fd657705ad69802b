"""Faults that the control API injects: which call goes wrong, how often and in what way."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from videosnap_emulator.core import Json

#: The kinds. "before" means the request has no effect; after, malformed and empty leave its effect in place.
#: An injected throttle or error has no effect; html is a proxy's error page, also without effect.
KINDS = (
    "close-before",
    "close-after",
    "throttle",
    "error",
    "stall-before",
    "stall-after",
    "malformed",
    "empty",
    "html",
)


@dataclass
class Fault:
    """One rule: skip the first `after_call` matching calls, then strike `times` times (None: always)."""

    action: str
    kind: str
    after_call: int = 0
    times: int | None = 1
    status: int | None = None
    code: str = "InternalError"
    message: str = "a fault ordered through the control API"
    seconds: float = 1.0
    seen: int = 0
    hits: int = 0

    @property
    def remaining(self) -> int | None:
        """How often it will still strike; None is without end."""
        return None if self.times is None else max(0, self.times - self.hits)

    def strikes(self, action: str) -> bool:
        """Count a call and say whether this fault strikes it."""
        if self.action not in ("*", action):
            return False
        self.seen += 1
        if self.seen <= self.after_call or self.remaining == 0:
            return False
        self.hits += 1
        return True

    def view(self) -> Json:
        """Return the rule as the control API shows it."""
        return {
            "action": self.action,
            "fault": self.kind,
            "afterCall": self.after_call,
            "times": self.times,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "seconds": self.seconds,
            "hits": self.hits,
            "remaining": self.remaining,
        }


class Faults:
    """The rules in force. The first that strikes a call decides; later rules do not count that call."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rules: list[Fault] = []

    def set(self, rules: list[Fault]) -> None:
        """Replace all rules; counting starts again."""
        with self._lock:
            self._rules = rules

    def begin(self, action: str) -> Fault | None:
        """Return the fault that strikes this call; its hit is counted now."""
        with self._lock:
            return next((rule for rule in self._rules if rule.strikes(action)), None)

    def view(self) -> list[Json]:
        """Return all rules with their hits."""
        with self._lock:
            return [rule.view() for rule in self._rules]
