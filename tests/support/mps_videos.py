"""Small videos of every sort, whose frames carry their number, and the snapshots that MPS takes of them."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import PictureType
from av.video.stream import VideoStream
from PIL import Image

from videosnap_emulator.media import frame_marker
from videosnap_emulator.services.mps.models import (
    ObjectRef,
    Readings,
    RenderedObject,
    SnapshotConfig,
    SnapshotResult,
)
from videosnap_emulator.services.mps.render import take_snapshots

SOUND_RATE = 16_000
CONTENT_BAD = "InvalidParameter.ResourceContentBad"
OUTPUT = ObjectRef("media", "oss-cn-hangzhou", "out/{FileName}-{Count}.jpg")
_IDENTITY = b"".join(n.to_bytes(4, "big") for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
_QUARTER = b"".join(n.to_bytes(4, "big") for n in (0, 0x10000, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000))


@dataclass(frozen=True)
class Recipe:
    """A video: `pts` maps a frame's number to its time in units of 1/`clock` seconds."""

    container: str = "mp4"
    codec: str = "libx264"
    frames: int = 60
    clock: int | Fraction = 25
    size: tuple[int, int] = (192, 108)
    key_every: int = 20
    b_frames: int = 3
    open_gop: bool = False
    black: Collection[int] = ()
    shade: int = 0
    #: Key frames at these numbers and nowhere else, instead of one at every `key_every`.
    keys: Collection[int] | None = None
    #: Seconds of silent sound, which begins at 0.
    sound: int = 0
    pixels: str = "yuv420p"
    pts: Callable[[int], int] = lambda number: number

    def options(self) -> dict[str, str]:
        if self.keys is not None:
            plan = f"keyint=infinite:min-keyint=1:scenecut=0:bframes={self.b_frames}:b-adapt=0"
            return {"threads": "1", "preset": "veryfast", "forced-idr": "1", "x264-params": plan}
        if self.codec != "libx264":
            return {"g": str(self.key_every), "bf": str(self.b_frames), "threads": "1"}
        gop = f"keyint={self.key_every}:min-keyint={self.key_every}:scenecut=0:open-gop={self.open_gop:d}"
        return {"threads": "1", "preset": "ultrafast", "x264-params": f"{gop}:bframes={self.b_frames}"}

    def image(self, number: int) -> Image.Image:
        if number in self.black:
            return Image.new("RGB", self.size, (self.shade,) * 3)
        image = Image.new("RGB", self.size, (110, 140, 170))
        frame_marker.draw(image, frame_marker.FrameMark(5, number))
        return image


def times(*gaps: int, late: int = 0) -> Callable[[int], int]:
    """The times of frames with these gaps between them, repeated, the first of which is late."""
    known = list(itertools.accumulate(itertools.islice(itertools.cycle(gaps), 1000), initial=late))
    return known.__getitem__


def recipe_of(
    clock: int | str = 25, late: int = 0, gaps: Sequence[int] = (1,), black: int = 0, **more: Any
) -> Recipe:
    """A recipe as a table spells it; `black` is how many frames it begins with that are."""
    size, pts = tuple(more.pop("size", Recipe.size)), times(*gaps, late=late)
    return Recipe(clock=Fraction(clock), size=size, pts=pts, black=range(black), **more)


@contextlib.contextmanager
def ordinary_scheduling() -> Iterator[None]:
    """SVT-AV1 gives the thread that encodes real-time priority where root runs it, and leaves it so.

    All that the tests start later would inherit it, and a program that waits in a loop, as Go's runtime
    does, would hold a core for ever.
    """
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def make_video(recipe: Recipe) -> bytes:
    file = io.BytesIO()
    with ordinary_scheduling(), av.open(file, "w", format=recipe.container) as container:
        stream: VideoStream = container.add_stream(  # type: ignore[assignment]
            recipe.codec, rate=Fraction(recipe.clock), options=recipe.options()
        )
        (stream.width, stream.height), stream.pix_fmt = recipe.size, recipe.pixels
        audio = container.add_stream("aac", rate=SOUND_RATE) if recipe.sound else None
        for number in range(recipe.frames):
            frame = av.VideoFrame.from_image(recipe.image(number))  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = recipe.pts(number), 1 / Fraction(recipe.clock)
            if number in (recipe.keys or ()):
                frame.pict_type = PictureType.I
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio is not None:
            container.mux(_silence(audio, recipe.sound * SOUND_RATE))
    return file.getvalue()


def _silence(stream: AudioStream, samples: int) -> list[Packet[AudioStream]]:
    packets = []
    for at in range(0, samples, 1024):
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(bytes(4096))
        frame.rate, frame.pts = SOUND_RATE, at
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def remuxed(
    video: bytes,
    container: str = "mp4",
    lost: int = 0,
    shift: int = 0,
    cover: bool = False,
    pts_as_dts: bool = False,
    **options: str,
) -> bytes:
    """The same packets in another file, `shift` ticks later, without the first `lost`; one is left."""
    with tempfile.TemporaryDirectory() as folder, av.open(io.BytesIO(video), "r") as source:
        path = Path(folder) / "video"
        with av.open(str(path), "w", format=container, options=options) as target:
            stream = target.add_stream_from_template(source.streams[0])
            if cover:
                target.mux(_cover(target))
            packets = list(source.demux(source.streams[0]))[:-1]  # the last one is empty
            for packet in packets[min(lost, len(packets) - 1) :]:
                if packet.dts is not None and packet.pts is not None:
                    packet.stream, packet.dts, packet.pts = stream, packet.dts + shift, packet.pts + shift
                    packet.pts = packet.dts if pts_as_dts else packet.pts
                    target.mux(packet)
        return path.read_bytes()


def index_first(video: bytes, shift: int = 0) -> bytes:
    """Write the MP4 with its index in front, its times shifted by that many ticks."""
    return remuxed(video, shift=shift, movflags="faststart")


def _cover(target: Any) -> list[Packet[VideoStream]]:
    cover: VideoStream = target.add_stream("mjpeg", rate=1)
    cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
    cover.disposition = Disposition.attached_pic
    image = av.VideoFrame.from_image(Image.new("RGB", (64, 64), "red"))  # type: ignore[no-untyped-call]
    return [*cover.encode(image), *cover.encode(None)]


def rotated(video: bytes) -> bytes:
    """Set the flag that asks a player to turn the image by a quarter."""
    at = video.index(_IDENTITY, video.index(b"tkhd"))
    return video[:at] + _QUARTER + video[at + len(_QUARTER) :]


def sound(container: str = "mp4", **options: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as target:
        target.mux(_silence(target.add_stream("aac", rate=SOUND_RATE), 8 * 1024))
    return file.getvalue()


def take(
    video: bytes,
    *,
    output: str = OUTPUT.key,
    key: str = "in/x.mp4",
    readings: Readings | None = None,
    **fields: Any,
) -> SnapshotResult:
    """Take snapshots of `video` as a request with these fields asks."""
    place = ObjectRef(OUTPUT.bucket, OUTPUT.location, output)
    config = SnapshotConfig(place, **{"frame_type": "normal", **fields})
    return take_snapshots(config, key, video, readings or Readings())


def frame_numbers(result: SnapshotResult) -> list[int | None]:
    """Return which frames were taken, and check that the objects really show them."""
    taken = [frame.source_frame for frame in result.frames]
    assert [shown_number(frame) for frame in result.frames] == taken
    return taken


def shown_number(frame: RenderedObject) -> int:
    """Return the frame that the object shows."""
    return frame_marker.read_frame_number(opened(frame))


def opened(frame: RenderedObject) -> Image.Image:
    image = Image.open(io.BytesIO(frame.body))
    assert (image.format, frame.content_type) == ("JPEG", "image/jpeg")
    assert image.size == (frame.width, frame.height)
    return image
