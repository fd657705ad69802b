"""Where the frames of a snapshot job are, which it recorded (`frames.rules`), and OSS, which stores them.

OSS is reached over its S3 protocol. Source: the vendor's page "Access OSS using an AWS SDK": the endpoint
https://s3.oss-{region}.aliyuncs.com, virtual-hosted addressing. The page advises the old signature V2 for
uploads in chunks; without a body, V4 works, and V2 is being retired.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pulumi_videosnap.alibaba.auth import KEYS, LOCATION_PREFIX, OSS_ENDPOINT, REGION, AlibabaProfiles
from pulumi_videosnap.alibaba.models import State
from pulumi_videosnap.alibaba.rules import is_sequence
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.rules import RecordedFrames, RecordedSeries
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.state import recorded_block, recorded_bucket, recorded_profile
from pulumi_videosnap.storage.platforms import Location, Platform, register

keys_output: str | None = "frames"
run_inputs: tuple[str, ...] = ("owner", "input", "snapshot_config", "profile")
since_output: str | None = None
location_outputs: tuple[str, ...] = ("snapshot_config",)
schedule_outputs: tuple[str, ...] = ()


def location(properties: Mapping[str, Any]) -> Location:
    """Where a job writes its frames; its sheets may go to another bucket."""
    return output_location(properties, "outputFile")


def expected(properties: Mapping[str, Any], config: Lookup) -> RecordedFrames:  # noqa: ARG001
    """The frames and sheets that a successful job has in its outputs."""
    state = str(properties.get("state"))
    if state == State.FAIL:
        raise CannotCheck(f"the job failed ({properties.get('code')}), so it has no frames")
    if state != State.SUCCESS:
        raise CannotCheck(f"the job was still {state} when state was last written: run `pulumi refresh`")
    return RecordedFrames(tuple(_series(properties)), tuple(_notes(properties)))


def _series(properties: Mapping[str, Any]) -> Iterator[RecordedSeries]:
    if keys := properties.get("frames"):
        offsets = offsets_of(properties.get("snapshotConfig") or {}, len(keys))
        yield _in_bucket(properties, "outputFile", "frames", keys, offsets)
    if keys := properties.get("tileFrames"):
        yield _in_bucket(properties, "tileOutputFile", "sheets", keys)


def _in_bucket(
    properties: Mapping[str, Any], file: str, name: str, keys: list[str], offsets: Sequence[int | None] = ()
) -> RecordedSeries:
    try:
        return RecordedSeries(name, output_location(properties, file), keys, offsets)
    except CannotCheck as problem:
        return RecordedSeries(name, None, keys, problem=str(problem))


def _notes(properties: Mapping[str, Any]) -> Iterator[str]:
    if properties.get("count") and not properties.get("frames") and not properties.get("vtt"):
        why = "only sheets are kept" if properties.get("tileFrames") else "their template has {SnapshotTime}"
        yield f"no keys of frames are recorded: {why}"
    if properties.get("vtt"):
        yield f"the keys of the frames of a WebVTT are not documented: {properties['vtt']} lists them"


def offsets_of(config: Mapping[str, Any], count: int) -> list[int | None]:
    """The times in the video of a job's frames, in ms; None, or an empty list, where they are not certain.

    A key frame, an average, and `num` without `interval` have no documented time. A sequence ends early where
    the video does, so its first frames are certain; which of several time points gave no frame is not.
    """
    if config.get("frameType") != "normal":
        return []
    times = _sequence_times(config, count)
    if times and times[0] == 0 and _skips_black(config):
        # Another frame of the first five seconds may be in its place.
        return [None, *times[1:]]
    return times


def _sequence_times(config: Mapping[str, Any], count: int) -> list[int | None]:
    points = (config.get("timeArray") or {}).get("timePointList")
    if points:
        # What becomes of repeated points, or of others than ascending ones, is not documented.
        ascending = all(before < after for before, after in pairwise(points))
        return [int(point) for point in points] if ascending and count == len(points) else []
    start, step, num = (int(config.get(name) or 0) for name in ("time", "interval", "num"))
    several = is_sequence(config)
    certain = count <= (num or count) if several and step else not several and count == 1
    return [start + number * step * 1000 for number in range(count)] if certain else []


def _skips_black(config: Mapping[str, Any]) -> bool:
    """Whether a black first frame is replaced: of a single frame always, of a sequence where it is set."""
    return not is_sequence(config) or "blackLevel" in config or "pixelBlackThreshold" in config


OSS = Platform(
    name="oss",
    title="Alibaba Cloud OSS",
    # Alibaba Cloud, "Access OSS using an AWS SDK"
    endpoint="https://s3.oss-{region}.aliyuncs.com",
    # Alibaba Cloud, "Access OSS using an AWS SDK"
    addressing="virtual",
    # Alibaba Cloud's SDKs, as for MPS
    keys=KEYS,
    profiles=AlibabaProfiles,
    # our name, shared with the emulator
    endpoint_setting=OSS_ENDPOINT,
    # Alibaba Cloud's SDKs, as for MPS
    region_setting=REGION,
    region_prefix=LOCATION_PREFIX,
    # Alibaba Cloud, ListObjectsV2 and GetObject
    permissions="oss:ListObjects and oss:GetObject",
    delete_permission="oss:DeleteObject",
    # signature: the same page advises version 2 for uploads in chunks, and OSS keeps version 4
    # list_version: Alibaba Cloud, ListObjectsV2: 100 keys a page unless 1000 are requested
    # url_encoding: Alibaba Cloud, ListObjectsV2, encoding-type=url
    # start_after: Alibaba Cloud, ListObjectsV2, start-after
    assumed=("signature", "endpoint_setting"),
)

register(OSS)


def output_location(properties: Mapping[str, Any], file: str) -> Location:
    """Where a recorded job writes one of its outputs; CannotCheck says why it cannot be listed."""
    output = recorded_block(recorded_block(properties, "snapshotConfig"), file)
    region = str(output.get("location", "")).removeprefix(LOCATION_PREFIX)
    profile = recorded_profile(properties)
    return Location(OSS.name, recorded_bucket(output), region or None, profile=profile)
