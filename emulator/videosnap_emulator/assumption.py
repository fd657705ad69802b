"""One thing that a vendor's documents leave open, and what the emulator does there."""

from __future__ import annotations

from typing import NamedTuple


class Assumption(NamedTuple):
    """One choice: `source` says what the documents do say, and where; `api` which API it concerns."""

    key: str
    choice: str
    why: str
    source: str
    api: str = ""
