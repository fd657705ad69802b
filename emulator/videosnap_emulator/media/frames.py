"""Single frames: decoding one exactly, scaling it, and encoding it as JPEG or PNG."""

from __future__ import annotations

import io
from typing import NamedTuple

import av
from PIL import Image

from videosnap_emulator.core.clock import Milliseconds

#: JPEG quality: small files that are still pleasant to look at.
JPEG_QUALITY = 85


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
