"""Determinism, whatever the way in which time passes, and what a data directory brings back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from platformdirs import user_cache_path

from support.emulator import running_emulator
from videosnap_emulator.core.clock import Clock, Pace
from videosnap_emulator.core.persistence import SqliteStore, StateError
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.media import samples
from videosnap_emulator.media.video import decode_frame
from videosnap_emulator.services.rtc.api import RtcService
from videosnap_emulator.services.rtc.backend import RtcBackend
from videosnap_emulator.services.rtc.capture import FrameCapturer, FrameFormat, SampleRenderer
from videosnap_emulator.services.rtc.models import (
    ImageSettings,
    RoomKey,
    StartRequest,
    Storage,
    Stream,
    TaskKey,
)
from videosnap_emulator.storage.store import NoSuchBucketError

DATA = Path(__file__).parents[2] / "data" / "emulator"
START = 1_700_000_000_123
LIBRARY = samples.Library(user_cache_path("videosnap-emulator"))
RENDERER = SampleRenderer(LIBRARY)


class Memory:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, str, datetime]] = {}

    def make_bucket(self, bucket: str) -> None: ...

    def put(
        self, bucket: str, key: str, body: bytes, _type: str, metadata: dict[str, str], modified: datetime
    ) -> None:
        if bucket == "nowhere":
            raise NoSuchBucketError(bucket)
        assert key not in self.objects
        self.objects[key] = sha256(body).hexdigest(), str(metadata), modified


class World:
    """The RTC service without HTTP, in front of objects in memory."""

    def __init__(self, store: SqliteStore) -> None:
        self.objects = Memory()
        self.scheduler = Scheduler(Clock(lambda: START, Pace.MANUAL), store)
        service = RtcService.__new__(RtcService)
        service.backend = self.backend = RtcBackend(
            self.scheduler, FrameCapturer(cast(Any, self.objects), RENDERER)
        )
        self.scheduler.start([service])

    def outcome(self) -> object:
        with self.scheduler.transaction() as now:
            return now, *self.rows(), self.objects.objects

    def rows(self) -> tuple[list[object], list[object]]:
        backend = self.backend
        return [asdict(task) for task in backend.tasks.values()], list(backend.frames.values())


def request(name: str, interval: int, *users: str, idle: int = 180, bucket: str = "frames") -> StartRequest:
    streams = tuple(Stream(user, index) for index, user in enumerate(users))
    image, storage = ImageSettings(interval=interval), Storage("tos", bucket)
    return StartRequest(TaskKey("a", "r", name), image, storage, "", streams, idle)


def populate(world: World, screen: bool = False) -> None:
    world.backend.start(request("one", 7))
    world.backend.start(request("two", 3, "user1", "ghost"))
    world.backend.start(request("idle", 2, "ghost", idle=61))
    if screen:
        with world.scheduler.transaction() as now:
            room = world.backend.configured_room(RoomKey("a", "r"))
            room.users["user0"].publish("screen", True, now)
            world.backend.replan_room(room, now)


Open = Callable[..., SqliteStore]


@pytest.fixture
def store() -> Iterator[Open]:
    """Open a database, in memory or in a folder; all are closed in the end."""
    with ExitStack() as stack:
        yield lambda folder=None: stack.enter_context(closing(SqliteStore(folder)))


@pytest.mark.parametrize("seed", range(5))
def test_any_split_of_time_gives_the_same_state(store: Open, seed: int) -> None:
    whole, parts = World(store()), World(store())
    populate(whole)
    whole.scheduler.advance(300_000)
    populate(parts)
    random, left = Random(seed), 300_000
    while left:
        step = min(left, random.choice([1, 40, 999, 1000, 7000, 61_000, random.randrange(50_000)]))
        parts.scheduler.advance(step)
        left -= step
    assert whole.outcome() == parts.outcome()
    assert len(whole.objects.objects) == 2 * 43 + 101


def test_a_stored_state_goes_on_and_stands_still_while_down(store: Open, tmp_path: Path) -> None:
    first = store(tmp_path)
    world = World(first)
    populate(world, screen=True)
    world.scheduler.advance(50_000)
    before = world.rows()
    first.close()
    again, straight = World(store(tmp_path)), World(store())
    assert again.rows() == before
    again.scheduler.advance(100_000)
    populate(straight, screen=True)
    straight.scheduler.advance(150_000)
    assert again.rows() == straight.rows()


def test_beyond_the_cap_frames_are_counted(store: Open) -> None:
    world = World(store())
    world.backend.start(request("one", 1, "user0"))
    world.backend.start(request("lost", 1, "user1", bucket="nowhere"))
    world.scheduler.advance(73 * 3600 * 1000)
    assert len(world.objects.objects) <= 2000
    task, now = world.backend.find(TaskKey("a", "r", "one"))
    assert task is not None
    assert task.frames + task.skipped_frames == 73 * 3600 + 1
    assert task.next_frame == now + 1000


def test_a_data_directory_of_an_older_commit_is_read(tmp_path: Path) -> None:
    """As the emulator of commit 390d83b left it, with what its control API showed."""
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "world.sqlite3")) as db:
        db.executescript((DATA / "state-390d83b.sql").read_text())
    expected = json.loads((DATA / "state-390d83b.json").read_text())
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    with running_emulator(tmp_path, *options) as emulator:
        shown = {path: emulator.show(path) for path in expected}
        assert {**shown, "/clock": {"now": shown["/clock"]["now"]}} == expected
        emulator.advance(3600)
        assert emulator.task()["frames"] > expected["/tasks"]["tasks"][1]["frames"]
        assert [job["state"] for job in emulator.show("/jobs")["jobs"]] == ["Success", "Success"]


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE tasks (id INTEGER, body TEXT)", "INSERT INTO tasks VALUES (1, ?)"],
)
def test_a_state_that_does_not_fit_is_refused(store: Open, tmp_path: Path, statement: str) -> None:
    if statement.startswith("INSERT"):
        World(store(tmp_path))
    with closing(sqlite3.connect(tmp_path / "world.sqlite3")) as db, db:
        db.execute(statement, [json.dumps({"odd": 1})] if "?" in statement else [])
    with pytest.raises(StateError, match="use an empty --data-dir"):
        World(store(tmp_path))


def test_frame_boundaries() -> None:
    """Exact where floating-point arithmetic is not."""
    video = LIBRARY.read("camera0")
    for number in [*range(0, samples.FRAMES, 17), samples.FRAMES - 1]:
        at = number * samples.FRAME_MS
        for moment, shown in ((at - 1, number - 1), (at, number), (at + samples.FRAME_MS - 1, number)):
            if shown >= 0:
                assert decode_frame(video, moment).pts_ms == shown * samples.FRAME_MS


def test_the_video_loops_and_frames_are_the_same_each_time() -> None:
    wanted = FrameFormat("jpeg", 320, 0)
    first = RENDERER.frame("camera1", 5_040, wanted)
    later = RENDERER.frame("camera1", 5_079 + 7 * samples.DURATION_MS, wanted)
    assert first == later
    assert (first.source_frame, first.width, first.height) == (126, 320, 360)
