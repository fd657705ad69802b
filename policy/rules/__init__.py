"""The rules: pure functions from what is declared to what is wrong with it. They do not import Pulumi."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """What is wrong: the field, its value, and what to write instead. It holds no secret."""

    text: str


@dataclass(frozen=True)
class Unchecked:
    """A field whose value the preview does not know: no violation, `up` checks it again."""

    field: str


Finding = Violation | Unchecked


class Misconfigured(Exception):
    """The pack's configuration contradicts itself; the run ends with this sentence."""
