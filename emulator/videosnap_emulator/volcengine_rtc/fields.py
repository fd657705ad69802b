"""Reading typed fields from a request's JSON; every complaint names the field by its path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from videosnap_emulator.volcengine_rtc.errors import invalid

#: The naming rule of BusinessId, TaskId, RoomId and UserId (docs/6348/69828).
ID = re.compile(r"[a-zA-Z0-9_@\-.]{1,128}")
#: AppIds and the names of buckets and spaces have no published rule; they become part of addresses.
NAME = re.compile(r"[!-.0-~]{1,128}")
#: Keys and account ids: anything printable.
PRINTABLE = re.compile(r"[ -~]{1,1024}")


class Fields:
    """One JSON object of a request; null counts as absent."""

    def __init__(self, values: dict[str, Any], path: str = ""):
        self._values, self._path = values, path

    def path(self, name: str) -> str:
        """Return the field's full name."""
        return f"{self._path}.{name}" if self._path else name

    def has(self, name: str) -> bool:
        """Say whether the field is given."""
        return self._values.get(name) is not None

    def text(self, name: str, rule: re.Pattern[str], required: bool = True) -> str:
        """Return a string that follows `rule`; an absent optional one is empty."""
        value = self._values.get(name)
        if value is None or value == "":
            if required:
                raise invalid(self.path(name), "is required")
            return ""
        if not isinstance(value, str):
            raise invalid(self.path(name), "must be a string")
        if not rule.fullmatch(value):
            raise invalid(self.path(name), f"must match {rule.pattern}")
        return value

    def integer(self, name: str, default: int, allowed: Sequence[int]) -> int:
        """Return an integer out of a range."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(self.path(name), "must be an integer")
        if value not in allowed:
            raise invalid(self.path(name), f"must be from {allowed[0]} to {allowed[-1]}")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean, false when absent."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(self.path(name), "must be a boolean")
        return bool(value)

    def block(self, name: str, required: bool = False) -> Fields:
        """Return a nested object; an absent optional one is empty."""
        value = self._values.get(name)
        if value is None and required:
            raise invalid(self.path(name), "is required")
        if value is not None and not isinstance(value, dict):
            raise invalid(self.path(name), "must be an object")
        return Fields(value or {}, self.path(name))

    def blocks(self, name: str) -> list[Fields]:
        """Return a list of objects, empty when absent."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(self.path(name), "must be an array")
        for place, item in enumerate(value):
            if not isinstance(item, dict):
                raise invalid(f"{self.path(name)}[{place}]", "must be an object")
        return [Fields(item, f"{self.path(name)}[{place}]") for place, item in enumerate(value)]
