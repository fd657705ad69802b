"""What `videosnap drift` asks of a resource kind: what a drifted field means, what brings it back, orphans."""

from __future__ import annotations

from typing import Protocol


class DriftRules(Protocol):
    """What `videosnap drift` asks of a resource kind: what a drifted field means, what brings it back, orphans."""
