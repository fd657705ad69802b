"""What `videosnap review` asks of a resource kind: the effect of a planned step, its calls, frames and risks."""

from __future__ import annotations

from typing import Protocol


class ReviewRules(Protocol):
    """What `videosnap review` asks of a resource kind: the effect of a planned step, its calls, frames and risks."""
