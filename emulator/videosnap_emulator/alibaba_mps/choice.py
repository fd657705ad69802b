"""Which frame is taken for each moment."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.config import SnapshotConfig
from videosnap_emulator.alibaba_mps.packets import content_bad
from videosnap_emulator.alibaba_mps.plan import Plan
from videosnap_emulator.alibaba_mps.timeline import Moment, Timeline


class Pick(NamedTuple):
    """The moment that was asked for and the frame taken for it."""

    at: Moment
    frame: int


def one(config: SnapshotConfig, timeline: Timeline) -> Pick:
    """Return the only picture; past the end there is a nearest key frame, but no frame that is shown."""
    at = config.time
    if config.frame_type == "intra":
        return Pick(at, timeline.key_near(at))
    if not timeline.holds(at):
        raise content_bad()
    return Pick(at, timeline.shown_at(at))


def several(config: SnapshotConfig, plan: Plan, timeline: Timeline) -> list[Pick]:
    """Return the pictures of a plan, fewer than its moments when key frames are wanted and far away."""
    if config.frame_type != "intra":
        return [Pick(at, timeline.shown_at(at)) for at in plan.moments]
    picks = list(_key_frames(plan, timeline))
    if not picks:
        raise content_bad()
    return picks


def _key_frames(plan: Plan, timeline: Timeline) -> Iterator[Pick]:
    # assumption: mps-near
    for at in plan.moments:
        key = timeline.key_near(at)
        if plan.spacing is None or _near(timeline.after(key, at), plan.spacing):
            yield Pick(at, key)


def _near(after: Fraction, spacing: Moment) -> bool:
    """Half a step before the moment is near, half a step behind it belongs to the next moment."""
    return -spacing <= 2 * after < spacing
