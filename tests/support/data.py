"""Tables of cases: the JSON files under tests/data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent.parent / "data"


def load(name: str) -> Any:
    """The content of a file, by its path under tests/data."""
    return json.loads((_DATA / name).read_text("utf-8"))
