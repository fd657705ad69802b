"""The tasks that a stack's state records, read through the engine and never written.

`pulumi stack export` is asked for the state, so every backend works, and what is a secret stays one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import CannotCheck, one_line

LIVE, FILE = "live room", "video file"
KINDS = {"volcengine:SnapshotTask": LIVE, "alibaba:SnapshotJob": FILE}
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the engine's mark of an encrypted value


@dataclass(frozen=True)
class Recorded:
    """One task of a stack: its name in the program, its kind, its id, and its properties."""

    name: str
    kind: str
    id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """A stack's name and its tasks, in the program's order."""

    name: str
    tasks: tuple[Recorded, ...]


def stack_of(name: str | None, folder: Path) -> Stack:
    """The tasks of a stack; CannotCheck when the engine does not hand out its state."""
    chosen = ["--stack", name] if name else []
    return read_export(_pulumi(["stack", "export", *chosen], folder), name or _selected(folder))


def stack_in(file: str) -> Stack:
    """The tasks in a file that `pulumi stack export` wrote; `-` is standard input."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise CannotCheck(f"{file} cannot be read ({type(unreadable).__name__})") from None
    return read_export(text, "")


def read_export(text: str, name: str) -> Stack:
    """The tasks in the engine's export of a stack."""
    try:
        deployment = json.loads(text)["deployment"]
    except (ValueError, KeyError, TypeError):
        raise CannotCheck("this is no export of a stack: write one with `pulumi stack export`") from None
    resources = deployment.get("resources") or []
    return Stack(name or _name_in(resources), tuple(_tasks(resources)))


def is_hidden(value: Any) -> bool:
    """Whether a recorded value is a secret, which an export shows encrypted only."""
    return isinstance(value, Mapping) and _SECRET in value


def _tasks(resources: Sequence[Mapping[str, Any]]) -> Iterator[Recorded]:
    for resource in resources:
        kind = KINDS.get(str(resource.get("type", "")).partition("dynamic/")[2])
        # What was deleted to make room for its replacement, or is about to be, is no task any more.
        if kind is None or resource.get("delete") or resource.get("pendingReplacement"):
            continue
        urn = str(resource.get("urn", ""))
        yield Recorded(
            urn.rpartition("::")[2], kind, str(resource.get("id", "")), resource.get("outputs") or {}
        )


def _name_in(resources: Sequence[Mapping[str, Any]]) -> str:
    """The stack's name as every URN begins with it."""
    urn = str(resources[0].get("urn", "")) if resources else ""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def _selected(folder: Path) -> str:
    return _pulumi(["stack", "--show-name"], folder).strip()


def _pulumi(arguments: list[str], folder: Path) -> str:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise CannotCheck("there is no `pulumi` on PATH, which reads the stack's state")
    ran = subprocess.run(  # noqa: S603 - the user's own engine
        [pulumi, *arguments, "--non-interactive"],
        cwd=folder,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = one_line(ran.stderr or ran.stdout).removeprefix("error: ")
        raise CannotCheck(f"`pulumi {' '.join(arguments)}` failed: {said}")
    return ran.stdout
