"""Decoding frames: what is measured of good ones, and that bad ones do no harm."""

import random
import sys
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from integration.frames import samples
from integration.frames.samples import encoded, gradient
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames import decode
from pulumi_videosnap.frames.decode import UnreadableFrame, decode_frame, is_black, is_same

JPEG = encoded(gradient(), "JPEG")
PNG = encoded(gradient())


def opened(thumbnail: bytes) -> Image.Image:
    return Image.open(BytesIO(thumbnail), formats=("WEBP",))


def test_a_frame_is_measured_and_has_a_thumbnail_that_is_never_enlarged() -> None:
    decoded = decode_frame(encoded(gradient(640, 360), "JPEG"))
    assert (decoded.width, decoded.height, len(decoded.digest)) == (640, 360, 64)
    assert decoded.thumbnail_type == "image/webp"
    assert opened(decoded.thumbnail).size == (160, 90)
    assert opened(decode_frame(PNG, thumbnail_side=320).thumbnail).size == (96, 64)


FOREIGN = [
    (b"<!doctype html><p>AccessDenied", "HTML or XML text"),
    (b"\xef\xbb\xbf\n <svg viewBox='0 0 9 9'/>", "HTML or XML text"),
    (b'{"Code": "NoSuchKey"}', "JSON text"),
    (b"WEBVTT\n\n00:00.000 --> 00:01.000", "a WebVTT text"),
    (bytes(64), "bytes of another type"),
    *((encoded(gradient(), kind.upper()), f"a {kind} image") for kind in ("GIF", "WebP", "BMP", "TIFF")),
]
UNREADABLE = [
    *((body, f"{kind}, neither JPEG nor PNG") for body, kind in FOREIGN),
    (b"", "empty, 0 bytes"),
    (JPEG[: len(JPEG) // 2], "truncated"),
    (JPEG[:4], "damaged"),
    (PNG[: len(PNG) // 2], "truncated"),
    (b"\x89PNG\r\n\x1a\n" + bytes(40), "damaged"),
    (samples.png_bomb(60_000, 60_000), "too large to decode safely"),
    (samples.png_bomb(8_000, 8_000), "too large to decode safely: 8,000 × 8,000 pixels"),
    (samples.png_bomb(2**31 - 1, 1), "too large to decode safely"),
    (samples.jpeg_bomb(65_000, 65_000), "too large to decode safely"),
    (samples.text_bomb(), "damaged"),
    (samples.many_scans(200), "too slow to decode safely: 210 scans of 4,000,000 pixels"),
]


@pytest.mark.parametrize(("body", "reason"), UNREADABLE)
def test_what_cannot_be_decoded_says_why_and_takes_no_memory(body: bytes, reason: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFrame) as refused:
            decode_frame(body)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert (refused.value.reason, str(refused.value)) == (reason, f"not a frame: {reason}")


def test_too_many_bytes_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MOST_BYTES", len(JPEG) - 1)
    with pytest.raises(UnreadableFrame, match="too large to decode safely: 1,"):
        decode_frame(JPEG)


@pytest.mark.parametrize("body", [JPEG, PNG], ids=["jpeg", "png"])
def test_a_jpeg_or_png_is_refused_at_each_length_that_lacks_pixels(body: bytes) -> None:
    whole = decode_frame(body)
    for length in range(0, len(body), 7):
        try:
            decoded = decode_frame(body[:length])
        except UnreadableFrame:
            continue
        # A PNG may lack its last, empty chunk: then all pixels are there.
        assert is_same(decoded, whole)


def test_damaged_bytes_raise_no_other_error() -> None:
    chance = random.Random(4)
    for source in [JPEG, PNG] * 200:
        body = bytearray(source)
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            decode_frame(bytes(body))
        except UnreadableFrame:
            continue


UNUSUAL = {
    "cmyk": encoded(gradient().convert("CMYK"), "JPEG"),
    "gray": encoded(gradient().convert("L"), "JPEG"),
    "progressive": encoded(gradient(), "JPEG", progressive=True),
    "one-bit": encoded(gradient().convert("1")),
    "gray-alpha": encoded(gradient().convert("LA")),
    "alpha": encoded(gradient().convert("RGBA")),
    "palette": encoded(gradient().quantize(16)),
    "clear-palette": encoded(gradient().quantize(16), transparency=b"\0\x80\xff"),
    "16-bit": encoded(Image.new("I;16", (2, 1), 128 * 257)),
    "animated": samples.animated(),
}


@pytest.mark.parametrize("body", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_formats_are_decoded(body: bytes) -> None:
    assert decode_frame(body).peak > 100


def test_metadata_is_ignored_and_not_passed_on() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter
    exif[0x010E] = "a secret description"
    decoded = decode_frame(encoded(gradient(), exif=exif, icc_profile=b"a secret profile"))
    assert (decoded.width, decoded.height) == (96, 64)
    assert is_same(decoded, decode_frame(PNG))
    assert b"secret" not in decoded.thumbnail
    assert set(opened(decoded.thumbnail).info) <= {"loop", "background", "timestamp", "duration"}


def test_frames_are_the_same_by_their_pixels_alone() -> None:
    other = gradient()
    other.putpixel((5, 5), (1, 2, 3))
    assert is_same(decode_frame(PNG), decode_frame(encoded(gradient(), compress_level=0)))
    assert not is_same(decode_frame(PNG), decode_frame(encoded(other)))
    black, turned = (decode_frame(encoded(Image.new("RGB", size))) for size in ((60, 40), (40, 60)))
    assert not is_same(black, turned)
    assert is_same(decode_frame(samples.animated()), decode_frame(PNG)), "the first image of an animation"


def test_large_frames_have_one_digest_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    body = encoded(gradient(40, 700))
    whole = decode_frame(body)
    monkeypatch.setattr(decode, "_ROWS_AT_ONCE", 99)
    assert decode_frame(body) == whole


def _speckled(bright: int) -> Image.Image:
    image = Image.new("RGB", (100, 100), (12, 12, 14))
    for number in range(bright):
        image.putpixel((number * 7 % 100, number * 13 % 100), (255, 255, 255))
    return image


def _with_a_word() -> Image.Image:
    image = Image.new("RGB", (640, 360))
    ImageDraw.Draw(image).text((300, 170), "soon", fill="white")
    return image


@pytest.mark.parametrize(
    ("image", "black"),
    [
        (Image.new("RGB", (64, 64)), True),
        (Image.new("RGB", (64, 64), (32, 32, 32)), True),
        (Image.new("RGB", (64, 64), (33, 33, 33)), False),
        (Image.new("RGB", (64, 64), (0, 0, 255)), False),
        (_speckled(1), True),
        (_speckled(2), False),
        (_with_a_word(), False),
        (gradient(), False),
    ],
    ids=["black", "32", "33", "blue", "1-of-10000", "2-of-10000", "word", "gradient"],
)
def test_black_is_where_all_but_one_in_ten_thousand_pixels_are(image: Image.Image, black: bool) -> None:
    assert is_black(decode_frame(encoded(image))) is black


def test_without_pillow_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(VideosnapError, match=r"needs Pillow.*pip install 'pulumi-videosnap\[frames\]'"):
        decode_frame(JPEG)


def test_threads_may_decode_at_once_and_others_keep_their_warnings() -> None:
    before = list(warnings.filters)
    with ThreadPoolExecutor(16) as threads:
        assert [*threads.map(decode_frame, [JPEG] * 16)] == [decode_frame(JPEG)] * 16
    assert list(warnings.filters) == before
