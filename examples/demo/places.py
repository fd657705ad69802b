"""Where things are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
FRAMES = DEMO / "frames"


def shown(path: Path) -> str:
    """A path as it is shown: from the checkout's folder on."""
    return str(path.relative_to(ROOT))
