"""One object of a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Stored:
    """One object as a listing tells it; `modified` in UTC, `etag` without quotes."""

    key: str
    size: int
    modified: datetime
    etag: str = ""
