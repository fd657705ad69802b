"""Generated videos as users have them: every codec, container and clock, and a second decoder to judge them.

Frame n carries the bits of n as 12 light and dark blocks along its top, the lowest bit on the left.
"""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate

import pytest
from PIL import Image, ImageDraw

from support.mps_videos import Recipe, make_video, remuxed, rotated

BITS, BLOCK = 12, 8
SIZE = BITS * BLOCK, 64
LIGHT, DARK = 225, 25

X264, X265, MPEG2, MPEG4 = "libx264", "libx265", "mpeg2video", "mpeg4"
#: What a container may hold, as far as the encoders of the binding go.
CODECS = {
    "mp4": (X264, X264, X265, MPEG4, MPEG2, "mjpeg", "libvpx-vp9", "libsvtav1"),
    "mov": (X264, X265, MPEG4, "mjpeg", "prores"),
    "matroska": (X264, X264, X265, MPEG4, MPEG2, "mjpeg", "libvpx", "libvpx-vp9", "libsvtav1", "ffv1"),
    "webm": ("libvpx", "libvpx-vp9", "libsvtav1"),
    "mpegts": (X264, X264, X264, X265, MPEG2, MPEG4),
    "mpeg": (MPEG2, "mpeg1video"),
    "flv": (X264, X264, "flv"),
    "avi": (X264, MPEG4, "mjpeg", "msmpeg4v3", "ffv1"),
    "asf": ("wmv2", "msmpeg4v3"),
}
#: Containers that may be cut and appended like streams.
STREAMS = "mpegts", "mpeg"
#: Containers that say when a frame is shown, in milliseconds or finer.
TIMED = "mp4", "mov", "matroska", "webm", "mpegts", "flv"
#: These put B frames between others.
_REORDERING = X264, X265, MPEG2, MPEG4, "mpeg1video"
_PIXELS = {"mjpeg": "yuvj420p", "prores": "yuv422p10le"}


@dataclass(frozen=True)
class OddRecipe(Recipe):
    """A recipe whose frames are numbered from `first`; `refresh` is periodic intra refresh."""

    size: tuple[int, int] = SIZE
    first: int = 0
    refresh: bool = False
    more: dict[str, str] = field(default_factory=dict)

    def options(self) -> dict[str, str]:
        gop = f"keyint={self.key_every}:bframes={self.b_frames}:open-gop={self.open_gop:d}:scenecut=0"
        if self.codec == X264:
            text = f"{gop}:min-keyint=1:intra-refresh={self.refresh:d}"
            return {"threads": "1", "preset": "veryfast", "x264-params": text, **self.more}
        if self.codec == X265:
            text = f"{gop}:pools=none:frame-threads=1:log-level=none"
            return {"preset": "ultrafast", "x265-params": text, **self.more}
        if self.codec == "libsvtav1":
            text = f"keyint={self.key_every}:lp=1"
            return {"preset": "12", "svtav1-params": text}
        options = {"g": str(self.key_every), "bf": str(self.b_frames), "threads": "1", **self.more}
        return {**options, "deadline": "realtime", "cpu-used": "8"} if "vpx" in self.codec else options

    def image(self, number: int) -> Image.Image:
        return numbered(self.first + number)


def numbered(number: int) -> Image.Image:
    """A frame whose foot moves, so that codecs have something to predict."""
    image = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    pen = ImageDraw.Draw(image)
    for bit in range(BITS):
        level = LIGHT if number >> bit & 1 else DARK
        pen.rectangle((bit * BLOCK, 0, bit * BLOCK + BLOCK - 1, 23), fill=(level,) * 3)
    pen.ellipse((number * 3 % 80, 32, number * 3 % 80 + 16, 56), fill=(200, 90, number * 5 % 256))
    return image


def read_number(grey: bytes) -> int:
    """The number in the grey pixels of a frame of that size."""
    row = grey[4 * SIZE[0] : 5 * SIZE[0]]
    blocks = [row[bit * BLOCK + 2 : bit * BLOCK + 6] for bit in range(BITS)]
    return sum(1 << bit for bit, block in enumerate(blocks) if sum(block) > 128 * len(block))


@dataclass(frozen=True)
class OddVideo:
    """`starts` is when its frames are shown, in milliseconds, as far as the recipe alone tells it."""

    name: str
    body: bytes
    frames: int
    starts: Sequence[Fraction] | None


Change = Callable[[OddRecipe, random.Random], tuple[bytes, Sequence[Fraction] | None]]


def odd_video(seed: int) -> OddVideo:
    """The video of that seed; the same each time with the same encoders."""
    dice = random.Random(seed)
    container = dice.choice(sorted(CODECS))
    recipe = _recipe(container, dice.choice(CODECS[container]), dice)
    change = dice.choice([name for name, fits in CHANGES.items() if fits[0](recipe)])
    body, starts = CHANGES[change][1](recipe, dice)
    starts = None if container == "mpeg" else starts  # which stores too few times to tell
    name = f"{seed}: {container} {recipe.codec} {change}, {recipe.frames} frames, keys {recipe.key_every}"
    odd = f"{' open' * recipe.open_gop}{' refresh' * recipe.refresh}"
    return OddVideo(f"{name}, B {recipe.b_frames}{odd}", body, recipe.frames, starts)


def _recipe(container: str, codec: str, dice: random.Random) -> OddRecipe:
    frames, refresh = dice.randrange(1, 60), codec == X264 and dice.random() < 0.2
    if container == "mpegts":
        frames = max(8, frames)  # two frames of MPEG-4 in it are too few for the library to open the file
    return OddRecipe(
        container=container,
        codec=codec,
        frames=frames,
        clock=25,
        key_every=dice.choice((1, 3, 10, 25, 250)) if not refresh else dice.choice((10, 30)),
        b_frames=dice.choice((0, 1, 2, 3)) if codec in _REORDERING and not refresh else 0,
        open_gop=dice.random() < 0.5 and not refresh,
        refresh=refresh,
        pixels=_PIXELS.get(codec, "yuv420p"),
    )


def _starts(recipe: OddRecipe, frames: int | None = None) -> list[Fraction]:
    """When frames are shown, from the first on."""
    numbers = range(recipe.frames if frames is None else frames)
    return [(recipe.pts(number) - recipe.pts(0)) * 1000 / Fraction(recipe.clock) for number in numbers]


def _plain(recipe: OddRecipe, _: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    return make_video(recipe), _starts(recipe)


def _uneven(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    gaps = [dice.choice((20, 33, 40, 41, 120, 700)) for _ in range(recipe.frames)]
    times = [0, *accumulate(gaps)]
    return _plain(replace(recipe, clock=1000, pts=times.__getitem__), dice)


def _late(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    late = dice.choice((1, 40, 213))
    return _plain(replace(recipe, pts=lambda number: number + late), dice)


def _late_camera(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    late = dice.choice((25, 150, 250))
    return _plain(replace(recipe, sound=late // 25 + 1, pts=lambda number: number + late), dice)


def _appended(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    """Another recording behind the first, whose clock is an earlier one."""
    second, late = dice.randrange(5, 40), dice.randrange(40)
    one = replace(recipe, pts=lambda number: number + 60)
    two = replace(recipe, first=recipe.frames, frames=second, pts=lambda number: number + late)
    return make_video(one) + make_video(two), _starts(recipe, recipe.frames + second)


def _midway(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, None]:
    return remuxed(make_video(recipe), recipe.container, lost=dice.randrange(recipe.frames)), None


def _cut(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, None]:
    """Any packets of a stream: it begins and ends anywhere."""
    body = make_video(recipe)
    packets = len(body) // 188
    first, last = dice.randrange(packets // 2), dice.randrange(packets // 2 + 1, packets + 1)
    return body[188 * first : 188 * last], None


def _bad_times(recipe: OddRecipe, _: random.Random) -> tuple[bytes, None]:
    return remuxed(make_video(recipe), recipe.container, pts_as_dts=True), None


def _edited(recipe: OddRecipe, dice: random.Random) -> tuple[bytes, None]:
    shift = -512 * dice.randrange(min(12, recipe.frames))
    return remuxed(make_video(recipe), recipe.container, shift=shift), None


def _fragmented(recipe: OddRecipe, _: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    flags = "frag_keyframe+empty_moov+default_base_moof"
    return remuxed(make_video(recipe), recipe.container, movflags=flags), _starts(recipe)


def _covered(recipe: OddRecipe, _: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    return remuxed(make_video(recipe), recipe.container, cover=True), _starts(recipe)


def _rotated(recipe: OddRecipe, _: random.Random) -> tuple[bytes, Sequence[Fraction]]:
    return rotated(make_video(recipe)), _starts(recipe)


def _in(*containers: str, codecs: Sequence[str] = ()) -> Callable[[OddRecipe], bool]:
    return lambda recipe: recipe.container in containers and (not codecs or recipe.codec in codecs)


#: Codecs whose packets get any time that they are given, and can be copied to another file.
_FREE = X264, X265, "libvpx", "libvpx-vp9", "mjpeg", "ffv1"
#: How a video is made odd, and of which recipes.
CHANGES: dict[str, tuple[Callable[[OddRecipe], bool], Change]] = {
    "as it is": (lambda _: True, _plain),
    "of uneven rate": (_in(*TIMED, codecs=_FREE), _uneven),
    "late": (_in(*TIMED, codecs=_FREE), _late),
    "behind its sound": (_in(*(set(TIMED) - {"webm"}), codecs=_FREE), _late_camera),
    "appended": (_in(*STREAMS), _appended),
    "from midway": (_in("mpegts", "matroska", codecs=(*_FREE, MPEG2, MPEG4)), _midway),
    "cut": (_in("mpegts"), _cut),
    "with pts = dts": (_in("mp4", "mov", "mpegts", codecs=(*_FREE, MPEG2, MPEG4)), _bad_times),
    "edited": (_in("mp4", "mov", codecs=_FREE), _edited),
    "in fragments": (_in("mp4", "mov", codecs=_FREE), _fragmented),
    "with a cover": (_in("mp4", codecs=_FREE), _covered),
    "rotated": (_in("mp4", "mov"), _rotated),
}


def shown_by_ffmpeg(video: bytes) -> list[int]:
    """The numbers of the frames that the second decoder shows, in its order; skip the test without it."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("no ffmpeg: install it or run `make test` as root on Debian")
    with tempfile.NamedTemporaryFile() as file:
        file.write(video)
        file.flush()
        command = [
            ffmpeg, "-v", "quiet", "-noautorotate", "-analyzeduration", "100M", "-i", file.name,
            "-map", "0:V:0", "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1",
        ]  # fmt: skip
        pixels = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout
    length = SIZE[0] * SIZE[1]
    return [read_number(pixels[at : at + length]) for at in range(0, len(pixels), length)]
