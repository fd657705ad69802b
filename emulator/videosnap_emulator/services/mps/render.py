"""What a job writes: frames, sheets and WebVTT, with their names and sizes.

Nothing here depends on anything but the arguments: the same request and video give the same bytes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

import av

from videosnap_emulator.media.video import NumberedFrame, Size, Video, encode, scale
from videosnap_emulator.media.video_index import VideoError, VideoTime
from videosnap_emulator.services.mps.errors import content_bad, service_error
from videosnap_emulator.services.mps.frame_selection import SelectedFrame, select_frames
from videosnap_emulator.services.mps.models import (
    ObjectRef,
    Readings,
    RenderedObject,
    SnapshotConfig,
    SnapshotResult,
)
from videosnap_emulator.services.mps.tiles import Cell, SheetWriter, check_size

#: Returns the key of the object with that number, whose (first) frame was asked for at that moment.
Naming = Callable[[VideoTime, int], str]

_JPEG = "image/jpeg"
_VTT_SUFFIX = ".vtt"
#: What ends a relative URL, or a cue, or has another meaning in one; other characters stay readable.
_NOT_IN_URL = re.compile(r'[\x00-\x20\x7f"#%:<>?\\^`{|}]')
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def take_snapshots(
    config: SnapshotConfig, input_key: str, video: bytes, readings: Readings | None = None
) -> SnapshotResult:
    """Run a job on `video`; raise ApiError when it fails.

    `input_key` is the decoded name of the input object, of which names of outputs may hold parts.
    """
    try:
        # assumption: mps-containers
        # assumption: mps-damaged-input
        source = Video(video)
        writer = OutputWriter(config, input_key, source)
        selection = select_frames(config, readings or Readings(), source)
        for selected, decoded in zip(selection.frames, _decode(source, selection.frames), strict=True):
            writer.add(SelectedFrame(selected.at, decoded.number), decoded.frame)
        return writer.finish(selection.spacing)
    except VideoError:
        raise content_bad() from None


def _decode(video: Video, selected: Sequence[SelectedFrame]) -> Iterator[NumberedFrame]:
    """Decode in one pass, or two if the first frame is behind the second, as a replaced black one may be."""
    numbers = [frame.number for frame in selected]
    if numbers != sorted(numbers):
        yield from video.frames(numbers[:1])
        numbers = numbers[1:]
    yield from video.frames(numbers)


class OutputWriter:
    """Takes frames in the order in which {Count} numbers them, and returns the objects made of them."""

    def __init__(self, config: SnapshotConfig, input_key: str, video: Video) -> None:
        self._config, self._index = config, video.index
        self._names = OutputNames(config, input_key)
        self._size = frame_size(config, video.size)
        self._sheets = SheetWriter(config, self._size) if self._names.sheet else None
        self._step = max(1, config.tile.cell_step) if self._sheets and config.tile else 1
        self._count = 0
        self._frames: list[RenderedObject] = []
        self._sheet_keys: list[str] = []
        self._entries: list[Entry] = []

    def add(self, selected: SelectedFrame, frame: av.VideoFrame) -> None:
        """Take one frame: an object of its own, a cell on a sheet, or both."""
        self._count += 1
        if self._names.frame:
            self._add_frame(self._names.frame(selected.at, self._count), selected, frame)
        # assumption: mps-cell-step
        if (self._count - 1) % self._step == 0:
            self._add_cell(selected.at, frame)

    def finish(self, spacing: VideoTime | None) -> SnapshotResult:
        """Return all objects; `spacing` is the distance of the moments asked for, if it is even."""
        sheets = tuple(self._finished_sheets())
        # assumption: mps-tile-count
        return SnapshotResult(tuple(self._frames), sheets, self._vtt(spacing), self._count, len(sheets))

    def _add_frame(self, key: str, selected: SelectedFrame, frame: av.VideoFrame) -> None:
        body = encode(scale(frame, self._size), "jpeg")
        about = {"width": self._size[0], "height": self._size[1], "source_frame": selected.number}
        time = self._index.time_ms(selected.number)
        frame_object = _rendered("picture", self._config.output, key, _JPEG, body, source_ms=time, **about)
        self._frames.append(frame_object)
        if self._sheets is None:
            self._entries.append(Entry(selected.at, self._names.relative(key), None))

    def _add_cell(self, at: VideoTime, frame: av.VideoFrame) -> None:
        if self._sheets is None or self._names.sheet is None:
            return
        cell = self._sheets.paste(scale(frame, self._sheets.layout.cell))
        if cell.sheet > len(self._sheet_keys):
            self._sheet_keys.append(self._names.sheet(at, cell.sheet))
        self._entries.append(Entry(at, self._names.relative(self._sheet_keys[-1]), cell))

    def _finished_sheets(self) -> Iterator[RenderedObject]:
        if self._sheets is None:
            return
        self._sheets.finish()
        place = self._config.tile_output or self._config.output
        width, height = self._sheets.layout.size
        for key, body in zip(self._sheet_keys, self._sheets.finished, strict=True):
            yield _rendered("sheet", place, key, _JPEG, body, width=width, height=height)

    def _vtt(self, spacing: VideoTime | None) -> RenderedObject | None:
        if self._names.vtt is None:
            return None
        step = None if spacing is None else spacing * self._step
        text = webvtt(self._entries, step, self._index.duration)
        return _rendered("vtt", self._config.output, self._names.vtt, "text/vtt", text.encode())


def _rendered(
    kind: str, place: ObjectRef, key: str, content_type: str, body: bytes, **about: int
) -> RenderedObject:
    return RenderedObject(kind, place.bucket, key, content_type, len(body), body=body, **about)


class OutputNames:
    """Names of frames, of sheets and of the WebVTT text; None for what the job does not write."""

    frame: Naming | None
    sheet: Naming | None = None
    vtt: str | None = None

    def __init__(self, config: SnapshotConfig, input_key: str) -> None:
        if config.format.lower() == "vtt":
            self._name_beside_vtt(config, input_key)
            return
        keep = config.tile is None or config.tile.keep_cell_pictures or config.tile_output is None
        output, sheets = config.output.key, config.tile_output
        self.frame = (lambda at, number: fill(output, input_key, at, Count=number)) if keep else None
        if sheets is not None:
            self.sheet = lambda at, number: fill(sheets.key, input_key, at, TileCount=number)

    def _name_beside_vtt(self, config: SnapshotConfig, input_key: str) -> None:
        """Name frames after their text: x.vtt has them in the folder x."""
        # assumption: mps-vtt-names
        self.vtt = fill(config.output.key, input_key, config.time)
        if not self.vtt.endswith(_VTT_SUFFIX):
            raise service_error("InvalidParameter.Format", "SnapshotConfig:OutputFile:Object")
        prefix = self.vtt.removesuffix(_VTT_SUFFIX) + "/snapshot-"
        self.frame = None
        if config.sprite_fragments:
            self.sheet = lambda _, number: f"{prefix}tile-{_counter(number)}.jpg"
        else:
            self.frame = lambda _, number: f"{prefix}{_counter(number)}.jpg"

    def relative(self, key: str) -> str:
        """Return the name as the text has it: a URL relative to the text's own folder."""
        folder, slash, _ = (self.vtt or "").rpartition("/")
        return _NOT_IN_URL.sub(lambda found: quote(found[0]), key.removeprefix(folder + slash))


def fill(template: str, input_key: str, at: VideoTime, **numbers: int) -> str:
    """Fill in the placeholders that the vendor documents; others, such as {RunId}, stay as they are."""
    name = posixpath.basename(input_key)
    stem, extension = posixpath.splitext(name)
    values = {
        "ObjectPrefix": input_key[: len(input_key) - len(name)],
        "FileName": stem,
        "ExtName": extension[1:],
        "SnapshotTime": str(int(at)),  # assumption: mps-snapshot-time
        **{placeholder: _counter(number) for placeholder, number in numbers.items()},
    }
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), template)


def _counter(number: int) -> str:
    """Format {Count} or {TileCount}: five digits from 00001, more above 99999."""
    # assumption: mps-count
    return f"{number:05d}"


def frame_size(config: SnapshotConfig, source: Size) -> Size:
    """Return width and height of a job's frames; a side that is not given follows from the other."""
    # assumption: mps-both-sides
    if config.width is not None and config.height is not None:
        return config.width, config.height
    if config.width is not None:
        return check_size((config.width, _proportional(config.width, source[0], source[1])))
    if config.height is not None:
        return check_size((_proportional(config.height, source[1], source[0]), config.height))
    return source


def _proportional(given: int, this: int, other: int) -> int:
    """Return the other side: the nearest even number, the higher one of two equally near."""
    # assumption: mps-rounding
    return max(1, (given * other + this) // (2 * this)) * 2


class Entry(NamedTuple):
    """One frame: its moment, its object's key relative to the text's folder, and its cell on a sheet."""

    at: VideoTime
    key: str
    cell: Cell | None


def webvtt(entries: Sequence[Entry], spacing: VideoTime | None, duration: VideoTime) -> str:
    """Return the whole text.

    A cue ends `spacing` after its begin, or where the next begins if there is no spacing, the last one at the
    end of the video.
    """
    # assumption: mps-vtt
    starts = [entry.at for entry in entries]
    if spacing is None:
        ends = [later for _, later in pairwise([*starts, max(duration, starts[-1] + 1)])]
    else:
        ends = [start + spacing for start in starts]
    return "\n\n".join(["WEBVTT", *map(_cue, entries, ends)]) + "\n"


def _cue(entry: Entry, end: VideoTime) -> str:
    area = "" if entry.cell is None else "#xywh={1},{2},{3},{4}".format(*entry.cell)
    return f"{_timestamp(entry.at)} --> {_timestamp(end)}\n{entry.key}{area}"


def _timestamp(at: VideoTime) -> str:
    seconds, ms = divmod(round(at), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"
