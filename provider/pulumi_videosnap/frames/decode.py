"""Decodes frames that anybody may have written, within bounds, and measures them."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames.model import DecodedFrame

if TYPE_CHECKING:
    from PIL import Image

MOST_BYTES = 64_000_000
"""No snapshot is larger; a caller can refuse by an object's size before it is read."""

MOST_PIXELS = 36_000_000
"""A frame of 8K (33 million) is decoded; one of this many pixels takes 144 MB."""

MOST_SCANNED_PIXELS = 12 * MOST_PIXELS
"""Pixels times scans: a progressive JPEG goes over its pixels ten times, a hostile one a thousand."""

BLACK_LEVEL = 32
"""A pixel is black if none of its colours is above this (of 255); with luma, a blue screen would be black."""

BRIGHT_SHARE = 10_000
"""One pixel in this many may be brighter in a black frame: dead pixels of a sensor, but not a word."""

NO_PILLOW = (
    "Decoding frames needs Pillow, which is not installed; "
    "install the extra with: pip install 'pulumi-videosnap[frames]'"
)

_MARKS = {
    b"GIF8": "a GIF image",
    b"BM": "a BMP image",
    b"II*\0": "a TIFF image",
    b"MM\0*": "a TIFF image",
    b"%PDF": "a PDF document",
    b"WEBVTT": "a WebVTT text",
    b"{": "JSON text",
    b"<": "HTML or XML text",
}
_ROWS_AT_ONCE = 256
_NOT_THREAD_SAFE = threading.Lock()


class UnreadableFrame(VideosnapError):
    """These bytes cannot be decoded as a frame; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a frame: {reason}")


def decode_frame(body: bytes, *, thumbnail_side: int = 160) -> DecodedFrame:
    """Decode one JPEG or PNG in full: its size, a digest of its pixels and a small WebP of it.

    Orientation and all other metadata are ignored, of an animation the first image is taken, and the
    thumbnail carries pixels only. Anything else, and whatever would take too much time or memory, is
    `UnreadableFrame`; without Pillow a sentence says what to install.
    """
    _refuse_by_bytes(body)
    image = _as_rgb(_decode(body))
    (width, height), (digest, levels) = image.size, _measure(image)
    return DecodedFrame(width, height, digest, _thumbnail(image, thumbnail_side), peak=_peak(levels))


def is_black(frame: DecodedFrame) -> bool:
    """Whether all but one in ten thousand pixels are black (`BLACK_LEVEL`): a covered camera, or no signal.

    A black slide with a word on it is not black, nor is a dark room with a lamp.
    """
    return frame.peak <= BLACK_LEVEL


def is_same(one: DecodedFrame, other: DecodedFrame) -> bool:
    """Whether two frames are equal in each pixel, as those of a frozen stream are.

    A decoder that gets nothing new repeats its last frame, and equal pixels are compressed to equal bytes.
    There is no tolerance, by measurement (H.264 at 23 to 30, JPEG at 85). A still slide that is being sent
    differs by 0.01 to 2.0 levels a pixel on average, a still camera by 0.03 to 0.9, and a slide on which
    only the digits of a clock change by 0.02: no threshold would tell a frozen stream from a live one. Even
    equal frames can be legitimate. A still slide sent with few key frames was equal in 10 of 11
    seconds, and a video that loops is equal to itself. So this is a hint to look, not a verdict.
    """
    return (one.width, one.height, one.digest) == (other.width, other.height, other.digest)


def _refuse_by_bytes(body: bytes) -> None:
    if not body:
        raise UnreadableFrame("empty, 0 bytes")
    if len(body) > MOST_BYTES:
        raise UnreadableFrame(f"too large to decode safely: {len(body):,} bytes")
    if not body.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        raise UnreadableFrame(f"{_describe(body)}, neither JPEG nor PNG")


def _describe(body: bytes) -> str:
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "a WebP image"
    start = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "bytes of another type")


def _decode(body: bytes) -> Image.Image:
    """Decode all of the pixels, once the header says that this is safe."""
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, loaded on demand
    except ModuleNotFoundError:
        raise VideosnapError(NO_PILLOW) from None
    # Python's warning filters belong to the whole process, so only one frame is decoded at a time, and
    # only Pillow's warnings are made errors: other threads may be warned meanwhile.
    with _NOT_THREAD_SAFE, warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"PIL\.")
        try:
            image = Image.open(BytesIO(body), formats=("JPEG", "PNG"))
            _refuse_by_header(image, body)
            image.load()
        except UnreadableFrame:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise UnreadableFrame("too large to decode safely") from None
        except Exception as error:  # on invalid data, a decoder may fail in any way
            raise UnreadableFrame(_why_broken(error)) from None
    return image


def _refuse_by_header(image: Image.Image, body: bytes) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise UnreadableFrame(f"too large to decode safely: {image.width:,} × {image.height:,} pixels")
    # Inside of compressed data FF is always followed by 00, so this counts real markers.
    scans = body.count(b"\xff\xda") if image.format != "PNG" else 1
    if pixels * scans > MOST_SCANNED_PIXELS:
        raise UnreadableFrame(f"too slow to decode safely: {scans:,} scans of {pixels:,} pixels")


def _why_broken(error: Exception) -> str:
    text = str(error).lower()
    return "truncated" if "truncated" in text or isinstance(error, EOFError) else "damaged"


def _as_rgb(image: Image.Image) -> Image.Image:
    """The image as RGB, whatever its mode: transparency is dropped, 16 bits become 8."""
    if image.mode == "I;16":
        image = image.point(lambda level: level / 256).convert("L")
    elif "transparency" in image.info:
        image = image.convert("RGBA")
    return image if image.mode == "RGB" else image.convert("RGB")


def _measure(image: Image.Image) -> tuple[str, list[int]]:
    """The digest of the pixels and how many have which level, by bands: a whole copy takes much memory."""
    digest, levels = hashlib.sha256(f"{image.width}x{image.height}\n".encode()), [0] * 256
    for band in _bands(image):
        digest.update(band.tobytes())
        levels = [sum(pair) for pair in zip(levels, _levels(band), strict=True)]
    return digest.hexdigest(), levels


def _levels(band: Image.Image) -> list[int]:
    """How many pixels have which brightness, that of their brightest colour."""
    from PIL import ImageChops  # noqa: PLC0415 - an extra, loaded on demand

    red, green, blue = band.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).histogram()


def _bands(image: Image.Image) -> Iterator[Image.Image]:
    for top in range(0, image.height, _ROWS_AT_ONCE):
        yield image.crop((0, top, image.width, min(image.height, top + _ROWS_AT_ONCE)))


def _peak(levels: list[int]) -> int:
    """The brightness that all but one in `BRIGHT_SHARE` pixels stay at or below."""
    level, brighter = 255, levels[255]
    while level and brighter * BRIGHT_SHARE <= sum(levels):
        level -= 1
        brighter += levels[level]
    return level


def _thumbnail(image: Image.Image, side: int) -> bytes:
    """Make a WebP of the image, in place: it is measured by now. Less than half as large as a JPEG."""
    image.thumbnail((side, side), reducing_gap=2.0)
    image.info = {}
    file = BytesIO()
    image.save(file, "WEBP", quality=60, method=4)
    return file.getvalue()
