"""Reports to make sheets of: frames of the emulator's sample videos, and something of all that can happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from io import BytesIO

from PIL import Image

from pulumi_videosnap.frames.model import Condition, Event, Frame, Picture, Report, Series, TaskFrames
from pulumi_videosnap.frames.pictures import look
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location
from videosnap_emulator.media import samples as sample

NOON = datetime(2026, 8, 4, 12, tzinfo=timezone.utc)
INTERVAL = 5
FOLDER = "661e64d2a7ac3d0176bd3f20/Room1/shop.dev.lobby"
DISTINCT = 12
"""So many pictures are drawn of each video, and then used again."""

HOSTILE_KEYS = (
    "<img src=x onerror=alert(1)>.jpg",
    "</li></script><script>alert(2)</script>",
    '" onmouseover="alert(3)',
    "../../../../etc/passwd",
    "a\x00b\x1b[31m\r\nc\x7f.jpg",
    "k" * 1000,
    "invoice\u202egpj.exe",
    "{{ 7 * 7 }}${1+1}",
    "javascript:alert(4)",
    "שלום/مرحبا.jpg",
)

Change = Callable[[Frame], Frame]


@cache
def _drawing(name: str) -> Callable[[int], Image.Image]:
    return sample.drawing(sample.SAMPLES[name])


@cache
def snapshot(name: str, number: int) -> tuple[bytes, Picture]:
    """A frame of a sample video, as it is stored and as it is told."""
    file = BytesIO()
    _drawing(name)(number % DISTINCT * 24).save(file, "JPEG", quality=85)
    return file.getvalue(), look(file.getvalue())


@cache
def covered() -> Picture:
    """What a covered camera shows."""
    file = BytesIO()
    Image.new("RGB", (640, 360), (4, 4, 6)).save(file, "JPEG")
    return look(file.getvalue())


def live(name: str, number: int, interval: int = INTERVAL) -> Frame:
    """A frame of a room, in its place."""
    body, picture = snapshot(name, number)
    due = NOON + timedelta(seconds=number * interval)
    stored = StoredObject(
        f"{FOLDER}/{name}/{due:%Y%m%d%H%M%S}000.jpg",
        len(body),
        due + timedelta(milliseconds=240),
        "9b2cf535f27731c9",
    )
    return Frame(Condition.PRESENT, key=stored.key, due=due, stored=stored, picture=picture)


def missing(frame: Frame) -> Frame:
    return replace(
        frame, condition=Condition.MISSING, stored=None, picture=None, why="nothing was stored for this time"
    )


def late(frame: Frame) -> Frame:
    assert frame.stored
    stored = replace(frame.stored, modified=frame.stored.modified + timedelta(seconds=3.4))
    return replace(frame, condition=Condition.LATE, stored=stored, why="3.6 s after its time")


def unreadable(frame: Frame) -> Frame:
    why = "truncated: it ends before the picture does"
    return replace(frame, condition=Condition.UNREADABLE, picture=None, why=why)


def duplicate(frame: Frame) -> Frame:
    return replace(frame, condition=Condition.DUPLICATE, why="each pixel equals the frame before")


def black(frame: Frame) -> Frame:
    why = "all but one in a thousand pixels are black"
    return replace(frame, condition=Condition.BLACK, picture=covered(), why=why)


def room(count: int) -> TaskFrames:
    """Two streams, a restart with a gap before it, and one of each thing that can be the matter."""
    series = tuple(
        Series(name, tuple(_changed(live(name, number), number, count) for number in range(part)))
        for name, part in (("camera0", count - count // 2), ("camera1", count // 2))
    )
    return TaskFrames(
        name="lobby",
        kind="volcengine.SnapshotTask",
        id="661e64d2a7ac3d0176bd3f20/Room1/shop.dev.lobby",
        place=Location("tos", "frames", "cn-beijing", FOLDER + "/"),
        series=series,
        events=events(count // 2),
        expected=count,
        notes=("Two tasks store into this bucket below one prefix: a frame of the other may be counted.",),
    )


def _changed(frame: Frame, number: int, count: int) -> Frame:
    gap = range(count // 5, count // 5 + max(1, count // 60))
    changes: dict[int, Change] = {1: late, 3: duplicate, count // 3: black, count // 3 + 1: unreadable}
    change = missing if number in gap else changes.get(number)
    return change(frame) if change else frame


def events(last: int) -> tuple[Event, ...]:
    """A life with an interruption, up to the frame `last`."""

    def at(share: float) -> datetime:
        return NOON + timedelta(seconds=round(last * share) * INTERVAL)

    return (
        Event(NOON, "start", "started, a frame every 5 s"),
        Event(at(0.25), "interval", "every 10 s instead of every 5 s"),
        Event(at(0.4), "gap", "no frame of any stream for 15 s", until=at(0.45)),
        Event(at(0.45), "restart", "started again after IdleTimeOut"),
        Event(at(1), "end", "ended: StopByAPI"),
    )


def job(count: int) -> TaskFrames:
    """Stills of a video, all there; two of them are the same, since the video stands still."""

    def still(number: int) -> Frame:
        body, picture = snapshot("screen0", number)
        stored = StoredObject(
            f"stills/output_{number + 1:05d}.jpg", len(body), NOON + timedelta(minutes=4), "1f3870be274f6c49"
        )
        frame = Frame(Condition.PRESENT, stored.key, offset_ms=2000 * number, stored=stored, picture=picture)
        return duplicate(frame) if number == 1 else frame

    series = Series("pictures", tuple(map(still, range(count))))
    place = Location("oss", "frames", "oss-cn-hangzhou", "stills/")
    ended = Event(NOON + timedelta(minutes=4), "end", "finished: Success")
    return TaskFrames(
        "stills", "alibaba.SnapshotJob", "88c6ca184c0e47098a5b665e2a126797", place, (series,), (ended,), count
    )


def unread() -> TaskFrames:
    problem = "AccessDenied: the key pair may not list the bucket archive; give it oss:ListObjects"
    return TaskFrames("archive", "alibaba.SnapshotJob", "9a31", Location("oss", "archive"), problem=problem)


def story(count: int) -> Report:
    """A stack of three tasks with so many frames."""
    stills = count // 6
    tasks = (room(count - stills), job(stills), unread())
    return Report("shop.dev", NOON + timedelta(minutes=30), tasks, verified=True)


def hostile() -> Report:
    """Names and keys that try to be something else."""

    def frame(number: int, key: str) -> Frame:
        plain = live("camera0", number)
        assert plain.stored
        return replace(
            plain, key=key, stored=replace(plain.stored, key=key), condition=Condition.LATE, why=key
        )

    frames = tuple(frame(number, key) for number, key in enumerate(HOSTILE_KEYS))
    series = tuple(Series(key, (frames[number],)) for number, key in enumerate(HOSTILE_KEYS))
    tasks = [
        TaskFrames(
            key,
            key,
            key,
            Location(key, key, key, key),
            problem=key,
            notes=(key,),
            events=(Event(NOON, "gap", key),),
        )
        for key in HOSTILE_KEYS
    ]
    every = TaskFrames("all", "k", "i", None, (Series("mixed", frames), *series), expected=3)
    return Report(HOSTILE_KEYS[0], NOON, (every, *tasks))
