"""Pictures that say their number even as a small, stretched JPEG: sixteen grey blocks, four by four.

Eight blocks are the bits, the other eight their opposites, so a reader needs no threshold and notices a
picture that is cut, turned or blurred. Half of a picture is light.
"""

from __future__ import annotations

from PIL import Image, ImageStat

BITS = 8
SIDE = 4
LIGHT, DARK = 225, 5
#: A bit and its opposite differ by at least this much in a picture that can be read.
CONTRAST = 25


def paint(number: int, size: tuple[int, int], light: int = LIGHT) -> Image.Image:
    bits = [number >> place & 1 for place in range(BITS)]
    blocks = Image.new("L", (SIDE, SIDE))
    blocks.putdata([light if bit else DARK for bit in bits + [1 - bit for bit in bits]])
    return blocks.resize(size, Image.Resampling.NEAREST).convert("RGB")


def read(picture: Image.Image) -> int:
    levels = [_level(picture, block) for block in range(2 * BITS)]
    differences = [levels[place] - levels[place + BITS] for place in range(BITS)]
    assert all(abs(difference) > CONTRAST for difference in differences), f"unreadable: {levels}"
    return sum(1 << place for place, difference in enumerate(differences) if difference > 0)


def _level(picture: Image.Image, block: int) -> float:
    """The brightness at the middle of a block."""
    row, column = divmod(block, SIDE)
    wide, high = picture.width / SIDE, picture.height / SIDE
    corners = (wide * (column + 0.3), high * (row + 0.3), wide * (column + 0.7), high * (row + 0.7))
    left, top, right, bottom = map(round, corners)
    patch = picture.convert("L").crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return ImageStat.Stat(patch).mean[0]
