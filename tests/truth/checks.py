"""Compares what a job left with what is expected; a difference is told in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageStat

from truth.expected import Box, Picture, Sheet
from truth.studio import Stored, Taken

#: How far a colour may be off after JPEG.
TINGE = 12

Reader = Callable[[Image.Image], int]


def same(what: str, found: Any, wanted: Any) -> None:
    assert found == wanted, f"{what}: found {found}, expected {wanted}"


def check_pictures(taken: Taken, pictures: list[Picture], read: Reader, count: int | None = None) -> None:
    """`count` pictures were taken, and these are kept. A synchronous answer may leave out the count."""
    same("frames", taken.outputs["frames"], [picture.key for picture in pictures])
    total = len(pictures) if count is None else count
    same("count", taken.outputs.get("count", total), total)
    stored = [taken.stored[picture.key] for picture in pictures]
    same("sizes", [one.image.size for one in stored], [picture.size for picture in pictures])
    same("frames shown", [read(one.image) for one in stored], _numbers(pictures))
    same("source-frame", [int(one.metadata["source-frame"]) for one in stored], _numbers(pictures))
    for one, picture in zip(stored, pictures, strict=True):
        check_time(one, picture)


def _numbers(pictures: list[Picture]) -> list[int]:
    return [picture.shot.frame.number for picture in pictures]


def check_time(stored: Stored, picture: Picture) -> None:
    """A frame that begins between two milliseconds may have either in the emulator's note."""
    told, begins = int(stored.metadata["source-ms"]), picture.shot.frame.at * 1000
    assert abs(told - begins) < 1, f"{picture.key}: source-ms is {told}, but it begins at {float(begins)} ms"


def check_sheets(taken: Taken, sheets: list[Sheet], read: Reader) -> None:
    same("tileFrames", taken.outputs["tileFrames"], [sheet.key for sheet in sheets])
    same("tileCount", taken.outputs["tileCount"], len(sheets))
    for sheet in sheets:
        image = taken.stored[sheet.key].image
        same(f"size of {sheet.key}", image.size, sheet.size)
        cells = [(box, shot.frame.number) for box, shot in sheet.cells if shot is not None]
        same(f"cells of {sheet.key}", [(box, read(image.crop(box))) for box, _ in cells], cells)


def check_colour(image: Image.Image, box: Box, colour: tuple[int, ...]) -> None:
    """Without the outermost pixels, into which JPEG lets the neighbours run."""
    left, top, right, bottom = box
    inside = ImageStat.Stat(image.convert("RGB").crop((left + 8, top + 8, right - 8, bottom - 8)))
    off = [abs(level - wanted) for level, wanted in zip(inside.mean, colour, strict=True)]
    assert max(*off, *inside.stddev) <= TINGE, f"{box}: {inside.mean} is not {colour}"
