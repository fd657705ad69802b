"""What the vendors' documents leave open, and what the emulator does there.

Each service has a TOML file of them: one ``[[assumption]]`` per choice, with ``key``, ``choice``, ``why``
and ``source``. The code that makes a choice names its key in a comment that begins with ``assumption:``.
The page, the control API and the documentation show the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from videosnap_emulator.core import read_toml

if TYPE_CHECKING:
    from videosnap_emulator.core.service import Service


class Assumption(NamedTuple):
    """One choice: `source` says what the documents do say, and where; `api` is the title of its service."""

    key: str
    choice: str
    why: str
    source: str
    api: str = ""


def read_assumptions(path: Path, title: str) -> list[Assumption]:
    """Return the assumptions of one file, in its order; a file of another form raises."""
    return [Assumption(**entry, api=title) for entry in read_toml(path)["assumption"]]


def assumptions_of(services: Sequence[type[Service[Any]]]) -> list[Assumption]:
    """Return the assumptions of all services, service by service."""
    return [
        entry
        for service in services
        if service.assumptions is not None
        for entry in read_assumptions(service.assumptions, service.title)
    ]
