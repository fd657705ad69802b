"""Reports for the contact sheet, bodies of frames, and of objects that pretend to be one."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from pulumi_videosnap.frames.contact_sheet import as_html
from pulumi_videosnap.frames.decode import decode_frame
from pulumi_videosnap.frames.model import (
    Condition,
    DecodedFrame,
    Event,
    Frame,
    FramesReport,
    Series,
    TaskFrames,
)
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location
from support.data import load
from videosnap_emulator.media import samples as sample

NOON = datetime(2026, 8, 4, 12, tzinfo=timezone.utc)
INTERVAL = 5
FOLDER = "661e64d2a7ac3d0176bd3f20/Room1/shop.dev.lobby"
DISTINCT = 4
"""Frames that are drawn of each video; then they repeat."""

HOSTILE_KEYS: list[str] = load("frames/hostile_keys.json")


@cache
def _drawing(name: str) -> Callable[[int], Image.Image]:
    return sample.drawing(sample.SAMPLES[name])


@cache
def snapshot(name: str, number: int) -> tuple[bytes, DecodedFrame]:
    """A frame of a sample video: its bytes, and what decoding shows."""
    body = encoded(_drawing(name)(number % DISTINCT * 24), "JPEG", quality=85)
    return body, decode_frame(body)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


COVERED = decode_frame(encoded(Image.new("RGB", (640, 360), (4, 4, 6)), "JPEG"))


def live(name: str, number: int, interval: int = INTERVAL) -> Frame:
    """A frame of a room, in its place."""
    body, decoded = snapshot(name, number)
    due = NOON + timedelta(seconds=number * interval)
    key, written = f"{FOLDER}/{name}/{due:%Y%m%d%H%M%S}000.jpg", due + timedelta(milliseconds=240)
    stored = StoredObject(key, len(body), written, "9b2cf535f27731c9")
    return Frame(Condition.PRESENT, key=key, due=due, stored=stored, decoded=decoded)


ODD: dict[Condition, tuple[str, dict[str, Any]]] = {
    Condition.MISSING: ("nothing was written; one is due every 5 s", {"stored": None, "decoded": None}),
    Condition.UNREADABLE: ("not a frame: truncated", {"decoded": None}),
    Condition.DUPLICATE: ("every pixel equals the frame before", {}),
    Condition.BLACK: ("nothing but black", {"decoded": COVERED}),
}
"""What a report says of such a frame, and how it differs from a good one."""


def odd(frame: Frame, condition: Condition) -> Frame:
    why, changes = ODD[condition]
    return replace(frame, condition=condition, why=why, **changes)


def late(frame: Frame) -> Frame:
    assert frame.stored
    stored = replace(frame.stored, modified=frame.stored.modified + timedelta(seconds=3.4))
    return replace(frame, condition=Condition.LATE, stored=stored, why="written 3.6 s after its time")


def room(count: int) -> TaskFrames:
    """Two streams, a restart with a gap before it, and one of each thing that can be the matter."""
    series = tuple(
        Series(name, tuple(_changed(live(name, number), number, count) for number in range(part)))
        for name, part in (("camera0", count - count // 2), ("camera1", count // 2))
    )
    place = Location("tos", "frames", "cn-beijing", FOLDER + "/")
    notes = ("Two tasks store into this bucket below one prefix: a frame of the other may be counted.",)
    life = events(count // 2)
    return TaskFrames("lobby", "live room", FOLDER, place, series, life, count, notes=notes)


def _changed(frame: Frame, number: int, count: int) -> Frame:
    gap = range(count // 5, count // 5 + max(1, count // 60))
    conditions = {3: Condition.DUPLICATE, count // 3: Condition.BLACK, count // 3 + 1: Condition.UNREADABLE}
    condition = Condition.MISSING if number in gap else conditions.get(number)
    if condition:
        return odd(frame, condition)
    return late(frame) if number == 1 else frame


def events(last: int) -> tuple[Event, ...]:
    """A life with an interruption, up to the frame `last`."""

    def at(share: float) -> datetime:
        return NOON + timedelta(seconds=round(last * share) * INTERVAL)

    gap = f"stopped {at(0.4):%H:%M:%S} to {at(0.45):%H:%M:%S}, StopByAPI"
    return (
        Event(NOON, "start", "started, every 5 s"),
        Event(at(0.25), "interval", "every 10 s instead of 5 s"),
        Event(at(0.4), "gap", gap, until=at(0.45)),
        Event(at(0.45), "restart", "started again, every 10 s"),
        Event(at(1), "end", "ended: IdleTimeOut"),
    )


def job(count: int) -> TaskFrames:
    """Stills of a video, all there; two of them are the same, since the video stands still."""

    def still(number: int) -> Frame:
        body, decoded = snapshot("screen0", number)
        key = f"stills/output_{number + 1:05d}.jpg"
        stored = StoredObject(key, len(body), NOON + timedelta(minutes=4), "1f3870be274f6c49")
        frame = Frame(Condition.PRESENT, key, offset_ms=2000 * number, stored=stored, decoded=decoded)
        return odd(frame, Condition.DUPLICATE) if number == 1 else frame

    series = Series("frames", tuple(map(still, range(count))))
    place = Location("oss", "frames", "oss-cn-hangzhou", "stills/")
    ended = Event(NOON + timedelta(minutes=4), "end", "finished: Success")
    job_id = "88c6ca184c0e47098a5b665e2a126797"
    return TaskFrames("stills", "video file", job_id, place, (series,), (ended,), count)


def unread() -> TaskFrames:
    problem = "AccessDenied: the key pair may not list the bucket archive; give it oss:ListObjects"
    return TaskFrames("archive", "video file", "9a31", Location("oss", "archive"), problem=problem)


def story(count: int) -> FramesReport:
    """A stack of three tasks with so many frames."""
    stills = count // 6
    tasks = (room(count - stills), job(stills), unread())
    return FramesReport("shop.dev", NOON + timedelta(minutes=30), tasks, verified=True)


def hostile() -> FramesReport:

    def frame(number: int, key: str) -> Frame:
        plain = live("camera0", number)
        assert plain.stored
        stored = replace(plain.stored, key=key)
        return replace(plain, key=key, stored=stored, condition=Condition.LATE, why=key)

    frames = tuple(frame(number, key) for number, key in enumerate(HOSTILE_KEYS))
    series = tuple(Series(key, (frames[number],)) for number, key in enumerate(HOSTILE_KEYS))

    def task(key: str) -> TaskFrames:
        place, gap = Location(key, key, key, key), Event(NOON, "gap", key)
        return TaskFrames(key, key, key, place, events=(gap,), problem=key, notes=(key,))

    every = TaskFrames("all", "k", "i", None, (Series("mixed", frames), *series), expected=3)
    return FramesReport(HOSTILE_KEYS[0], NOON, (every, *map(task, HOSTILE_KEYS)))


@cache
def sheet(of: str | int) -> str:
    """The contact sheet of so many frames, or of hostile names."""
    return as_html(hostile() if of == "hostile" else story(int(of)))


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def png_bomb(width: int, height: int) -> bytes:
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
    white = Image.new("RGB", (96, 64), "white")
    return encoded(gradient(), save_all=True, append_images=[white], duration=50)
