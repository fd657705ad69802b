"""Rules among the fields of a SnapshotConfig, each with the vendor's page that states it.

The config comes as properties, in which a preview's unknown values may stand: a rule that needs one of
them holds its tongue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_videosnap.alibaba.object_keys import COUNT, SNAPSHOT_TIME, TILE_COUNT
from pulumi_videosnap.core.schema import Path, Unknown, value_at

Config = Mapping[str, Any]
Broken = tuple[Path, str]

KEY: Path = ("outputFile", "object")
SHEET_KEY: Path = ("tileOutputFile", "object")


def broken_rules(config: Config) -> Iterator[Broken]:
    """Each rule that the config breaks: the field to mend, and what it must be."""
    for find_breach in RULES:
        yield from find_breach(config)


def is_sequence(config: Config) -> bool:
    """Whether the job may take more than one picture (parameter details: Interval, Num, TimeArray)."""
    return is_asynchronous(config) and config.get("num") != 1


def is_asynchronous(config: Config) -> bool:
    """Whether the service answers before the pictures exist: interval, num or moments are given (FAQ)."""
    return any(name in config for name in ("interval", "num", "timeArray"))


def _time_or_moments(config: Config) -> Iterator[Broken]:
    """Parameter details: Time is required. The feature page: moments are a mode of their own."""
    if "timeArray" not in config:
        if "time" not in config:
            yield (
                ("time",),
                "is required: the picture's moment, or the start of the sequence, in milliseconds",
            )
        return
    for name in ("time", "interval", "num"):
        if name in config:
            yield (name,), "does not go with time_array, which lists every moment; leave it out"


def _sequence_is_counted(config: Config) -> Iterator[Broken]:
    """FAQ: without {Count} a sequence is refused, unless Num is 1."""
    key = value_at(config, KEY)
    if not isinstance(key, str) or _is_vtt(config) or not is_sequence(config):
        return
    if COUNT not in key and not isinstance(config.get("num"), Unknown):
        way_out = "" if "timeArray" in config else "; or set num=1"
        yield KEY, f"must hold {COUNT}, or each picture overwrites the one before{way_out}"
    if SNAPSHOT_TIME in key:
        yield (
            KEY,
            f"must not hold {SNAPSHOT_TIME}: what it means in a sequence is not documented; use {COUNT}",
        )


def _sheets(config: Config) -> Iterator[Broken]:
    """Parameter details: TileOutputFile is required for sheets, and its key counts them."""
    if "tileOut" in config and "tileOutputFile" not in config:
        yield ("tileOutputFile",), "is required by tile_out: where the sheets go"
    key = value_at(config, SHEET_KEY)
    if isinstance(key, str) and TILE_COUNT not in key and is_sequence(config):
        yield SHEET_KEY, f"must hold {TILE_COUNT}, which counts the sheets"
    if isinstance(key, str) and SNAPSHOT_TIME in key:
        yield SHEET_KEY, f"must not hold {SNAPSHOT_TIME}: a sheet shows many moments; use {TILE_COUNT}"
    if isinstance(key, str) and key == value_at(config, KEY):
        yield SHEET_KEY, "must differ from output_file.object"


def _web_vtt(config: Config) -> Iterator[Broken]:
    """FAQ: a WebVTT job with another output key is refused; its key ends in .vtt."""
    key, form = value_at(config, KEY), config.get("format")
    if isinstance(form, Unknown) or not isinstance(key, str):
        return
    if _is_vtt(config) and not key.endswith(".vtt"):
        yield KEY, "must end in .vtt when format is 'vtt'"
    if not _is_vtt(config) and key.endswith(".vtt"):
        yield KEY, "must end in .vtt only when format is 'vtt'"
    if "subOut" in config and not _is_vtt(config):
        yield ("subOut",), "belongs to format 'vtt'; leave it out"


def _only_asynchronous(config: Config) -> Iterator[Broken]:
    """The feature page: sheets and WebVTT are made by asynchronous jobs only."""
    if is_asynchronous(config):
        return
    for name in ("format", "tileOutputFile"):
        if name in config:
            yield (name,), "needs a sequence: set interval or num, for a single picture num=1"


def _black_frames(config: Config) -> Iterator[Broken]:
    """Parameter details: the filter looks at the first picture only, and is ignored unless Time is 0."""
    time = config.get("time")
    for name in ("blackLevel", "pixelBlackThreshold"):
        if name in config and isinstance(time, int) and time > 0:
            yield (name,), "has no effect unless time is 0; leave it out"


def _is_vtt(config: Config) -> bool:
    return config.get("format") == "vtt"


RULES: tuple[Callable[[Config], Iterator[Broken]], ...] = (
    _time_or_moments,
    _sequence_is_counted,
    _sheets,
    _web_vtt,
    _only_asynchronous,
    _black_frames,
)
