"""Where the frames of a snapshot job are, and which it recorded (`frames.rules`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.alibaba.models import State
from pulumi_videosnap.alibaba.storage import output_location
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.rules import RecordedFrames, RecordedSeries
from pulumi_videosnap.storage.platforms import Location

keys_output: str | None = "frames"
since_output: str | None = None
location_outputs: tuple[str, ...] = ("snapshot_config",)
schedule_outputs: tuple[str, ...] = ()


def location(properties: Mapping[str, Any]) -> Location:
    """Where a job writes its frames; its sheets may go elsewhere."""
    return output_location(properties, "outputFile")


def expected(properties: Mapping[str, Any]) -> RecordedFrames:
    """The frames and sheets that a successful job has in its outputs."""
    state = str(properties.get("state"))
    if state == State.FAIL:
        raise CannotCheck(f"the job failed ({properties.get('code')}), so it has no frames")
    if state != State.SUCCESS:
        raise CannotCheck(f"the job was still {state} when state was last written: run `pulumi refresh`")
    return RecordedFrames(location(properties), tuple(_series(properties)), tuple(_notes(properties)))


def _series(properties: Mapping[str, Any]) -> Iterator[RecordedSeries]:
    if keys := properties.get("frames"):
        offsets = offsets_of(properties.get("snapshotConfig") or {}, len(keys))
        yield RecordedSeries("frames", location(properties), keys, offsets)
    if keys := properties.get("tileFrames"):
        yield RecordedSeries("sheets", output_location(properties, "tileOutputFile"), keys)


def _notes(properties: Mapping[str, Any]) -> Iterator[str]:
    if properties.get("vtt"):
        yield f"the keys of the frames of a WebVTT are not documented: {properties['vtt']} lists them"


def offsets_of(config: Mapping[str, Any], count: int) -> list[int]:
    """The times in the video of a job's frames, in ms; none where key frames or an average decide."""
    points = (config.get("timeArray") or {}).get("timePointList")
    if points:
        return [int(point) for point in points][:count]
    if config.get("frameType") != "normal" or config.get("interval") == 0:
        return []
    start, step = int(config.get("time") or 0), int(config.get("interval") or 0) * 1000
    return [start + number * step for number in range(count)] if step or count == 1 else []
