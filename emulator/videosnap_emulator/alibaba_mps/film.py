"""Reading an input video: which frames it has, and decoding just those that are wanted.

No seeking: containers seek by decoding times, and land behind the wanted frame when B frames precede a key
frame. Walking over all packets costs little, decoding is what takes time, and only what leads to a wanted
frame is decoded.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from videosnap_emulator.alibaba_mps.packets import content_bad, listing, walk

#: Containers that may be opened. Others, play lists above all, would make the decoder open further files.
# assumption: mps-containers
_CONTAINERS = "mov,mp4,matroska,webm,flv,mpegts,mpeg,avi,asf,mxf"
#: Pixels of a frame, twice 8K: a few bytes of header must not ask for gigabytes.
_MAXIMUM_PIXELS = 2 * 7680 * 4320
#: The version of the binding from which on it reads the names and comments in a file only when asked.
_READS_NO_METADATA = 19
_IGNORED: dict[str, Any] = (
    {} if int(av.__version__.partition(".")[0]) >= _READS_NO_METADATA else {"metadata_errors": "ignore"}
)
#: What the binding raises over files that are not what they seem, its own errors and text that is no text.
_BROKEN = av.FFmpegError, UnicodeError, OverflowError

Size = tuple[int, int]


class Numbered(NamedTuple):
    """A decoded frame and its number in the order in which frames are shown."""

    number: int
    frame: av.VideoFrame


@dataclass
class _Stretch:
    """Packets to decode without a gap, in decoding order, and the frames wanted of them."""

    first: int
    last: int
    wanted: deque[int] = field(default_factory=deque)


class Film:
    """An input video: its size in pixels, its timeline and its frames."""

    def __init__(self, video: bytes) -> None:
        self._video = video
        with _opened(video) as (container, stream):
            self.size = _size(stream)
            self._listing = listing(container, stream)
        self.timeline = self._listing.timeline

    def frames(self, numbers: Sequence[int]) -> Iterator[Numbered]:
        """Decode the frames of these ascending numbers, in one pass."""
        with _opened(self._video) as (container, stream):
            packets = enumerate(packet for packet in walk(container, stream) if packet.size)
            for stretch in self._stretches(numbers):
                decoded = self._stamped(_decoded(stream, packets, stretch))
                yield from self._shown(decoded, stretch.wanted)

    def _stretches(self, numbers: Sequence[int]) -> list[_Stretch]:
        stretches: list[_Stretch] = []
        for number in numbers:
            first, last = self._listing.needed(number)
            if not stretches or first > stretches[-1].last:
                stretches.append(_Stretch(first, last))
            stretches[-1].last = max(stretches[-1].last, last)
            stretches[-1].wanted.append(number)
        return stretches

    def _stamped(self, frames: Iterable[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Tell when each frame is shown, in ticks since the first."""
        times, start = self.timeline.times, self._listing.start
        for count, frame in enumerate(frames):
            if self._listing.counted:
                yield times[min(count, len(times) - 1)], frame
            elif frame.pts is not None:
                yield frame.pts - start, frame

    def _shown(self, decoded: Iterable[tuple[int, av.VideoFrame]], wanted: deque[int]) -> Iterator[Numbered]:
        """Give each wanted frame, or the one before it when it cannot be decoded."""
        last = None
        for time, frame in decoded:
            while wanted and self.timeline.times[wanted[0]] < time:
                yield Numbered(wanted.popleft(), last or frame)
            last = frame
        if last is None:
            raise content_bad()
        yield from (Numbered(number, last) for number in wanted)


def _decoded(
    stream: VideoStream, packets: Iterator[tuple[int, Packet[Stream]]], stretch: _Stretch
) -> Iterator[av.VideoFrame]:
    """Decode one stretch to its end and make the decoder forget it."""
    codec = stream.codec_context
    for place, packet in packets:
        if place >= stretch.first:
            yield from _tolerantly(codec, packet)
        if place >= stretch.last:
            break
    yield from _tolerantly(codec, None)
    codec.flush_buffers()


def _tolerantly(codec: VideoCodecContext, packet: Packet[Stream] | None) -> Iterable[av.VideoFrame]:
    try:
        return codec.decode(packet)
    except av.error.InvalidDataError:
        return ()  # as players do: the frame before it stays in view


@contextmanager
def _opened(video: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the video's first moving-picture stream; whatever is wrong with the file is the file's fault."""
    try:
        options = {"format_whitelist": _CONTAINERS}
        with av.open(io.BytesIO(video), "r", options=options, **_IGNORED) as container:
            yield container, _moving(container)
    except _BROKEN as error:
        raise content_bad() from error


def _moving(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        if stream.codec_context is not None:  # which it is for a codec that nobody knows
            return stream
    raise content_bad()


def _size(stream: VideoStream) -> Size:
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < width * height <= _MAXIMUM_PIXELS:
        raise content_bad()
    return width, height
