"""A machine-readable strip at the foot of every sample frame: which video it is and which frame.

Sixteen blocks across the full width: white, black, 3 bits of source, 9 bits of frame number (most significant
first), one parity bit, white. The blocks survive JPEG and scaling down to about 160 pixels in width, so a
test can tell from any captured frame which source frame it shows.
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image, ImageDraw, ImageStat

BLOCKS = 16
SOURCE_BITS = 3
FRAME_BITS = 9
#: Height of the strip as a share of the frame's height: one over this.
SHARE = 12
#: Letterbox bars are black; every row and column of a sample frame has a pixel brighter than this.
_BAR_LEVEL = 64
#: White and black blocks differ by at least this much, or there is no strip.
_CONTRAST = 60


class FrameMark(NamedTuple):
    """What the strip says."""

    source: int
    frame: int


def _bits(value: int, width: int) -> list[int]:
    return [value >> shift & 1 for shift in reversed(range(width))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def draw(image: Image.Image, mark: FrameMark) -> None:
    """Draw the strip of `mark` over the foot of `image`."""
    payload = _bits(mark.source, SOURCE_BITS) + _bits(mark.frame, FRAME_BITS)
    blocks = [1, 0, *payload, sum(payload) % 2, 1]
    pen = ImageDraw.Draw(image)
    top = image.height - image.height // SHARE
    for position, bit in enumerate(blocks):
        left, right = (image.width * (position + side) // BLOCKS for side in (0, 1))
        pen.rectangle((left, top, right - 1, image.height - 1), fill=(255, 255, 255) if bit else (0, 0, 0))


def without_bars(image: Image.Image) -> Image.Image:
    """Crop the black bars that proportional scaling leaves around the frame."""
    box = image.convert("L").point(lambda level: 255 if level > _BAR_LEVEL else 0).getbbox()
    if box is None:
        raise ValueError("the frame is black: it shows no sample video")
    return image.crop(box)


def _levels(image: Image.Image) -> list[float]:
    """Return the mean brightness at the middle of each block."""
    block, height = image.width / BLOCKS, image.height / SHARE
    top, bottom = round(image.height - height * 0.7), round(image.height - height * 0.3)
    patches = (
        image.crop((round(block * (n + 0.3)), top, round(block * (n + 0.7)), max(bottom, top + 1)))
        for n in range(BLOCKS)
    )
    return [ImageStat.Stat(patch).mean[0] for patch in patches]


def read(image: Image.Image) -> FrameMark:
    """Return the mark of a captured frame; raise ValueError when there is none to be read."""
    levels = _levels(without_bars(image).convert("L"))
    white, black = min(levels[0], levels[-1]), levels[1]
    if white - black < _CONTRAST:
        raise ValueError("the frame has no readable strip: it shows no sample video")
    bits = [int(level > (white + black) / 2) for level in levels[2:-1]]
    payload, parity = bits[:-1], bits[-1]
    if sum(payload) % 2 != parity:
        raise ValueError("the parity of the frame's strip is wrong: the frame was cropped or blurred")
    return FrameMark(_number(payload[:SOURCE_BITS]), _number(payload[SOURCE_BITS:]))


def read_frame_number(image: Image.Image) -> int:
    """Return the number of the source frame (0 is the first) that a captured frame shows."""
    return read(image).frame
