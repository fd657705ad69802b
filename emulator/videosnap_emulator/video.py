"""Cutting pictures from video: exact to the frame, by integer arithmetic on presentation times."""

from __future__ import annotations

import io
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, Protocol

import av
from PIL import Image

from videosnap_emulator import sample
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.strip import read_frame_number

__all__ = [
    "Cut",
    "Cutter",
    "Library",
    "Picture",
    "PictureFormat",
    "Videos",
    "cut_frame",
    "read_frame_number",
    "render",
    "scaled",
]

#: JPEG quality: small files that are still pleasant to look at.
JPEG_QUALITY = 85


class PictureFormat(NamedTuple):
    """What a captured picture is to be: `codec` is "jpeg" or "png".

    Width or height 0 means as in the video.
    """

    codec: str
    width: int = 0
    height: int = 0


class Cut(NamedTuple):
    """A decoded frame and its presentation time from the start of the video."""

    frame: av.VideoFrame
    pts_ms: Milliseconds


class Picture(NamedTuple):
    """An encoded picture, its size, and which frame of which video it shows."""

    body: bytes
    content_type: str
    width: int
    height: int
    video: str
    source_frame: int
    source_ms: Milliseconds


class Videos(Protocol):
    """Where the bytes of a video come from."""

    def read(self, name: str) -> bytes:
        """Return the video called `name`."""
        ...


class Library:
    """The sample videos, made at first use and kept in `folder` for the next start."""

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
        path = self._folder / f"{name}-{sample.RECIPE}-av{av.__version__}.mp4"
        if path.exists():
            return path.read_bytes()
        body = sample.make(sample.SAMPLES[name])
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as part:
            part.write(body)
        Path(part.name).replace(path)
        return body


def cut_frame(video: bytes, at: Milliseconds) -> Cut:
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
        return Cut(shown, (shown.pts - start) * 1000 * base.numerator // base.denominator)


def fitted(source: tuple[int, int], target: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size inside `target` with the proportions of `source`."""
    (width, height), (room_x, room_y) = source, target
    if width * room_y >= height * room_x:
        return room_x, max(1, round(height * room_x / width))
    return max(1, round(width * room_y / height)), room_y


def scaled(frame: av.VideoFrame, size: tuple[int, int]) -> Image.Image:
    """Return the frame at exactly that size (width, height), stretched when its proportions differ."""
    small = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="BILINEAR")
    image: Image.Image = small.to_image()  # type: ignore[no-untyped-call]
    return image


def render(frame: av.VideoFrame, wanted: PictureFormat) -> Image.Image:
    """Scale the frame proportionally and centre it on black, so the picture has exactly the wanted size."""
    # assumption: scaling
    target = wanted.width or frame.width, wanted.height or frame.height
    width, height = fitted((frame.width, frame.height), target)
    picture = scaled(frame, (width, height))
    if picture.size == target:
        return picture
    canvas = Image.new("RGB", target)
    canvas.paste(picture, ((target[0] - width) // 2, (target[1] - height) // 2))
    return canvas


def encode(image: Image.Image, codec: str) -> bytes:
    """Encode as "jpeg" or "png"."""
    file = io.BytesIO()
    if codec == "png":
        image.save(file, "PNG", compress_level=3)
    else:
        image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


class Cutter:
    """Pictures of looping sample videos, with the latest ones kept: a loop shows the same frames again."""

    def __init__(self, videos: Videos, keep: int = 1024):
        self._videos = videos
        self._keep = keep
        self._pictures: OrderedDict[tuple[str, int, PictureFormat], Picture] = OrderedDict()

    def picture(self, name: str, at: Milliseconds, wanted: PictureFormat) -> Picture:
        """Return the picture that the looping video `name` shows `at` ms after its start."""
        number = at % sample.DURATION_MS // sample.FRAME_MS
        key = name, number, wanted
        if key not in self._pictures:
            self._pictures[key] = self._cut(name, at % sample.DURATION_MS, wanted)
        self._pictures.move_to_end(key)
        while len(self._pictures) > self._keep:
            self._pictures.popitem(last=False)
        return self._pictures[key]

    def _cut(self, name: str, at: Milliseconds, wanted: PictureFormat) -> Picture:
        cut = cut_frame(self._videos.read(name), at)
        image = render(cut.frame, wanted)
        return Picture(
            body=encode(image, wanted.codec),
            content_type=f"image/{wanted.codec}",
            width=image.width,
            height=image.height,
            video=name,
            source_frame=cut.pts_ms // sample.FRAME_MS,
            source_ms=cut.pts_ms,
        )
