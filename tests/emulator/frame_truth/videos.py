"""Small videos whose frames show their number: odd rates, B-frames, irregular key frames, late starts.

The number is drawn as sixteen grey blocks, four by four, which survive scaling and JPEG. Eight blocks are the
bits, the other eight their opposites, so a reader needs no threshold and notices an image that is cut, turned
or blurred. Half of an image is light.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import PictureType
from PIL import Image, ImageStat

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


_UPRIGHT = b"".join(n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
_QUARTER = b"".join(n.to_bytes(4, "big") for n in (0, 0x10000, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000))


@dataclass(frozen=True)
class Recipe:
    """`pts` is a frame's time in units of one over `rate` seconds, by its number.

    `light` is how bright it is. There may be that many seconds of `sound`, which begins at 0.
    """

    frames: int
    rate: Fraction
    keys: Collection[int]
    size: tuple[int, int] = (96, 64)
    container: str = "mp4"
    b_frames: int = 0
    pts: Callable[[int], int] = lambda number: number
    light: Callable[[int], int] = lambda number: LIGHT
    sound: int = 0


def make_video(recipe: Recipe) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=recipe.container) as container:
        stream = container.add_stream("libx264", rate=recipe.rate, options=_options(recipe))
        (stream.width, stream.height), stream.pix_fmt = recipe.size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = 1 / recipe.rate
        audio = container.add_stream("aac", rate=SOUND_RATE) if recipe.sound else None
        for number in range(recipe.frames):
            container.mux(stream.encode(_frame(recipe, number)))
        container.mux(stream.encode(None))
        if audio is not None:
            container.mux([*_silent_audio(audio, recipe.sound), *audio.encode(None)])
    return file.getvalue()


def _silent_audio(stream: AudioStream, seconds: int) -> Iterator[Packet[AudioStream]]:
    for at in range(0, seconds * SOUND_RATE, 1024):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(bytes(4096))
        frame.rate, frame.pts = SOUND_RATE, at
        yield from stream.encode(frame)


def _options(recipe: Recipe) -> dict[str, str]:
    # Key frames where the recipe has them, and nowhere else.
    plan = f"keyint=infinite:min-keyint=1:scenecut=0:bframes={recipe.b_frames}:b-adapt=0"
    return {"threads": "1", "preset": "veryfast", "forced-idr": "1", "x264-params": plan}


def _frame(recipe: Recipe, number: int) -> av.VideoFrame:
    image = draw_number(number, recipe.size, recipe.light(number))
    frame: av.VideoFrame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    frame.pts, frame.time_base = recipe.pts(number), 1 / recipe.rate
    if number in recipe.keys:
        frame.pict_type = PictureType.I
    return frame


def rotated(video: bytes) -> bytes:
    """Set the flag that asks a player to turn the image by a quarter."""
    at = video.index(_UPRIGHT, video.index(b"tkhd"))
    return video[:at] + _QUARTER + video[at + len(_QUARTER) :]


def _gaps(*milliseconds: int) -> Callable[[int], int]:
    known = list(itertools.accumulate(itertools.islice(itertools.cycle(milliseconds), 300), initial=0))
    return lambda number: known[number]


SOUND_RATE = 16_000
NTSC = Fraction(30_000, 1001)
RECIPES = {
    # Scene cuts: key frames as close as two frames and as far as three seconds.
    "scenes.mp4": Recipe(240, NTSC, {0, 2, 31, 50, 141, 150, 200}, b_frames=3),
    "late.mkv": Recipe(
        130, Fraction(25), range(0, 130, 30), container="matroska", b_frames=2, pts=lambda n: n + 60
    ),
    "late.mp4": Recipe(120, Fraction(24), range(0, 120, 37), b_frames=2, pts=lambda n: n + 33, sound=8),
    "portrait.mp4": Recipe(90, Fraction(15), range(0, 90, 15), size=(64, 112), b_frames=1),
    "short.mp4": Recipe(7, Fraction(25), {0, 4}),
    "one key.mp4": Recipe(47, Fraction(10), {0}, size=(80, 48), b_frames=2),
    # Very dark, dark, light: 200 ms a frame.
    "black.mp4": Recipe(
        30, Fraction(5), range(0, 30, 4), light=lambda n: 38 if n < 3 else 58 if n < 10 else 225
    ),
    "night.mp4": Recipe(30, Fraction(5), range(0, 30, 4), light=lambda n: 40 if n < 25 else 225),
    "uneven.mp4": Recipe(60, Fraction(1000), {0, 9, 10, 33}, pts=_gaps(40, 33, 7, 120, 501, 1)),
}
#: These have dark beginnings, which a single frame at moment 0 must pass over.
BEGIN_DARK = ("black.mp4", "night.mp4")
#: The portrait with the flag that asks a player to turn it.
ROTATED = "rotated.mp4"


def videos() -> dict[str, bytes]:
    made = {name: make_video(recipe) for name, recipe in RECIPES.items()}
    return {**made, ROTATED: rotated(made["portrait.mp4"])}
