"""What a rule has to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """What is wrong: the field, its value, and what to write instead. It holds no secret."""

    text: str


@dataclass(frozen=True)
class Unchecked:
    """A field whose value the preview does not know: no violation, it is looked at again during `up`."""

    field: str


Finding = Violation | Unchecked


class Misconfigured(Exception):
    """The pack's configuration contradicts itself; the run ends with this sentence."""
