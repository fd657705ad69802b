"""What the demo prints: its own lines and the lines of output that matter; and where its files are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
FRAMES = DEMO / "frames"

Choice = Callable[[str], list[str]]
"""Picks the lines to show of a command's output."""


def shown(path: Path) -> str:
    """A path as it is printed: relative to the checkout."""
    return str(path.relative_to(ROOT))


def title(text: str) -> None:
    print(f"\n━━ {text}", flush=True)


def step(text: str) -> None:
    print(f"\n● {text}", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def everything(output: str) -> list[str]:
    """All lines but blank ones and progress rows."""
    return [line for line in _lines(output) if " creating (" not in line]


def nothing(_output: str) -> list[str]:
    """No line."""
    return []


def changes(output: str) -> list[str]:
    """The lines of a diff that name a resource or a field."""
    marks = ("~", "+", "-")
    return [line for line in _lines(output) if line.strip().startswith(marks) and "urn=" not in line]


def entries(output: str) -> list[str]:
    """The tasks of a review or a drift run, without the totals of the stack."""
    text = output.partition("\nAll live tasks")[0].partition("\nScope:")[0]
    return [line for line in _lines(text) if not line.startswith("Checked ")]


def into(file: Path) -> Choice:
    """Write the output to a file, and show none of it."""

    def write(output: str) -> list[str]:
        file.write_text(output)
        return []

    return write


def outcome(output: str) -> list[str]:
    """The outputs and the count of resources, at the end of an update."""
    _, mark, end = output.partition("\nOutputs:\n")
    return [line for line in _lines(mark + end) if not line.startswith("Duration")]


def count(output: str) -> list[str]:
    """Only the count of resources."""
    return _lines(output.partition("\nResources:\n")[2].partition("\nDuration")[0])


def progress_of(resource: str) -> Choice:
    """The progress rows of one resource during an update, and the outcome."""

    def pick(output: str) -> list[str]:
        rows = [line for line in _lines(output) if f" {resource} crea" in line and not line.endswith("s)")]
        return [*rows, *outcome(output)]

    return pick


def row_of(resource: str) -> Choice:
    """The last row of one resource."""
    return lambda output: [line for line in _lines(output) if f" {resource} " in line][-1:]


def diagnostics_of(*resources: str) -> Choice:
    """The errors and warnings of some resources; of one that did not fail, its last row too."""

    def of_one(output: str, resource: str) -> list[str]:
        _, _, diagnostics = output.partition("\nDiagnostics:\n")
        _, _, mine = diagnostics.partition(f" ({resource}):\n")
        messages = [line.strip() for line in _lines(mine.partition("\n\n")[0])]
        failed = any(line.startswith("error:") for line in messages)
        return messages if failed else [*row_of(resource)(output), *messages]

    return lambda output: [line for resource in resources for line in of_one(output, resource)]


def _lines(output: str) -> list[str]:
    lines = (line.rstrip() for line in output.splitlines())
    return [line for line in lines if line and not line.startswith("@")]
