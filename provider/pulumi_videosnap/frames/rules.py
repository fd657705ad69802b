"""What `videosnap frames` asks of a resource kind: where its frames are, and which are expected."""

from __future__ import annotations

from typing import Protocol


class FrameRules(Protocol):
    """What `videosnap frames` asks of a resource kind: where its frames are, and which are expected."""
