"""Rules of a snapshot job's inputs: object keys, and rules among the fields of a SnapshotConfig.

Sources: the vendor's parameter details, "OutputFile", its page on URL encoding, and what each rule names.
Outside workflows five placeholders exist, and `{TileCount}` for sheets. Rules skip values that are unknown
during preview.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_videosnap.core.properties import Path, Unknown, value_at

COUNT, TILE_COUNT, SNAPSHOT_TIME = "{Count}", "{TileCount}", "{SnapshotTime}"
PLACEHOLDERS = ("{ObjectPrefix}", "{FileName}", "{ExtName}", SNAPSHOT_TIME, COUNT)
WORKFLOW_ONLY = ("{RunId}", "{MediaId}")
LONGEST = 1023
"""Bytes of a key in UTF-8."""

BRACED = re.compile(r"\{[^{}]*\}")
_ENCODED = re.compile(r"%7[bd]", re.IGNORECASE)
_OTHER_FORMATS = (".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")

Config = Mapping[str, Any]
Broken = tuple[Path, str]

KEY: Path = ("outputFile", "object")
SHEET_KEY: Path = ("tileOutputFile", "object")


def broken_rules(config: Config) -> Iterator[Broken]:
    """Each rule that the config breaks: the field to fix, and what it must be."""
    for find_broken in RULES:
        yield from find_broken(config)


def is_sequence(config: Config) -> bool:
    """Whether the job may take more than one frame (parameter details: Interval, Num, TimeArray)."""
    return is_asynchronous(config) and config.get("num") != 1


def is_asynchronous(config: Config) -> bool:
    """Whether the service answers before the frames exist: interval, num or time_array is set (FAQ)."""
    return any(name in config for name in ("interval", "num", "timeArray"))


def _time_or_time_array(config: Config) -> Iterator[Broken]:
    """Parameter details: Time is required. The feature page: TimeArray is a mode of its own."""
    if "timeArray" not in config:
        if "time" not in config:
            yield (
                ("time",),
                "is required: the frame's time, or the start of the sequence, in milliseconds",
            )
        return
    for name in ("time", "interval", "num"):
        if name in config:
            yield (name,), "cannot be combined with time_array, which lists every time; leave it out"


def _sequence_has_count(config: Config) -> Iterator[Broken]:
    """FAQ: without {Count} a sequence is refused, unless Num is 1."""
    key = value_at(config, KEY)
    if not isinstance(key, str) or _is_vtt(config) or not is_sequence(config):
        return
    if COUNT not in key and not isinstance(config.get("num"), Unknown):
        way_out = "" if "timeArray" in config else "; or set num=1"
        yield KEY, f"must contain {COUNT}, or each frame overwrites the one before{way_out}"
    if SNAPSHOT_TIME in key:
        yield (
            KEY,
            f"must not contain {SNAPSHOT_TIME}: its meaning in a sequence is not documented; use {COUNT}",
        )


def _sheets(config: Config) -> Iterator[Broken]:
    """Parameter details: TileOutputFile is required for sheets, and its key has {TileCount}."""
    if "tileOut" in config and "tileOutputFile" not in config:
        yield ("tileOutputFile",), "is required by tile_out: where the sheets go"
    key = value_at(config, SHEET_KEY)
    if isinstance(key, str) and TILE_COUNT not in key and is_sequence(config):
        yield SHEET_KEY, f"must contain {TILE_COUNT}, which counts the sheets"
    if isinstance(key, str) and SNAPSHOT_TIME in key:
        yield SHEET_KEY, f"must not contain {SNAPSHOT_TIME}: a sheet shows many times; use {TILE_COUNT}"
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
        yield ("subOut",), "requires format 'vtt'; leave it out"


def _only_asynchronous(config: Config) -> Iterator[Broken]:
    """The feature page: sheets and WebVTT are made by asynchronous jobs only."""
    if is_asynchronous(config):
        return
    for name in ("format", "tileOutputFile"):
        if name in config:
            yield (name,), "needs a sequence: set interval or num, for a single frame num=1"


def _black_frames(config: Config) -> Iterator[Broken]:
    """Parameter details: the filter applies to the first frame only, and is ignored unless Time is 0."""
    time = config.get("time")
    for name in ("blackLevel", "pixelBlackThreshold"):
        if name in config and isinstance(time, int) and time > 0:
            yield (name,), "has no effect unless time is 0; leave it out"


def _is_vtt(config: Config) -> bool:
    return config.get("format") == "vtt"


RULES: tuple[Callable[[Config], Iterator[Broken]], ...] = (
    _time_or_time_array,
    _sequence_has_count,
    _sheets,
    _web_vtt,
    _only_asynchronous,
    _black_frames,
)


def fault_in_key(key: str) -> str | None:
    """What an object key must be and is not; None when it is valid."""
    if not 1 <= len(key.encode("utf-8", "replace")) <= LONGEST:
        return f"must have 1 to {LONGEST} bytes in UTF-8"
    if key[0] in "/\\":
        return "must not start with a slash or a backslash"
    if not key.isprintable():
        return "must not contain control characters"
    return None


def fault_in_template(template: str, own: str) -> str | None:
    """What an output key must be and is not; `own` is the placeholder that numbers this kind of output."""
    known = (*(p for p in PLACEHOLDERS if p != COUNT), own)
    for name in BRACED.findall(template):
        if name not in known:
            return f"must not contain {name}: {_instead(name, known)}"
    if _ENCODED.search(template):
        return f"must be plain, such as output_{own}.jpg: it is encoded for you"
    return fault_in_key(template)


def fault_in_frame_key(template: str, own: str) -> str | None:
    """What the key of a frame, which is always a JPEG, must be and is not."""
    if template.lower().endswith(_OTHER_FORMATS):
        return "must not have the suffix of another format: every frame is a JPEG"
    return fault_in_template(template, own)


def _instead(name: str, known: tuple[str, ...]) -> str:
    if name in WORKFLOW_ONLY:
        return "only workflows have it"
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the placeholders are {', '.join(known)}"
