"""Which moments of the video a job asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.config import CannotCut, SnapshotConfig
from videosnap_emulator.alibaba_mps.packets import content_bad
from videosnap_emulator.alibaba_mps.readings import Readings
from videosnap_emulator.alibaba_mps.timeline import Moment, Timeline
from videosnap_emulator.clock import Milliseconds

#: The vendor's default of Interval.
DEFAULT_INTERVAL_MS = 10_000
#: Pictures of one job. The vendor states no limit; here they are all in memory at once.
# assumption: mps-limits
MAXIMUM_PICTURES = 5_000


class Plan(NamedTuple):
    """Ascending moments inside the video, and the distance between them; None when they have none."""

    moments: Sequence[Moment]
    spacing: Moment | None = None


def single(config: SnapshotConfig) -> bool:
    """Say whether the job takes one picture: only Num, Interval and time points ask for more than one."""
    # assumption: mps-one-picture
    if config.time_points is not None:
        return False
    return config.num == 1 or (config.num is None and config.interval is None)


def planned(config: SnapshotConfig, readings: Readings, timeline: Timeline) -> Plan:
    """Return the moments of a job of several pictures; there must be one inside the video."""
    points = config.time_points
    plan = _series(config, readings, timeline) if points is None else _points(points, timeline)
    # assumption: mps-no-picture
    if not plan.moments:
        raise content_bad()
    if len(plan.moments) > MAXIMUM_PICTURES:
        raise CannotCut("InternalError", f"The emulator takes at most {MAXIMUM_PICTURES} pictures a job")
    return plan


def _points(points: Sequence[Milliseconds], timeline: Timeline) -> Plan:
    # assumption: mps-time-points
    return Plan([at for at in sorted(set(points)) if timeline.holds(at)])


def _series(config: SnapshotConfig, readings: Readings, timeline: Timeline) -> Plan:
    average = config.interval == 0
    if config.interval is None:
        # assumption: mps-num-without-interval
        average = readings.missing_interval == "average"
    # assumption: mps-average-without-num
    if average and config.num is not None:
        return _average(config.time, config.num, timeline)
    return _regular(config, timeline)


def _regular(config: SnapshotConfig, timeline: Timeline) -> Plan:
    """Every interval from `time` on, until Num are taken or the video ends."""
    step = (config.interval or 0) * 1000 or DEFAULT_INTERVAL_MS
    stop = timeline.last_ms + 1
    if config.num is not None:
        stop = min(stop, config.time + config.num * step)
    return Plan(range(config.time, stop, step), step)


def _average(start: Milliseconds, count: int, timeline: Timeline) -> Plan:
    """As many as asked, spread over what is left of the video; the first at its start, none at its end."""
    # assumption: mps-average
    rest = timeline.duration - start
    if not timeline.holds(start) or rest <= 0:
        return Plan(())
    wanted = min(count, MAXIMUM_PICTURES + 1)
    return Plan([start + rest * number / count for number in range(wanted)], rest / count)
