"""Which frames a job must take and what it must leave: a second implementation, of the vendor's pages alone.

It is naive on purpose: it decodes a video once and whole, and looks through the list of all frames, with
exact fractions of a second. Where the pages leave a choice, it follows what the emulator says it assumes.
"""

from __future__ import annotations

import functools
import io
import re
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


@dataclass(frozen=True)
class ExpectedFrame:
    """One frame: the moment asked for, and the frame that is shown then."""

    moment: Fraction
    frame: Frame


def expected_frames(video: DecodedVideo, request: JobRequest) -> list[ExpectedFrame]:
    """Every frame that is taken, in the order of their numbers."""
    if request.is_single:
        return _single(video, request.time * MILLI, request)
    moments = [moment for moment in _moments(video, request) if moment < video.end]
    found = [(moment, _frame(video, moment, request)) for moment in moments]
    taken = [ExpectedFrame(moment, frame) for moment, frame in found if frame is not None]
    looks = request.black_level is not None or request.pixel_black_threshold is not None
    if request.time or request.points or not looks:
        return taken
    level = BLACK_SHARE if request.black_level is None else request.black_level
    below = BLACK_BELOW if request.pixel_black_threshold is None else request.pixel_black_threshold
    replaced = _first_not_black(video, request, taken[0], level, below)
    return [replaced or taken[0], *taken[1:]]


def _single(video: DecodedVideo, moment: Fraction, request: JobRequest) -> list[ExpectedFrame]:
    """Past the end, the exact frame does not exist, while the nearest key frame does.

    A single frame of moment 0 is never black, whatever was asked; if need be there is none.
    """
    normal = request.frame_type == "normal"
    if normal and moment >= video.end:
        return []
    frame = video.shown_at(moment) if normal else _nearest(video.key_frames(), moment)
    taken = ExpectedFrame(moment, frame)
    replaced = taken if moment else _first_not_black(video, request, taken, BLACK_SHARE, BLACK_BELOW)
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
    if request.interval == 0 and request.num:  # spread evenly
        return (video.end - request.time * MILLI) / request.num
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


Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Layout:
    """A sheet; sides in pixels, a missing side of a cell is the frame's."""

    lines: int = 10
    columns: int = 10
    cell_width: int | None = None
    cell_height: int | None = None
    margin: int = 0
    padding: int = 0
    step: int = 1
    keeps_frames: bool = True

    def cell(self, frame: Size) -> Size:
        return self.cell_width or frame[0], self.cell_height or frame[1]

    def size(self, frame: Size) -> Size:
        wide, high = self.cell(frame)
        return (
            2 * self.margin + self.columns * wide + (self.columns - 1) * self.padding,
            2 * self.margin + self.lines * high + (self.lines - 1) * self.padding,
        )

    def boxes(self, frame: Size) -> list[Box]:
        """Where the cells are: rows from the top, each from the left."""
        wide, high = self.cell(frame)
        corners = [
            (self.margin + column * (wide + self.padding), self.margin + line * (high + self.padding))
            for line in range(self.lines)
            for column in range(self.columns)
        ]
        return [(left, top, left + wide, top + high) for left, top in corners]


@dataclass(frozen=True)
class Sheet:
    """The cells in their order; None is an empty one."""

    key: str
    size: Size
    cells: list[tuple[Box, ExpectedFrame | None]]


@dataclass(frozen=True)
class FrameObject:
    key: str
    size: Size
    moment: Fraction
    frame: Frame


def frame_objects(video: DecodedVideo, request: JobRequest, template: str, source: str) -> list[FrameObject]:
    size, taken = frame_size(video, request), expected_frames(video, request)
    return [
        FrameObject(fill(template, source, number, one.moment), size, one.moment, one.frame)
        for number, one in enumerate(taken, start=1)
    ]


def sheets(
    video: DecodedVideo, request: JobRequest, layout: Layout, template: str, source: str
) -> list[Sheet]:
    frame, taken = frame_size(video, request), expected_frames(video, request)[:: layout.step]
    boxes, made = layout.boxes(frame), list[Sheet]()
    while taken:
        here, taken = taken[: len(boxes)], taken[len(boxes) :]
        cells = list(zip(boxes, [*here, *[None] * (len(boxes) - len(here))], strict=True))
        key = fill(template, source, len(made) + 1, here[0].moment)
        made.append(Sheet(key, layout.size(frame), cells))
    return made


def fill(template: str, source: str, number: int, moment: Fraction) -> str:
    """A key without placeholders. `a/b/c.flv` has the prefix `a/b/`, the name `c`, the extension `flv`."""
    path = source.split("/")
    name = path[-1].split(".")
    values = {
        "ObjectPrefix": "".join(f"{folder}/" for folder in path[:-1]),
        "FileName": ".".join(name[:-1]) if len(name) > 1 else name[0],
        "ExtName": name[-1] if len(name) > 1 else "",
        "SnapshotTime": str(int(moment * 1000)),
        "Count": str(number).rjust(5, "0"),
        "TileCount": str(number).rjust(5, "0"),
    }
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(values[part] if place % 2 else part for place, part in enumerate(parts))


@dataclass(frozen=True)
class Cue:
    """Seconds; `box` is the part of the image, None the whole."""

    begin: Fraction
    end: Fraction
    file: str
    box: Box | None = None


def expected_cues(
    video: DecodedVideo, request: JobRequest, stem: str, layout: Layout | None
) -> list[tuple[Cue, ExpectedFrame]]:
    """`stem` is the name of the WebVTT file without its folder and `.vtt`."""
    taken, size = expected_frames(video, request), frame_size(video, request)
    boxes = layout.boxes(size) if layout else []
    cues = list[tuple[Cue, ExpectedFrame]]()
    for number, one in enumerate(taken):
        end = _end(video, request, taken, number)
        if boxes:
            sheet, cell = divmod(number, len(boxes))
            cue = Cue(one.moment, end, f"{stem}/snapshot-tile-{sheet + 1:05d}.jpg", boxes[cell])
        else:
            cue = Cue(one.moment, end, f"{stem}/snapshot-{number + 1:05d}.jpg")
        cues.append((cue, one))
    return cues


def _end(video: DecodedVideo, request: JobRequest, taken: list[ExpectedFrame], number: int) -> Fraction:
    if not request.is_single and request.points is None:
        return taken[number].moment + spacing(video, request)
    return taken[number + 1].moment if number + 1 < len(taken) else video.end


def cues_in(text: str) -> list[Cue]:
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    return [_cue(*block.split("\n")) for block in blocks]


def _cue(times: str, payload: str) -> Cue:
    begin, end = times.split(" --> ")
    file, mark, area = payload.partition("#xywh=")
    if not mark:
        return Cue(_seconds(begin), _seconds(end), file)
    left, top, wide, high = map(int, area.split(","))
    return Cue(_seconds(begin), _seconds(end), file, (left, top, left + wide, top + high))


def _seconds(text: str) -> Fraction:
    hours, minutes, seconds = text.split(":")
    assert [len(hours), len(minutes), len(seconds)] == [2, 2, 6]
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
