"""Names of the objects that a job writes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from videosnap_emulator.alibaba_mps.timeline import Moment

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Numbers:
    """What a name may tell about its object: `at` in milliseconds; None where it has no such number."""

    at: Moment
    count: int | None = None
    tile_count: int | None = None


def filled(template: str, input_key: str, numbers: Numbers) -> str:
    """Fill in the placeholders that the vendor documents; others, such as {RunId}, stay as they are."""
    values = _values(input_key, numbers)
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def numeral(count: int) -> str:
    """Write a number of {Count} or {TileCount}: five digits from 00001, more above 99999."""
    # assumption: mps-count
    return f"{count:05d}"


def _values(input_key: str, numbers: Numbers) -> dict[str, str]:
    name = posixpath.basename(input_key)
    stem, extension = posixpath.splitext(name)
    values = {
        "ObjectPrefix": input_key[: len(input_key) - len(name)],
        "FileName": stem,
        "ExtName": extension[1:],
        "SnapshotTime": str(int(numbers.at)),  # assumption: mps-snapshot-time
    }
    counts = {"Count": numbers.count, "TileCount": numbers.tile_count}
    return values | {key: numeral(count) for key, count in counts.items() if count is not None}
