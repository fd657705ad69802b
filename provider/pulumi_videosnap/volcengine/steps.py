"""What an update of a snapshot task comes to: decided once, for doing it and for foretelling it."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

from pulumi_videosnap.core.properties import Path, Properties
from pulumi_videosnap.volcengine.observed import is_over, state_of
from pulumi_videosnap.volcengine.schema import RUNNING

INTERVAL: Path = ("imageConfig", "interval")
KEEP_RUNNING: Path = ("keepRunning",)
FRAME_PREFIX: Path = ("framePrefix",)
STATE: Path = ("state",)


class UpdateStep(Enum):
    """The one thing that an update does."""

    RECORD = "record"
    """Nothing in the cloud."""
    SET_INTERVAL = "set interval"
    """UpdateSnapshot."""
    START_AGAIN = "start again"
    """StartSnapshot: the last run is over."""


def update_step(recorded: Properties, changed: Collection[Path], keep_running: bool) -> UpdateStep:
    """What to do about changed fields; a change to a task that has ended starts a new run."""
    if not is_over(recorded):
        return UpdateStep.SET_INTERVAL if INTERVAL in changed else UpdateStep.RECORD
    only_switches = set(changed) <= {KEEP_RUNNING, FRAME_PREFIX, STATE}
    stays_over = only_switches and state_of(recorded, keep_running) == RUNNING
    return UpdateStep.RECORD if stays_over else UpdateStep.START_AGAIN
