"""Faults that tests order: which call goes wrong, how often and in what way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from videosnap_emulator.quota import LIMITS
from videosnap_emulator.tasks import Json

#: The kinds. "before" means the request has no effect; after, malformed and empty leave its effect in place.
#: An ordered throttle or error has no effect; html is a proxy's error page, also without effect.
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
_ERROR_STATUS = range(400, 600)
_LONGEST_STALL_SECONDS = 3600.0


class FieldError(ValueError):
    """A bad value in a control request; `name` is the field."""

    def __init__(self, name: str, why: str):
        super().__init__(f"{name}: {why}")
        self.name = name


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
    """The rules in force. The first that strikes a call decides.

    Later rules count that call as not theirs.
    """

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


def _number(name: str, value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise FieldError(name, f"must be a number from {least:g} to {most:g}")
    return value


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FieldError(name, "must be a whole number from 0")
    return value


def _one_of(name: str, value: object, words: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in words:
        raise FieldError(name, f"must be one of {', '.join(words)}")
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise FieldError(name, "must be text")
    return value


def _action(name: str, value: object) -> str:
    return _one_of(name, value, ("*", *LIMITS))


def _kind(name: str, value: object) -> str:
    return _one_of(name, value, KINDS)


def _times(name: str, value: object) -> int | None:
    return None if value is None else _count(name, value)


def _status(name: str, value: object) -> int | None:
    return None if value is None else int(_number(name, value, _ERROR_STATUS[0], _ERROR_STATUS[-1]))


def _stall(name: str, value: object) -> float:
    return _number(name, value, 0, _LONGEST_STALL_SECONDS)


#: By the name in a request: the attribute of `Fault` and the function that checks it.
_READERS: dict[str, tuple[str, Callable[[str, object], Any]]] = {
    "action": ("action", _action),
    "fault": ("kind", _kind),
    "afterCall": ("after_call", _count),
    "times": ("times", _times),
    "status": ("status", _status),
    "code": ("code", _text),
    "message": ("message", _text),
    "seconds": ("seconds", _stall),
}


def fault_from(asked: object, place: str) -> Fault:
    """Read one rule of PUT /faults; `place` names it in errors."""
    if not isinstance(asked, dict):
        raise FieldError(place, "must be an object")
    for name in ("action", "fault"):
        if name not in asked:
            raise FieldError(f"{place}.{name}", "is required")
    given: dict[str, Any] = {}
    for name, value in asked.items():
        if name not in _READERS:
            raise FieldError(f"{place}.{name}", "is not a known name")
        attribute, read = _READERS[name]
        given[attribute] = read(f"{place}.{name}", value)
    return Fault(**given)
