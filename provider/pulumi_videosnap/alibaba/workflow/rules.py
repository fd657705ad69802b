"""Rules of a snapshot workflow's inputs, and what is accepted with a warning.

Sources: the console's page on workflows (buckets), the parameter details (参数详情: placeholders), the page
on triggering (文件触发匹配规则). Rules skip values that are unknown during preview.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.alibaba.rules import (
    BRACED,
    COUNT,
    PLACEHOLDERS,
    SNAPSHOT_TIME,
    TILE_COUNT,
    WORKFLOW_ONLY,
    is_sequence,
    mistake_in_key,
)
from pulumi_videosnap.core.lifecycle import Failure
from pulumi_videosnap.core.properties import Path, dotted, value_at

OUTPUTS = ("outputFile", "tileOutputFile")
LONGEST_NAME_BYTES = 64
LONGEST_ACTIVITY_NAME = 32
_PER_UPLOAD = ("{RunId}", "{MediaId}", "{FileName}")
"""Placeholders of which one must be in a key, so that two uploads do not write the same."""

Values = Mapping[str, Any]
Broken = tuple[Path, str]


def fault_in_name(name: str) -> str | None:
    """What is wrong with an activity's name; None when it is valid.

    The service takes any, but properties have one spelling in programs and another in state; these names are
    the same in both.
    """
    if re.fullmatch(r"[a-z]+[0-9]*", name) and len(name) <= LONGEST_ACTIVITY_NAME:
        return None
    limit = f"at most {LONGEST_ACTIVITY_NAME} of them"
    return f"has an activity named {name!r}: a name is lower-case letters, then digits, {limit}"


def snapshots_of(inputs: Values) -> Iterator[tuple[str, Values]]:
    """The activities that are known, by name."""
    snapshots = inputs.get("snapshots")
    for name, config in sorted(snapshots.items()) if isinstance(snapshots, Mapping) else ():
        if isinstance(config, Mapping):
            yield name, config


def outputs_of(inputs: Values) -> Iterator[tuple[Path, Values]]:
    """The places that the activities write to, with their paths."""
    for name, config in snapshots_of(inputs):
        for file in OUTPUTS:
            if isinstance(place := config.get(file), Mapping):
                yield ("snapshots", name, file), place


def broken_rules(inputs: Values) -> Iterator[Broken]:
    """Each rule that the inputs break: the field to fix, and what it must be."""
    location, bucket = (value_at(inputs, ("input", name)) for name in ("location", "bucket"))
    seen: dict[tuple[str, str], Path] = {}
    for path, place in outputs_of(inputs):
        there, written = place.get("location"), place.get("bucket")
        if isinstance(there, str) and isinstance(location, str) and there != location:
            yield (
                (*path, "location"),
                f"must be input.location, {location!r}: a workflow reads and writes in one region",
            )
        if isinstance(written, str) and written == bucket:
            yield (*path, "bucket"), f"must be another bucket than input.bucket, {bucket!r}"
        key = place.get("object")
        if isinstance(key, str) and isinstance(written, str):
            if other := seen.get((written, key)):
                yield (*path, "object"), f"is also {dotted(other)}: one overwrites the other; set another key"
            seen[written, key] = (*path, "object")


def doubts(inputs: Values) -> Iterator[Failure]:
    """What is accepted with a warning: the field, and why it may not do what is meant."""
    name, prefix = inputs.get("name"), value_at(inputs, ("input", "prefix"))
    if isinstance(name, str) and len(name.encode()) > LONGEST_NAME_BYTES:
        yield Failure(("name",), "is longer than 64 bytes: one of the vendor's pages allows no more")
    if isinstance(prefix, str):
        yield from (Failure(("input", "prefix"), reason) for reason in _odd_prefix(inputs, prefix))
    for path, place in outputs_of(inputs):
        key, config = place.get("object"), value_at(inputs, path[:-1])
        if isinstance(key, str):
            yield from (Failure((*path, "object"), reason) for reason in _odd_key(key, path[-1], config))
    covers = [activity for activity, config in snapshots_of(inputs) if config.get("mediaCover") is True]
    for activity in covers[1:]:
        path = ("snapshots", activity, "mediaCover")
        yield Failure(
            path, f"is set for {covers[0]!r} too: which of them becomes the cover is not documented"
        )


def _odd_prefix(inputs: Values, prefix: str) -> Iterator[str]:
    if mistake := mistake_in_key(prefix, str(value_at(inputs, ("input", "bucket")))):
        yield mistake
    if not prefix.endswith("/"):
        yield f"does not end in a slash: it also matches keys such as {prefix + '1/a.mp4'!r}"


def _odd_key(key: str, file: str | int, config: Values) -> Iterator[str]:
    own = TILE_COUNT if file == "tileOutputFile" else COUNT
    known = (*(name for name in PLACEHOLDERS if name != COUNT), own, *WORKFLOW_ONLY)
    for name in sorted(set(BRACED.findall(key)) - {*known}):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the placeholders are {', '.join(known)}"
        yield f"contains {name}, which stays as it is: {hint}"
    if not any(name in key for name in _PER_UPLOAD):
        yield f"has none of {', '.join(_PER_UPLOAD)}: each upload overwrites the frames of the one before"
    if SNAPSHOT_TIME in key and is_sequence(config):
        yield f"contains {SNAPSHOT_TIME}, whose value in a sequence is not documented"
