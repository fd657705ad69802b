"""What a job must leave in the bucket: keys, what each frame and cell shows, and the WebVTT text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from emulator.frame_truth.reference import (
    DecodedVideo,
    ExpectedFrame,
    Frame,
    JobRequest,
    Size,
    expected_frames,
    frame_size,
    spacing,
)

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
