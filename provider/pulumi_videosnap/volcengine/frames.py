"""Where frames of a live room are and when they fall due (`frames.rules`), and the platforms that store them.

The vendor publishes no rule for the keys of the frames, so no output has them.

The service numbers the regions of the platforms. Source of the tables: the vendor's page 6348/1167931
(2025-04-14) and its older variant 6348/1217553. Only what these pages show is here: they print no table for
Huawei OBS, Tencent COS, Qiniu Kodo and veImageX, and the one for OSS is cut off after 20. Tables of other
vendors' similar services number the regions differently: nothing is taken from them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from pulumi_videosnap.core.schema import whole_number
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.expected import ANY_TIME, Run, Schedule
from pulumi_videosnap.frames.rules import ScheduledFrames
from pulumi_videosnap.http.credentials import KeySettings
from pulumi_videosnap.settings import Lookup, Setting
from pulumi_videosnap.state import recorded_block, recorded_bucket, recorded_profile
from pulumi_videosnap.storage.platforms import Location, Platform, find_platform, register
from pulumi_videosnap.volcengine.auth import KEYS, VolcengineProfiles

keys_output: str | None = None
run_inputs: tuple[str, ...] = ()
since_output: str | None = "start_time"
location_outputs: tuple[str, ...] = ("storage_config", "frame_prefix")
schedule_outputs: tuple[str, ...] = ("image_config", "start_time", "end_time")

DEFAULT_INTERVAL = 2
"""Seconds between frames where state has no interval; the vendor's default."""


def expected(properties: Mapping[str, Any], config: Lookup) -> ScheduledFrames:  # noqa: ARG001
    """One frame every interval in each run that the output `history` has."""
    where, schedule = location(properties), schedule_of(properties)
    started = schedule.starts[0] if schedule.runs else parse_rfc3339(properties.get("startTime"))
    if started is None:
        raise CannotCheck("state records no start of it, so its time is not known: run `pulumi refresh`")
    return ScheduledFrames(
        where,
        schedule,
        started,
        parse_rfc3339(properties.get("endTime")),
        reason="the vendor documents no keys",
        advice="give each a frame_prefix of its own",
    )


def schedule_of(properties: Mapping[str, Any]) -> Schedule:
    """The schedule that is recorded of a task; one interval from its start on when no history is."""
    interval = _seconds((properties.get("imageConfig") or {}).get("interval", DEFAULT_INTERVAL))
    entries = list(_entries(properties))
    changes = [
        (at, _seconds(entry.get("interval", interval))) for at, entry in entries if _event(entry) != "end"
    ]
    return Schedule(tuple(changes) or ((ANY_TIME, interval),), tuple(_runs(entries)))


def _seconds(interval: object) -> int:
    """An interval that state records; an older release recorded whatever the service said."""
    seconds = whole_number(interval)
    if seconds is None or not 1 <= seconds < 2**31:
        raise CannotCheck(f"state records an interval of {interval!r} seconds: run `pulumi refresh`")
    return seconds


def _entries(properties: Mapping[str, Any]) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """The entries of the history with their times, and the last end where an older release left it out."""
    history = list(properties.get("history") or [])
    if not history and properties.get("startTime"):
        history = [{"at": properties["startTime"], "event": "start"}]
    if history and _event(history[-1]) != "end" and properties.get("endTime"):
        reason = properties.get("stopReason")
        history.append({"at": properties["endTime"], "event": "end", "reason": reason})
    for entry in history:
        if at := parse_rfc3339(entry.get("at")):
            yield at, entry


def _event(entry: Mapping[str, Any]) -> str:
    return str(entry.get("event"))


def _runs(entries: list[tuple[datetime, Mapping[str, Any]]]) -> Iterator[Run]:
    run: Run | None = None
    for at, entry in entries:
        if run and _event(entry) == "end":
            yield Run(run.start, at, str(entry.get("reason") or ""))
            run = None
        elif _event(entry) == "start":
            if run:
                yield run
            run = Run(at)
    if run:
        yield run


TOS = Platform(
    name="tos",
    title="Volcengine TOS",
    # Volcengine 6349/107356, S3 endpoints, as other tools that cite it have them
    endpoint="https://tos-s3-{region}.volces.com",
    # Volcengine 6349/147050: virtual-hosted style only; opendal issue 6549: 403
    addressing="virtual",
    # as for the RTC service
    keys=KEYS,
    profiles=VolcengineProfiles,
    # our name, shared with the emulator
    endpoint_setting=Setting("VOLCENGINE_TOS_ENDPOINT", "videosnap:volcengineTosEndpoint"),
    # our name
    region_setting=Setting("VOLCENGINE_TOS_REGION", "videosnap:volcengineTosRegion"),
    # after the names in Volcengine's access policies
    permissions="tos:ListBucket and tos:GetObject",
    # signature: Volcengine 6349/147050: version 4, not version 2
    # list_version: Volcengine 6349/357812, ListObjectsV2
    # url_encoding: Volcengine 6349/357812, encoding-type=url
    # start_after: Volcengine 6349/357812, start-after
    assumed=("endpoint_setting", "region_setting", "permissions"),
)

VENDORS = {"aliyun": "oss", "aws": "aws", "huawei": "obs", "tencent": "cos", "qiniu": "kodo"}
"""From the words of `custom_config.vendor` to names of platforms."""

_DATA = tomllib.loads(Path(__file__).with_name("vendors.toml").read_text(encoding="utf-8"))
REGIONS: Mapping[str, Mapping[int, str]] = {
    name: dict(enumerate(regions)) for name, regions in _DATA.pop("regions").items()
}
"""For a platform, from the service's numbers of regions to the platform's own names."""


def _vendor(name: str, facts: dict[str, Any]) -> Platform:
    """The platform of a third party, as `vendors.toml` describes it."""
    keys = {part: Setting(*facts.pop(part)) for part in ("access_key", "secret_key", "session_token")}
    names = ("endpoint_setting", "region_setting")
    settings: dict[str, Any] = {part: Setting(*facts.pop(part)) for part in names}
    assumed = tuple(facts.pop("assumed", ()))
    return Platform(
        name, keys=KeySettings(cloud=facts.pop("cloud"), **keys), assumed=assumed, **settings, **facts
    )


NOT_READABLE = {"vod": "Volcengine VOD", "veimagex": "Volcengine veImageX"}
"""Platforms without an S3 listing, by the words of `storage_config.type`."""

register(TOS, *(_vendor(*item) for item in _DATA.items()), without_listing=NOT_READABLE)


def location(properties: Mapping[str, Any]) -> Location:
    """Where a recorded task writes; NotConfigured or CannotCheck say why it cannot be listed."""
    storage = recorded_block(properties, "storageConfig")
    kind, prefix = str(storage.get("type", "tos")), str(properties.get("framePrefix") or "")
    block = recorded_block(storage, f"{kind}Config")
    name = platform_name(kind, str(block.get("vendor", "aws")))
    find_platform(name)
    region = REGIONS.get(name, {}).get(int(block.get("region", 0)))
    profile = recorded_profile(properties) if name == TOS.name else None  # third parties have other profiles
    return Location(name, recorded_bucket(block), region, prefix, profile=profile)


def platform_name(storage_type: str, vendor: str | None = None) -> str:
    """The name of the platform for `storage_config.type` and `custom_config.vendor`."""
    return VENDORS.get(vendor or "", str(vendor)) if storage_type == "custom" else storage_type
