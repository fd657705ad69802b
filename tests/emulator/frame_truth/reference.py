"""Which frames a job must take: a second implementation, written from the vendor's pages alone.

It is naive on purpose: it decodes a video once and whole, and looks through the list of all frames, with
exact fractions of a second. Where the pages leave a choice, it follows what the emulator says it assumes.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import av
from PIL import Image

DEFAULT_INTERVAL = 10
MILLI = Fraction(1, 1000)
BLACK_SHARE, BLACK_BELOW = 100, 70
#: Seconds from the start within which a frame may take a black one's place.
BLACK_EXAMINED_SECONDS = 5

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
        shown = [((f.pts or 0) * Fraction(f.time_base or 0), f) for f in container.decode(stream)]
        base, size = Fraction(stream.time_base or 0), (stream.width, stream.height)
    first = shown[0][0]
    frames = tuple(Frame(number, at - first, one.key_frame) for number, (at, one) in enumerate(shown))
    return DecodedVideo(frames, frames[-1].at + (shown[-1][1].duration or 0) * base, size, video)


@functools.cache
def decoded_images(video: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(video), "r") as container:
        frames = container.decode(container.streams.video[0])
        return [frame.to_image() for frame in frames]  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class JobRequest:
    """What a job asks for: `time` and `points` in milliseconds, `interval` in seconds."""

    time: int = 0
    interval: int | None = None
    num: int | None = None
    frame_type: str | None = None
    width: int | None = None
    height: int | None = None
    points: tuple[int, ...] | None = None
    black_level: int | None = None
    pixel_black_threshold: int | None = None

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in vars(self).items() if value is not None)

    @property
    def is_single(self) -> bool:
        return self.points is None and (self.num == 1 or (self.interval is None and self.num is None))

    @property
    def is_average(self) -> bool:
        return self.interval == 0 and self.num is not None


@dataclass(frozen=True)
class ExpectedFrame:
    """One frame: the moment asked for, and the frame that is shown then."""

    moment: Fraction
    frame: Frame


def expected_frames(video: DecodedVideo, request: JobRequest) -> list[ExpectedFrame]:
    """Every frame that is taken, in the order of their numbers."""
    if request.is_single:
        return _replace_black_single(video, request, _single(video, request.time * MILLI, request))
    taken = _several(video, request)
    if (
        request.time
        or request.points
        or (request.black_level is None and request.pixel_black_threshold is None)
    ):
        return taken
    level = BLACK_SHARE if request.black_level is None else request.black_level
    below = BLACK_BELOW if request.pixel_black_threshold is None else request.pixel_black_threshold
    replaced = _first_not_black(video, request, taken[0], level, below)
    return [replaced or taken[0], *taken[1:]]


def _several(video: DecodedVideo, request: JobRequest) -> list[ExpectedFrame]:
    moments = [moment for moment in _moments(video, request) if moment < video.end]
    found = [(moment, _frame(video, moment, request)) for moment in moments]
    return [ExpectedFrame(moment, frame) for moment, frame in found if frame is not None]


def _single(video: DecodedVideo, moment: Fraction, request: JobRequest) -> list[ExpectedFrame]:
    """Past the end, the exact frame does not exist, while the nearest key frame does."""
    if request.frame_type == "normal":
        return [ExpectedFrame(moment, video.shown_at(moment))] if moment < video.end else []
    return [ExpectedFrame(moment, _nearest(video.key_frames(), moment))]


def _replace_black_single(
    video: DecodedVideo, request: JobRequest, taken: list[ExpectedFrame]
) -> list[ExpectedFrame]:
    """A single frame of moment 0 is never black, whatever was asked; if need be there is none."""
    if request.time or not taken:
        return taken
    replaced = _first_not_black(video, request, taken[0], BLACK_SHARE, BLACK_BELOW)
    return [replaced] if replaced else []


def _first_not_black(
    video: DecodedVideo, request: JobRequest, first: ExpectedFrame, level: int, below: int
) -> ExpectedFrame | None:
    """The frame itself, or in its place the first frame that is not black."""
    others = video.frames if request.frame_type == "normal" else video.key_frames()
    for frame in [first.frame, *(other for other in others if other.at < BLACK_EXAMINED_SECONDS)]:
        luma = decoded_images(video.video)[frame.number].convert("L")
        dark = sum(luma.histogram()[:below])
        if dark * 100 < level * luma.width * luma.height:
            return ExpectedFrame(first.moment, frame)
    return None


def _moments(video: DecodedVideo, request: JobRequest) -> Iterator[Fraction]:
    if request.points is not None:
        yield from (point * MILLI for point in sorted(set(request.points)))
        return
    number, moment = 0, request.time * MILLI
    while moment < video.end and (request.num is None or number < request.num):
        yield moment
        number += 1
        moment += spacing(video, request)


def spacing(video: DecodedVideo, request: JobRequest) -> Fraction:
    """Seconds from one frame of a sequence to the next."""
    if request.is_average:
        return (video.end - request.time * MILLI) / (request.num or 1)
    return Fraction(request.interval or DEFAULT_INTERVAL)


def _frame(video: DecodedVideo, moment: Fraction, request: JobRequest) -> Frame | None:
    """The frame for one moment of several; None when no key frame is near."""
    if request.frame_type == "normal":
        return video.shown_at(moment)
    if request.points is not None:
        return _nearest(video.key_frames(), moment)
    half = spacing(video, request) / 2
    near = [key for key in video.key_frames() if moment - half <= key.at < moment + half]
    return _nearest(near, moment) if near else None


def _nearest(keys: list[Frame], moment: Fraction) -> Frame:
    return min(keys, key=lambda key: (abs(key.at - moment), key.at))


def frame_size(video: DecodedVideo, request: JobRequest) -> Size:
    wide, high = video.size
    if request.width and request.height:
        return request.width, request.height
    if request.width:
        return request.width, nearest_even(Fraction(request.width * high, wide))
    if request.height:
        return nearest_even(Fraction(request.height * wide, high)), request.height
    return video.size


def nearest_even(pixels: Fraction) -> int:
    """The larger of two equally near ones, which the documents leave open."""
    return int(pixels / 2 + Fraction(1, 2)) * 2
