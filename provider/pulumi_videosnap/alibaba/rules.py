"""Rules of a snapshot job's inputs: object keys, and rules among the fields of a SnapshotConfig.

Sources: the vendor's parameter details, "OutputFile", its page on URL encoding, and what each rule names.
Outside workflows five placeholders exist, and `{TileCount}` for sheets. `RULES` are what the documents call
wrong; what they do not mention, or give no effect, is accepted with a warning (`doubts`). Rules skip values
that are unknown during preview.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from pulumi_videosnap.core.lifecycle import Failure
from pulumi_videosnap.core.properties import Path, Unknown, value_at

COUNT, TILE_COUNT, SNAPSHOT_TIME = "{Count}", "{TileCount}", "{SnapshotTime}"
PLACEHOLDERS = ("{ObjectPrefix}", "{FileName}", "{ExtName}", SNAPSHOT_TIME, COUNT)
WORKFLOW_ONLY = ("{RunId}", "{MediaId}")
LONGEST = 1023
"""Bytes of a key in UTF-8."""

BRACED = re.compile(r"\{[^{}]*\}")
_JPEG = (".jpg", ".jpeg")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}|[A-Za-z]+")

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
    if "timeArray" not in config and "time" not in config:
        yield ("time",), "is required: the frame's time, or the start of the sequence, in milliseconds"


def _sequence_has_count(config: Config) -> Iterator[Broken]:
    """FAQ: without {Count} a sequence is refused, unless Num is 1."""
    key = value_at(config, KEY)
    if not isinstance(key, str) or _is_vtt(config) or not is_sequence(config):
        return
    if COUNT not in key and not isinstance(config.get("num"), Unknown):
        way_out = "" if "timeArray" in config else "; or set num=1"
        near = difflib.get_close_matches(COUNT, BRACED.findall(key), n=1)
        written = ", not URL-encoded: it is encoded for you" if COUNT in unquote(key) else ""
        written = f" in place of {near[0]}" if near else written
        yield KEY, f"must contain {COUNT}{written}, or each frame overwrites the one before{way_out}"


def _sheets(config: Config) -> Iterator[Broken]:
    """Parameter details: TileOutputFile is required for sheets, and its key has {TileCount}."""
    if "tileOut" in config and "tileOutputFile" not in config:
        yield ("tileOutputFile",), "is required by tile_out: where the sheets go"
    key = value_at(config, SHEET_KEY)
    if isinstance(key, str) and TILE_COUNT not in key and is_sequence(config):
        yield SHEET_KEY, f"must contain {TILE_COUNT}, which counts the sheets"


def _web_vtt(config: Config) -> Iterator[Broken]:
    """FAQ: a WebVTT job with another output key is refused; its key ends in .vtt."""
    key, form = value_at(config, KEY), config.get("format")
    if isinstance(form, Unknown) or not isinstance(key, str):
        return
    if _is_vtt(config) and not key.endswith(".vtt"):
        yield KEY, "must end in .vtt when format is 'vtt'"


def _only_asynchronous(config: Config) -> Iterator[Broken]:
    """The feature page: sheets and WebVTT are made by asynchronous jobs only."""
    if is_asynchronous(config):
        return
    for name in ("format", "tileOutputFile"):
        if name in config:
            yield (name,), "needs a sequence: set interval or num, for a single frame num=1"


def _is_vtt(config: Config) -> bool:
    return config.get("format") == "vtt"


RULES: tuple[Callable[[Config], Iterator[Broken]], ...] = (
    _time_or_time_array,
    _sequence_has_count,
    _sheets,
    _web_vtt,
    _only_asynchronous,
)


def doubts(job: Mapping[str, Any]) -> Iterator[Failure]:
    """What is accepted with a warning: the field, and why it may not do what is meant."""
    for path in (("input",), *(("snapshotConfig", name) for name in ("outputFile", "tileOutputFile"))):
        bucket, key = value_at(job, (*path, "bucket")), value_at(job, (*path, "object"))
        if isinstance(bucket, str) and bucket.endswith("-"):
            yield Failure((*path, "bucket"), "ends in a hyphen: check that it is the whole name")
        if isinstance(key, str):
            yield from (Failure((*path, "object"), reason) for reason in _odd_key(key, str(bucket)))
    config = job["snapshotConfig"]
    if isinstance(config, Mapping):
        for find_doubts in (_odd_templates, _without_effect):
            yield from (Failure(("snapshotConfig", *path), reason) for path, reason in find_doubts(config))


def _odd_key(key: str, bucket: str) -> Iterator[str]:
    if any(ord(char) < ord(" ") or char == "\x7f" for char in key):
        yield "contains a control character: check that nothing else was copied with it"
    if mistake := mistake_in_key(key, bucket):
        yield mistake


def mistake_in_key(key: str, bucket: str) -> str:
    """Why a valid key is probably not the one that was meant; empty when it looks fine.

    It repeats no part of the key, which may be a secret: Pulumi does not tell a dynamic provider.
    """
    if "://" in key:
        return "is a URL: give the key alone, decoded and without a query, and its bucket in `bucket`"
    if key.startswith(f"{bucket}/"):
        return "begins with the bucket's name: leave that out, unless the key is in a folder of that name"
    if unquote(key) != key:
        return "looks URL-encoded, and it is encoded for you: give it decoded"
    return "begins or ends with a blank" if key != key.strip() else ""


def _odd_templates(config: Config) -> Iterator[Broken]:
    """Placeholders and suffixes that the parameter details do not have."""
    for path, own in ((KEY, COUNT), (SHEET_KEY, TILE_COUNT)):
        key = value_at(config, path)
        if not isinstance(key, str):
            continue
        known = (*(p for p in PLACEHOLDERS if p != COUNT), own)
        for name in set(BRACED.findall(key)) - {*known}:
            yield path, f"contains {_instead(name, known)}"
        if SNAPSHOT_TIME in key and is_sequence(config):
            output = "frames" if path == KEY else "tile_frames"
            yield (
                path,
                f"contains {SNAPSHOT_TIME}, whose value in a sequence is not documented: the output "
                f"`{output}` stays empty, so nothing is compared, downloaded or deleted",
            )
        if not key.lower().endswith(_JPEG) and not _is_vtt(config):
            yield path, "does not end in .jpg: the format is JPEG all the same"
    if (key := value_at(config, KEY)) == value_at(config, SHEET_KEY) and isinstance(key, str):
        yield SHEET_KEY, "is also output_file.object: one may overwrite the other"


def _without_effect(config: Config) -> Iterator[Broken]:
    """Parameter details, BlackLevel and SubOut; the feature page, TimeArray; TileOut, Color."""
    time = config.get("time")
    for name in ("blackLevel", "pixelBlackThreshold"):
        if name in config and isinstance(time, int) and time > 0:
            yield (name,), "has no effect unless time is 0; leave it out"
    if "blackLevel" in config and config.get("num") == 1 and time == 0:
        yield ("blackLevel",), "has no effect with num=1: a black first frame is always skipped; leave it out"
    if "subOut" in config and config.get("format") is None:
        yield ("subOut",), "has no effect without format 'vtt'; leave it out"
    for name in ("time", "interval", "num") if "timeArray" in config else ():
        if name in config:
            yield (name,), "beside time_array, which lists every time, is not documented; leave it out"
    color = value_at(config, ("tileOut", "color"))
    if isinstance(color, str) and not _COLOR.fullmatch(color):
        yield ("tileOut", "color"), "is not documented: a colour's name, '#rrggbb' and 'random' are"


def fault_in_key(key: str) -> str | None:
    """What an object key must be and is not; None when it is valid."""
    if not 1 <= len(key.encode("utf-8", "replace")) <= LONGEST:
        return f"must have 1 to {LONGEST} bytes in UTF-8"
    if key[0] in "/\\":
        return "must not start with a slash or a backslash"
    return None


def _instead(name: str, known: tuple[str, ...]) -> str:
    """What is said of an unknown placeholder, without a text that is the user's own."""
    if name in WORKFLOW_ONLY:
        return f"{name}, which stays as it is: only workflows have it"
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"{name}, which stays as it is: did you mean {near[0]}?"
    return f"braces that stay as they are: the placeholders are {', '.join(known)}"
