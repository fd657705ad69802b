"""Bodies of frames, and of objects that pretend to be one."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    """An image with something on it."""
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def png_bomb(width: int, height: int) -> bytes:
    """A few bytes that claim to be a huge image."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_bomb(width: int, height: int) -> bytes:
    """A small JPEG whose header was rewritten to huge measures."""
    body = encoded(gradient(), "JPEG")
    start = body.index(b"\xff\xc0") + 5
    return body[:start] + struct.pack(">HH", height, width) + body[start + 4 :]


def many_scans(count: int) -> bytes:
    """A progressive JPEG of moderate size that goes over its pixels again and again."""
    body = encoded(gradient(2000, 2000), "JPEG", progressive=True)
    last = body[body.rindex(b"\xff\xda") : -2]
    return body[:-2] + last * count + body[-2:]


def text_bomb() -> bytes:
    """A PNG whose comment unpacks to 20 MB."""
    body = encoded(gradient())
    comment = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(20_000_000), 9))
    return body[:33] + comment + body[33:]


def animated() -> bytes:
    """A PNG of two images, the second one white."""
    white = Image.new("RGB", (96, 64), "white")
    return encoded(gradient(), save_all=True, append_images=[white], duration=50)
