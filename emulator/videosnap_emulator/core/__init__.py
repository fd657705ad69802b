"""What every emulated service shares: clock, scheduler, persistence, call log, faults, rate limits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Json = dict[str, Any]


def read_toml(path: Path) -> Json:
    """Return the contents of a table that is kept as data."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
