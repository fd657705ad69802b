"""The project's own sample videos: 12 s of moving H.264, 25 frames a second, a key frame every 2 s.

They are drawn, not recorded: each frame carries its time as text and its number as a strip of blocks
(`frame_marker.py`). The bytes are the same on every run with the same PyAV wheel.
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from PIL import Image, ImageDraw, ImageFont

from videosnap_emulator.media import frame_marker

FRAME_RATE = 25
FRAMES = 300
FRAME_MS = 1000 // FRAME_RATE
DURATION_MS = FRAMES * FRAME_MS
KEY_FRAME_EVERY = 50
#: Part of the name of cached files; raise it when the drawing changes.
RECIPE = 1

Colour = tuple[int, int, int]


class Sample(NamedTuple):
    """One sample video: its name, its number in the strip, size in pixels and look."""

    name: str
    source: int
    width: int
    height: int
    title: str
    sky: tuple[Colour, Colour]
    shape: Colour


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample("camera0", 0, 640, 360, "camera 0", ((96, 140, 190), (190, 205, 214)), (244, 182, 84)),
        Sample("camera1", 1, 640, 360, "camera 1", ((150, 110, 160), (226, 186, 168)), (92, 190, 160)),
        Sample("screen0", 2, 640, 400, "screen 0", ((120, 128, 140), (160, 168, 180)), (70, 120, 220)),
        Sample("screen1", 3, 640, 400, "screen 1", ((128, 134, 120), (176, 178, 160)), (200, 90, 90)),
    )
}

_PANEL: Colour = (22, 28, 40)
_INK: Colour = (240, 244, 250)


def _backdrop(sample: Sample) -> Image.Image:
    """Draw what does not move.

    A vertical gradient, brighter than letterbox bars, and a dark panel for the text.
    """
    top, bottom = sample.sky
    gradient = Image.linear_gradient("L").resize((sample.width, sample.height))
    image = Image.composite(
        Image.new("RGB", gradient.size, bottom), Image.new("RGB", gradient.size, top), gradient
    )
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((24, 20, 316, 104), radius=14, fill=_PANEL)
    pen.text((42, 76), sample.title, font=ImageFont.load_default(size=18), fill=_INK)
    return image


def _glyphs(size: int) -> dict[str, Image.Image]:
    """Draw each character of a clock once: drawing text on every frame would be most of the cost."""
    font = ImageFont.load_default(size=size)

    def glyph(character: str) -> Image.Image:
        width = size * 2 // 3 if character.isdigit() else size // 3
        tile = Image.new("RGB", (width, size + 6), _PANEL)
        ImageDraw.Draw(tile).text((width // 2, 0), character, font=font, fill=_INK, anchor="ma")
        return tile

    return {character: glyph(character) for character in "0123456789:.#"}


def _write(image: Image.Image, glyphs: dict[str, Image.Image], text: str, x: int, y: int) -> None:
    for character in text:
        image.paste(glyphs[character], (x, y))
        x += glyphs[character].width


def _figure(sample: Sample) -> Image.Image:
    """Draw the moving figure: head and shoulders for a camera, a window for a screen."""
    scale = 4
    figure = Image.new("RGBA", (150 * scale, 190 * scale))
    pen = ImageDraw.Draw(figure)
    if sample.name.startswith("camera"):
        pen.ellipse([c * scale for c in (45, 5, 105, 75)], fill=(*sample.shape, 255))
        pen.rounded_rectangle(
            [c * scale for c in (10, 82, 140, 230)], radius=55 * scale, fill=(*sample.shape, 255)
        )
    else:
        pen.rounded_rectangle(
            [c * scale for c in (2, 20, 148, 150)], radius=8 * scale, fill=(248, 248, 250, 255)
        )
        pen.rectangle([c * scale for c in (2, 34, 148, 46)], fill=(*sample.shape, 255))
        for line in range(5):
            pen.rectangle(
                [c * scale for c in (14, 60 + line * 17, 130 - line * 13, 67 + line * 17)],
                fill=(90, 96, 110, 255),
            )
    return figure.resize((150, 190), Image.Resampling.LANCZOS)


def drawing(sample: Sample) -> Callable[[int], Image.Image]:
    """Return the function that draws frame `n` of `sample`."""
    backdrop, figure = _backdrop(sample), _figure(sample)
    large, small = _glyphs(44), _glyphs(18)
    foot = sample.height - sample.height // frame_marker.SHARE

    def draw(number: int) -> Image.Image:
        image = backdrop.copy()
        turn = 2 * math.pi * number / FRAMES
        x = round(sample.width * 0.62 + sample.width * 0.2 * math.sin(turn)) - 75
        y = round(foot - 186 + 8 * math.sin(turn * 6 + sample.source))
        image.paste(figure, (x, y), figure)
        ms = number * FRAME_MS
        _write(image, large, f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}", 38, 24)
        _write(image, small, f"#{number:03d}", 240, 76)
        bar = foot - 8, round(sample.width * number / (FRAMES - 1))
        ImageDraw.Draw(image).rectangle((0, bar[0], bar[1], foot - 1), fill=sample.shape)
        frame_marker.draw(image, frame_marker.FrameMark(sample.source, number))
        return image

    return draw


def make(sample: Sample) -> bytes:
    """Return the sample as an MP4 file. One encoder thread and fixed options keep the bytes the same."""
    file = io.BytesIO()
    draw = drawing(sample)
    options = {
        "preset": "veryfast",
        "crf": "23",
        "threads": "1",
        "x264-params": f"keyint={KEY_FRAME_EVERY}:min-keyint={KEY_FRAME_EVERY}:scenecut=0",
    }
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = sample.width, sample.height, "yuv420p"
        for number in range(FRAMES):
            frame = av.VideoFrame.from_image(draw(number))  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


class Library:
    """The sample videos, made at first use and cached in `folder` for the next start."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._loaded: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """Return the sample called `name`, making it when no run made it before."""
        if name not in self._loaded:
            self._loaded[name] = self._read_or_make(name)
        return self._loaded[name]

    def _read_or_make(self, name: str) -> bytes:
        # The encoder's version is part of the name: another wheel may produce other bytes.
        path = self._folder / f"{name}-{RECIPE}-av{av.__version__}.mp4"
        if path.exists():
            return path.read_bytes()
        body = make(SAMPLES[name])
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as part:
            part.write(body)
        Path(part.name).replace(path)
        return body
