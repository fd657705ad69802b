"""Object keys with placeholders: checked, encoded for the wire, and resolved to the keys that a job wrote.

Sources: the vendor's parameter details, "OutputFile", and its page on URL encoding. Outside workflows five
placeholders exist, and `{TileCount}` for sheets. {Count} has five digits and starts at 00001.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from posixpath import splitext
from urllib.parse import quote

COUNT, TILE_COUNT, SNAPSHOT_TIME = "{Count}", "{TileCount}", "{SnapshotTime}"
PLACEHOLDERS = ("{ObjectPrefix}", "{FileName}", "{ExtName}", SNAPSHOT_TIME, COUNT)
WORKFLOW_ONLY = ("{RunId}", "{MediaId}")
LONGEST = 1023
"""Bytes of a key in UTF-8."""

_BRACED = re.compile(r"\{[^{}]*\}")
_ENCODED = re.compile(r"%7[bd]", re.IGNORECASE)
_OTHER_PICTURES = (".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")


def fault_in_key(key: str) -> str | None:
    """What an object key must be and is not; None when it may stand."""
    if not 1 <= len(key.encode("utf-8", "replace")) <= LONGEST:
        return f"must have 1 to {LONGEST} bytes in UTF-8"
    if key[0] in "/\\":
        return "must not start with a slash or a backslash"
    if not key.isprintable():
        return "must not hold control characters"
    return None


def fault_in_template(template: str, own: str) -> str | None:
    """What an output key must be and is not; `own` is the placeholder that counts this kind of output."""
    known = (*(p for p in PLACEHOLDERS if p != COUNT), own)
    for name in _BRACED.findall(template):
        if name not in known:
            return f"must not hold {name}: {_instead(name, known)}"
    if _ENCODED.search(template):
        return f"must be plain, such as output_{own}.jpg: it is encoded for you"
    return fault_in_key(template)


def fault_in_picture(template: str, own: str) -> str | None:
    """What the key of a picture, which is always a JPEG, must be and is not."""
    if template.lower().endswith(_OTHER_PICTURES):
        return "must not promise another format: every picture is a JPEG"
    return fault_in_template(template, own)


def _instead(name: str, known: tuple[str, ...]) -> str:
    if name in WORKFLOW_ONLY:
        return "only workflows know it"
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the placeholders are {', '.join(known)}"


def encoded(key: str) -> str:
    """A key as the service wants it: UTF-8, percent-encoded, a space as %20, slashes as they are."""
    return quote(key, safe="/")


@dataclass(frozen=True)
class Source:
    """What the placeholders of one job stand for: the input's key and the moment asked for, in ms."""

    input_key: str
    time: int

    def resolve(self, template: str, number: int) -> str:
        """The key of output `number`, counted from 1."""
        folder, slash, name = self.input_key.rpartition("/")
        stem, extension = splitext(name)
        meaning = {
            "{ObjectPrefix}": folder + slash,
            "{FileName}": stem,
            "{ExtName}": extension.removeprefix("."),
            SNAPSHOT_TIME: str(self.time),
            COUNT: f"{number:05d}",
            TILE_COUNT: f"{number:05d}",
        }
        return _BRACED.sub(lambda found: meaning.get(found[0], found[0]), template)
