"""Reading typed values out of a request's JSON, as the vendor's own samples write it.

Numbers come as JSON numbers or as text, and an object may come as text that holds JSON, at any depth. Every
refusal names the value by its path, joined by colons.
"""

from __future__ import annotations

import json
import re
from typing import Any

from videosnap_emulator.alibaba_mps.errors import service_error

_WHOLE = re.compile(r"-?\d{1,18}")
_BOOLEANS = {"true": True, "false": False}


def parsed(value: object, path: str) -> object:
    """Return the JSON that a text holds; anything but text is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise service_error("InvalidParameter.JsonFormatInvalid", path) from None


def whole(value: object, path: str) -> int:
    """Return an integer that came as a number or as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not _WHOLE.fullmatch(text.strip()):
        raise service_error("InvalidParameter.NumberFormatInvalid", path)
    return int(text)


class Block:
    """One JSON object of a request. Null and empty text count as absent, unless the value is required."""

    # assumption: mps-empty-optional
    def __init__(self, values: dict[str, Any], path: str):
        self.values, self._path = values, path

    @classmethod
    def read(cls, value: object, path: str) -> Block:
        """Read an object, or text that holds one."""
        found = parsed(value, path)
        if not isinstance(found, dict):
            raise service_error("InvalidParameter.JsonObjectFormatInvalid", path)
        return cls(found, path)

    def path(self, name: str) -> str:
        """Return the value's full name."""
        return f"{self._path}:{name}"

    def has(self, name: str) -> bool:
        """Say whether the value is given."""
        return self.values.get(name) not in (None, "")

    def require(self, *names: str) -> None:
        """Raise for the first of these values that is not given."""
        for name in names:
            if self.values.get(name) is None:
                raise service_error("InvalidParameter.NullValue", self.path(name))
            if self.values[name] == "":
                raise service_error("InvalidParameter.EmptyValue", self.path(name))

    def text(self, name: str) -> str:
        """Return a text; an absent one is empty."""
        if not self.has(name):
            return ""
        value = self.values[name]
        if not isinstance(value, str):
            raise service_error("InvalidParameter", self.path(name))
        return value

    def integer(self, name: str, least: int, most: int) -> int | None:
        """Return an integer of a range, or None."""
        if not self.has(name):
            return None
        value = whole(self.values[name], self.path(name))
        if not least <= value <= most:
            raise service_error("InvalidParameter.OutOfRange", self.path(name))
        return value

    def flag(self, name: str) -> bool | None:
        """Return a boolean that came as such or as text, or None."""
        if not self.has(name):
            return None
        value = self.values[name]
        found = value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())
        if found is None:
            raise service_error("InvalidParameter", self.path(name))
        return found

    def block(self, name: str) -> Block | None:
        """Return a nested object, or None."""
        return Block.read(self.values[name], self.path(name)) if self.has(name) else None

    def integers(self, name: str, least: int, most: int) -> tuple[int, ...]:
        """Return a list of integers of a range."""
        found = parsed(self.values.get(name), self.path(name))
        if not isinstance(found, list):
            raise service_error("InvalidParameter.JsonArrayFormatInvalid", self.path(name))
        numbers = tuple(whole(item, self.path(name)) for item in found)
        if any(not least <= number <= most for number in numbers):
            raise service_error("InvalidParameter.OutOfRange", self.path(name))
        return numbers
