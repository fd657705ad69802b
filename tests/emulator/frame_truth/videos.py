"""Small videos whose frames show their number: odd rates, B-frames, irregular key frames, late starts.

The number is drawn as sixteen grey blocks, four by four, which survive scaling and JPEG. Eight blocks are the
bits, the other eight their opposites, so a reader needs no threshold and notices an image that is cut, turned
or blurred. Half of an image is light.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image, ImageStat

from support.mps_videos import Recipe, make_video, rotated, times

BITS = 8
SIDE = 4
LIGHT, DARK = 225, 5
#: A bit and its opposite differ by at least this much in an image that can be read.
CONTRAST = 25


def draw_number(number: int, size: tuple[int, int], light: int = LIGHT) -> Image.Image:
    bits = [number >> place & 1 for place in range(BITS)]
    blocks = Image.new("L", (SIDE, SIDE))
    blocks.putdata([light if bit else DARK for bit in bits + [1 - bit for bit in bits]])
    return blocks.resize(size, Image.Resampling.NEAREST).convert("RGB")


def read_number(image: Image.Image) -> int:
    levels = [_level(image, block) for block in range(2 * BITS)]
    differences = [levels[place] - levels[place + BITS] for place in range(BITS)]
    assert all(abs(difference) > CONTRAST for difference in differences), f"unreadable: {levels}"
    return sum(1 << place for place, difference in enumerate(differences) if difference > 0)


def _level(image: Image.Image, block: int) -> float:
    """The brightness at the middle of a block."""
    row, column = divmod(block, SIDE)
    wide, high = image.width / SIDE, image.height / SIDE
    corners = (wide * (column + 0.3), high * (row + 0.3), wide * (column + 0.7), high * (row + 0.7))
    left, top, right, bottom = map(round, corners)
    patch = image.convert("L").crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return ImageStat.Stat(patch).mean[0]


@dataclass(frozen=True)
class Numbered(Recipe):
    """A video of numbered frames; `light` is how bright each is."""

    size: tuple[int, int] = (96, 64)
    b_frames: int = 0
    light: Callable[[int], int] = lambda number: LIGHT

    def image(self, number: int) -> Image.Image:
        return draw_number(number, self.size, self.light(number))


NTSC = Fraction(30_000, 1001)
RECIPES = {
    # Scene cuts: key frames as close as two frames and as far as three seconds.
    "scenes.mp4": Numbered(frames=240, clock=NTSC, keys={0, 2, 31, 50, 141, 150, 200}, b_frames=3),
    "late.mkv": Numbered("matroska", frames=130, keys=range(0, 130, 30), b_frames=2, pts=times(1, late=60)),
    "late.mp4": Numbered(
        frames=120, clock=24, keys=range(0, 120, 37), b_frames=2, pts=times(1, late=33), sound=8
    ),
    "portrait.mp4": Numbered(frames=90, clock=15, keys=range(0, 90, 15), size=(64, 112), b_frames=1),
    "short.mp4": Numbered(frames=7, keys={0, 4}),
    "one key.mp4": Numbered(frames=47, clock=10, keys={0}, size=(80, 48), b_frames=2),
    # Very dark, dark, light: 200 ms a frame.
    "black.mp4": Numbered(
        frames=30, clock=5, keys=range(0, 30, 4), light=lambda n: 38 if n < 3 else 58 if n < 10 else 225
    ),
    "night.mp4": Numbered(frames=30, clock=5, keys=range(0, 30, 4), light=lambda n: 40 if n < 25 else 225),
    "uneven.mp4": Numbered(frames=60, clock=1000, keys={0, 9, 10, 33}, pts=times(40, 33, 7, 120, 501, 1)),
}
#: These have dark beginnings, which a single frame at moment 0 must pass over.
BEGIN_DARK = ("black.mp4", "night.mp4")
#: The portrait with the flag that asks a player to turn it.
ROTATED = "rotated.mp4"
#: Videos that begin light.
SMALL = [ROTATED, *(name for name in RECIPES if name not in BEGIN_DARK)]


@functools.cache
def videos() -> dict[str, bytes]:
    made = {name: make_video(recipe) for name, recipe in RECIPES.items()}
    return {**made, ROTATED: rotated(made["portrait.mp4"])}
