"""Reading an input video: which frames it has, and decoding only those that are wanted.

No seeking: containers seek by decoding times, and land behind the wanted frame when B frames precede a key
frame. Reading all packets costs little, decoding is what takes time, and only what leads to a wanted frame is
decoded.
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
from PIL import Image

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.media.video_index import VideoError, demux, read_index

#: Containers that may be opened. Others, play lists above all, would make the decoder open further files.
_CONTAINERS = "mov,mp4,matroska,webm,flv,mpegts,mpeg,avi,asf,mxf"
#: Pixels of a frame, twice 8K: a few bytes of header must not ask for gigabytes.
_MAX_PIXELS = 2 * 7680 * 4320
#: The version of the binding from which on it reads the names and comments in a file only on request.
_READS_NO_METADATA = 19
_OPEN_OPTIONS: dict[str, Any] = (
    {} if int(av.__version__.partition(".")[0]) >= _READS_NO_METADATA else {"metadata_errors": "ignore"}
)
#: What the binding raises for damaged files: its own errors, and those of text that cannot be decoded.
_DECODE_ERRORS = av.FFmpegError, UnicodeError, OverflowError

Size = tuple[int, int]
#: JPEG quality: small files that are still pleasant to look at.
JPEG_QUALITY = 85


class NumberedFrame(NamedTuple):
    """A decoded frame and its number in the order in which frames are shown."""

    number: int
    frame: av.VideoFrame


@dataclass
class _PacketRange:
    """Packets to decode without a gap, in decoding order, and the frames wanted of them."""

    first: int
    last: int
    wanted: deque[int] = field(default_factory=deque)


class Video:
    """An input video: its size in pixels, its index and its frames. A bad file raises VideoError."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        with _open(body) as (container, stream):
            self.size = _size(stream)
            self.index = read_index(container, stream)

    def frames(self, numbers: Sequence[int]) -> Iterator[NumberedFrame]:
        """Decode the frames of these ascending numbers, in one pass."""
        with _open(self._body) as (container, stream):
            packets = enumerate(packet for packet in demux(container, stream) if packet.size)
            for needed in self._packet_ranges(numbers):
                decoded = self._with_times(_decode(stream, packets, needed))
                yield from self._select(decoded, needed.wanted)

    def _packet_ranges(self, numbers: Sequence[int]) -> list[_PacketRange]:
        ranges: list[_PacketRange] = []
        for number in numbers:
            first, last = self.index.packets_for(number)
            if not ranges or first > ranges[-1].last:
                ranges.append(_PacketRange(first, last))
            ranges[-1].last = max(ranges[-1].last, last)
            ranges[-1].wanted.append(number)
        return ranges

    def _with_times(self, frames: Iterable[av.VideoFrame]) -> Iterator[tuple[int, av.VideoFrame]]:
        """Add when each frame is shown, in ticks since the first."""
        times, start = self.index.times, self.index.start
        for count, frame in enumerate(frames):
            if self.index.counted:
                yield times[min(count, len(times) - 1)], frame
            elif frame.pts is not None:
                yield frame.pts - start, frame

    def _select(
        self, decoded: Iterable[tuple[int, av.VideoFrame]], wanted: deque[int]
    ) -> Iterator[NumberedFrame]:
        """Give each wanted frame, or the one before it when it cannot be decoded."""
        last = None
        for time, frame in decoded:
            while wanted and self.index.times[wanted[0]] < time:
                yield NumberedFrame(wanted.popleft(), last or frame)
            last = frame
        if last is None:
            raise VideoError
        yield from (NumberedFrame(number, last) for number in wanted)


def _decode(
    stream: VideoStream, packets: Iterator[tuple[int, Packet[Stream]]], needed: _PacketRange
) -> Iterator[av.VideoFrame]:
    """Decode one range to its end and reset the decoder."""
    codec = stream.codec_context
    for place, packet in packets:
        if place >= needed.first:
            yield from _decode_packet(codec, packet)
        if place >= needed.last:
            break
    yield from _decode_packet(codec, None)
    codec.flush_buffers()


def _decode_packet(codec: VideoCodecContext, packet: Packet[Stream] | None) -> Iterable[av.VideoFrame]:
    try:
        return codec.decode(packet)
    except av.error.InvalidDataError:
        return ()  # as players do: the frame before it stays in view


@contextmanager
def _open(body: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the file and its first video stream; whatever fails means that the file is bad."""
    try:
        options = {"format_whitelist": _CONTAINERS}
        with av.open(io.BytesIO(body), "r", options=options, **_OPEN_OPTIONS) as container:
            yield container, _video_stream(container)
    except _DECODE_ERRORS as error:
        raise VideoError from error


def _video_stream(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        if stream.codec_context is not None:  # which it is for an unknown codec
            return stream
    raise VideoError


def _size(stream: VideoStream) -> Size:
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < width * height <= _MAX_PIXELS:
        raise VideoError
    return width, height


class DecodedFrame(NamedTuple):
    """A decoded frame and its presentation time from the start of the video."""

    frame: av.VideoFrame
    pts_ms: Milliseconds


def decode_frame(video: bytes, at: Milliseconds) -> DecodedFrame:
    """Return the frame shown at `at`: the last one whose presentation time is not after it.

    The comparison is ``pts * num * 1000 <= at * den`` in integers. A float such as ``at / 1000 / time_base``
    gives the previous frame at some frame boundaries. Past the end the last frame is returned.
    """
    with av.open(io.BytesIO(video), "r") as container:
        stream = container.streams.video[0]
        base, start = stream.time_base, stream.start_time or 0
        if base is None:
            raise ValueError("the video has no time base")
        target = start + max(0, at) * base.denominator // (1000 * base.numerator)
        container.seek(target, stream=stream, backward=True)
        shown = None
        for frame in container.decode(stream):
            if frame.pts is None or (shown is not None and frame.pts > target):
                break
            shown = frame
        if shown is None or shown.pts is None:
            raise ValueError("the video has no frames")
        return DecodedFrame(shown, (shown.pts - start) * 1000 * base.numerator // base.denominator)


def scale(frame: av.VideoFrame, size: tuple[int, int]) -> Image.Image:
    """Return the frame at exactly that size (width, height), stretched when its proportions differ."""
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="BILINEAR")
    image: Image.Image = small.to_image()  # type: ignore[no-untyped-call]
    return image


def encode(image: Image.Image, codec: str) -> bytes:
    """Encode as "jpeg" or "png"."""
    file = io.BytesIO()
    if codec == "png":
        image.save(file, "PNG", compress_level=3)
    else:
        image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()
