"""Reading an input video: which frames it has, and those that are wanted.

A video is always decoded from its start, once to see which frames there are, and again up to the last wanted
one. That is slow for long videos, but whatever containers and streams say about key frames and times, the
frame of a number is the same each time.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from PIL import Image

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.media.video_index import (
    RecordingClock,
    ShownFrame,
    VideoError,
    VideoIndex,
    make_index,
)

#: Containers that may be opened. Others, play lists above all, would make the decoder open further files.
_CONTAINERS = "mov,mp4,matroska,webm,flv,mpegts,mpeg,avi,asf,mxf"
_AUDIO_CONTAINERS = "mp3,aac,ac3,aiff,amr,ape,caf,flac,ogg,wav"
#: Brands of HEIF files, HEIC and AVIF stills among them, whose container is otherwise that of MP4.
_STILLS = {
    *(b"avif", b"avis", b"heic", b"heim", b"heis", b"heix"),
    *(b"hevc", b"hevm", b"hevs", b"hevx", b"mif1", b"mif2", b"msf1"),
}
#: Containers without an index: a part of such a file is a complete, shorter video.
_STREAMED = {"mpegts", "mpeg"}
#: How many seconds shorter than its header says a file may be: writers round, and count what is not shown.
_TOLERANCE = 1
#: So many videos that were used last are not decoded once more to index them.
INDEXED_VIDEOS = 4
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


class Video:
    """An input video: its size in pixels, its index and its frames. A bad file raises VideoError."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size, self.index = _read(body)

    def frames(self, numbers: Sequence[int]) -> Iterator[NumberedFrame]:
        """Decode the frames of these ascending numbers, in one pass."""
        wanted = deque(numbers)
        with _open(self._body) as (container, stream):
            for number, frame in enumerate(_decode(stream, demux(container, stream))):
                while wanted and wanted[0] == number:
                    yield NumberedFrame(wanted.popleft(), frame)
                if not wanted:
                    return


@lru_cache(maxsize=INDEXED_VIDEOS)
def _read(body: bytes) -> tuple[Size, VideoIndex]:
    """Decode the whole video; raise VideoError for one that is truncated or has no frame."""
    with _open(body) as (container, stream):
        clock, size, frames = RecordingClock(_tick(stream)), None, list[ShownFrame]()
        for frame in _decode(stream, _whole(container, stream, clock)):
            size = size or (frame.width, frame.height)
            frames.append(ShownFrame(frame.pts, frame.duration, frame.key_frame))
        if size is None:
            raise VideoError
        rate = stream.average_rate
        return size, make_index(frames, clock, int(1 / (rate * clock.tick)) if rate else 1)


def demux(container: InputContainer, *streams: VideoStream) -> Iterator[Packet[Stream]]:
    """Iterate over the packets of these streams, or of all.

    At its end the binding fails on streams that began midway; by then every packet was returned.
    """
    with suppress(IndexError):
        yield from container.demux(*streams)


def _whole(container: InputContainer, stream: VideoStream, clock: RecordingClock) -> Iterator[Packet[Stream]]:
    """Iterate over the packets of `stream`; raise VideoError at the end of a file that is truncated."""
    end, damaged = Fraction(0), False
    for packet in demux(container):
        damaged |= packet.is_corrupt
        end = max(end, _end(packet))
        if packet.size and packet.stream_index == stream.index:
            clock.set_times(packet)
            yield packet
    declared = Fraction(container.duration or 0, 1_000_000)
    if container.format.name not in _STREAMED and (damaged or declared - end > _TOLERANCE):
        raise VideoError


def _end(packet: Packet[Stream]) -> Fraction:
    time, tick = packet.dts if packet.pts is None else packet.pts, packet.time_base
    return Fraction(0) if time is None or tick is None else (time + (packet.duration or 0)) * tick


def _decode(stream: VideoStream, packets: Iterable[Packet[Stream]]) -> Iterator[av.VideoFrame]:
    """Decode all packets and return frames in the order in which they are shown."""
    stream.codec_context.options = {"max_pixels": str(_MAX_PIXELS)}
    stream.thread_type = "NONE"  # with threads, what replaces damaged parts may differ
    for packet in packets:
        if packet.size:
            yield from _decode_packet(stream.codec_context, packet)
    yield from _decode_packet(stream.codec_context, None)


def _decode_packet(codec: VideoCodecContext, packet: Packet[Stream] | None) -> Iterable[av.VideoFrame]:
    try:
        return codec.decode(packet)
    except av.error.InvalidDataError:
        return ()  # as players do: the frame before it stays in view


def _tick(stream: VideoStream) -> Fraction:
    if stream.time_base is None or stream.time_base <= 0:
        raise VideoError
    return stream.time_base


def check_media(body: bytes) -> None:
    """Raise VideoError unless the file's head says that it is a video or a sound."""
    options = {"format_whitelist": f"{_CONTAINERS},{_AUDIO_CONTAINERS}"}
    try:
        with av.open(io.BytesIO(body), "r", options=options, **_OPEN_OPTIONS) as container:
            if not (container.streams.video or container.streams.audio):
                raise VideoError
    except _DECODE_ERRORS as error:
        raise VideoError from error


@contextmanager
def _open(body: bytes) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the file and its first video stream; whatever fails means that the file is bad."""
    if body[4:8] == b"ftyp" and body[8:12] in _STILLS:
        raise VideoError
    try:
        options = {"format_whitelist": _CONTAINERS}
        with av.open(io.BytesIO(body), "r", options=options, **_OPEN_OPTIONS) as container:
            yield container, _video_stream(container)
    except _DECODE_ERRORS as error:
        raise VideoError from error


def _video_stream(container: InputContainer) -> VideoStream:
    for stream in container.streams.video:
        # The context is None for an unknown codec.
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic:
            return stream
    raise VideoError


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
