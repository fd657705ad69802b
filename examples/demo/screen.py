"""What the user reads: the story's own lines, and those lines of a command's output that matter to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Choice = Callable[[str], list[str]]
"""Picks the lines to show of a command's output."""


def title(text: str) -> None:
    print(f"\n━━ {text}", flush=True)


def step(text: str) -> None:
    print(f"\n● {text}", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def everything(output: str) -> list[str]:
    """All lines but blank ones and those of what is under way."""
    return [line for line in _lines(output) if " creating (" not in line]


def nothing(_output: str) -> list[str]:
    """No line: the story goes on without them."""
    return []


def changes(output: str) -> list[str]:
    """The lines of a diff that name a resource or a field."""
    marks = ("~", "+", "-")
    return [line for line in _lines(output) if line.strip().startswith(marks) and "urn=" not in line]


def entries(output: str) -> list[str]:
    """A review's or a drift run's tasks, without what the whole stack comes to."""
    told = output.partition("\nAll live tasks")[0].partition("\nScope:")[0]
    return [line for line in _lines(told) if not line.startswith("Checked ")]


def into(file: Path) -> Choice:
    """Keep the output in a file, and show none of it."""

    def keep(output: str) -> list[str]:
        file.write_text(output)
        return []

    return keep


def outcome(output: str) -> list[str]:
    """The outputs and the count of resources, at the end of an update."""
    _, mark, end = output.partition("\nOutputs:\n")
    return [line for line in _lines(mark + end) if not line.startswith("Duration")]


def count(output: str) -> list[str]:
    """Only the count of resources."""
    _, mark, end = output.partition("\nResources:\n")
    return [line for line in _lines(mark + end) if not line.startswith(("Resources", "Duration"))]


def course_of(resource: str) -> Choice:
    """What an update says of one resource while it is under way, and its outcome."""

    def pick(output: str) -> list[str]:
        rows = [line for line in _lines(output) if f" {resource} crea" in line and not line.endswith("s)")]
        return [*rows, *outcome(output)]

    return pick


def row_of(resource: str) -> Choice:
    """The last row of one resource."""
    return lambda output: [line for line in _lines(output) if f" {resource} " in line][-1:]


def diagnostics_of(resource: str) -> Choice:
    """The errors and warnings of one resource, and its last row if it did not fail."""

    def pick(output: str) -> list[str]:
        _, _, told = output.partition("\nDiagnostics:\n")
        _, _, mine = told.partition(f" ({resource}):\n")
        complaints = [line.strip() for line in _lines(mine.partition("\n\n")[0])]
        failed = any(line.startswith("error:") for line in complaints)
        return complaints if failed else [*row_of(resource)(output), *complaints]

    return pick


def _lines(output: str) -> list[str]:
    lines = (line.rstrip() for line in output.splitlines())
    return [line for line in lines if line and not line.startswith("@")]
