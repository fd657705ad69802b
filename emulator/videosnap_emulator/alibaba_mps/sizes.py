"""How large pictures become."""

from __future__ import annotations

from videosnap_emulator.alibaba_mps.config import CannotCut, SnapshotConfig

Size = tuple[int, int]

#: What JPEG can hold, in pixels along a side.
_MAXIMUM_SIDE = 65_500
#: Pixels of one picture: a sheet of ten by ten frames of 1920x1080 still fits.
# assumption: mps-limits
_MAXIMUM_PIXELS = 250_000_000


def picture_size(config: SnapshotConfig, source: Size) -> Size:
    """Return width and height of a job's pictures; a side that is not given follows from the other."""
    # assumption: mps-both-sides
    if config.width is not None and config.height is not None:
        return config.width, config.height
    if config.width is not None:
        return checked((config.width, _following(config.width, source[0], source[1])))
    if config.height is not None:
        return checked((_following(config.height, source[1], source[0]), config.height))
    return source


def checked(size: Size) -> Size:
    """Return the size, which must be one that can be made."""
    if max(size) > _MAXIMUM_SIDE or size[0] * size[1] > _MAXIMUM_PIXELS:
        raise CannotCut("InternalError", f"The emulator makes no picture of {size[0]}x{size[1]} pixels")
    return size


def _following(given: int, this: int, other: int) -> int:
    """Return the other side: the nearest even number, the higher one of two equally near."""
    # assumption: mps-rounding
    return max(1, (given * other + this) // (2 * this)) * 2
