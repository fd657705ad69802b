"""A video decoded once and whole into the list of its frames; nothing is sought, times are fractions."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, field
from fractions import Fraction

import av
from PIL import Image

Size = tuple[int, int]


@dataclass(frozen=True)
class Frame:
    """`at` is when it appears, in seconds after the first one."""

    number: int
    at: Fraction
    is_key: bool


@dataclass(frozen=True)
class DecodedVideo:
    """A decoded video; `end` is when its last frame disappears."""

    frames: tuple[Frame, ...] = field(repr=False)
    end: Fraction
    size: Size
    video: bytes = field(repr=False)

    def shown_at(self, moment: Fraction) -> Frame:
        return [frame for frame in self.frames if frame.at <= moment][-1]

    def key_frames(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.is_key]


@functools.cache
def decode(video: bytes) -> DecodedVideo:
    with av.open(io.BytesIO(video), "r") as container:
        stream = container.streams.video[0]
        shown = [(_seconds(f.pts, f.time_base), f.key_frame, f.duration) for f in container.decode(stream)]
        base, size = Fraction(stream.time_base or 0), (stream.width, stream.height)
    first = shown[0][0]
    frames = tuple(Frame(number, at - first, is_key) for number, (at, is_key, _) in enumerate(shown))
    return DecodedVideo(frames, frames[-1].at + (shown[-1][2] or 0) * base, size, video)


def _seconds(ticks: int | None, base: Fraction | None) -> Fraction:
    assert ticks is not None
    assert base is not None
    return ticks * Fraction(base)


@functools.cache
def decoded_images(video: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(video), "r") as container:
        frames = container.decode(container.streams.video[0])
        return [frame.to_image() for frame in frames]  # type: ignore[no-untyped-call]
