"""The services without HTTP: worker threads of MPS, determinism and frames of RTC, bad state."""

import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timezone
from hashlib import sha256
from itertools import count
from random import Random
from typing import Any, cast
from unittest import mock

import pytest
from platformdirs import user_cache_path

from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, texts
from videosnap_emulator.core.clock import Clock, Pace
from videosnap_emulator.core.persistence import SqliteStore
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import Context, HttpRequest
from videosnap_emulator.media import samples
from videosnap_emulator.media.video import decode_frame
from videosnap_emulator.services.mps.api import MpsService
from videosnap_emulator.services.mps.models import Readings, RenderedObject, SnapshotConfig, SnapshotResult
from videosnap_emulator.services.mps.requests import parse_config
from videosnap_emulator.services.mps.rpc import JsonObject, MpsRequest
from videosnap_emulator.services.rtc.api import RtcService
from videosnap_emulator.services.rtc.backend import RtcBackend
from videosnap_emulator.services.rtc.capture import FrameCapturer, FrameFormat, SampleRenderer
from videosnap_emulator.services.rtc.models import ImageSettings, StartRequest, Storage, Stream, TaskKey
from videosnap_emulator.storage.store import StoredObject

START = 1_700_000_000_123


class MemoryStore:
    """A store in which every input and every bucket exists."""

    def __init__(self) -> None:
        #: The digest, metadata and time of each object.
        self.written: dict[str, tuple[str, dict[str, str], datetime]] = {}
        self.reads = 0

    def make_bucket(self, bucket: str) -> None: ...

    def watch(self, _arrived: object) -> None: ...

    def etag(self, _bucket: str, _key: str) -> str:
        return "1"

    def get(self, _bucket: str, _key: str) -> StoredObject:
        self.reads += 1
        return StoredObject(b"video", "video/mp4", {}, datetime.fromtimestamp(0, timezone.utc))

    def put(
        self, _bucket: str, key: str, body: bytes, _type: str, metadata: dict[str, str], at: datetime
    ) -> None:
        self.written[key] = sha256(body).hexdigest(), metadata, at


def options(*arguments: str) -> Any:
    parser = ArgumentParser()
    MpsService.add_options(parser)
    return parser.parse_args(arguments)


class Scene:
    """The service with a renderer that the test controls."""

    def __init__(self, database: SqliteStore) -> None:
        self.time, self.store = START, MemoryStore()
        self.go, self.taken = threading.Event(), 0
        self.outcome: Callable[[SnapshotConfig], SnapshotResult] = one_frame
        self.scheduler = Scheduler(Clock(lambda: self.time, Pace.REAL), database)
        context = Context(self.scheduler, self.store, mock.Mock(), options())  # type: ignore[arg-type]
        ids = count(1)
        self.service = MpsService(context, self.take, lambda: f"{next(ids):032x}")
        self.scheduler.start([self.service])

    def take(self, config: SnapshotConfig, *_: object) -> SnapshotResult:
        assert self.go.wait(10)
        self.taken += 1
        return self.outcome(config)

    def call(self, action: str, **own: Any) -> Any:
        pairs = {"Action": action, "Version": "2014-06-18", **texts(own)}
        request = MpsRequest.parse(HttpRequest("GET", "/", "", {}, b""), "id")
        request.action, request.own = action, pairs
        return self.service.run(request)

    def submit(self, config: Json = SEQUENCE) -> None:
        self.call("SubmitSnapshotJob", Input=INPUT, SnapshotConfig=config)

    def job(self) -> Json:
        jobs: list[Json] = self.call("QuerySnapshotJobList")["SnapshotJobList"]["SnapshotJob"]
        return jobs[0]

    def run(self, config: Json = SEQUENCE) -> Json:
        """Submit a job and let it end."""
        self.go.set()
        self.submit(config)
        self.scheduler.advance(1000)
        return self.job()

    def ended(self) -> Json:
        """The job once its thread is done, without moving the clock."""
        self.scheduler.tick(wait=True)
        return self.job()


def one_frame(config: SnapshotConfig) -> SnapshotResult:
    output = config.output
    frame = RenderedObject("picture", output.bucket, output.key, "image/jpeg", 1, 64, 36, 0, 0, b"x")
    return SnapshotResult((frame,), count=1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with closing(SqliteStore(None)) as database:
        made = Scene(database)
        yield made
        made.go.set()
        made.service.close()


def test_an_api_call_does_not_wait_for_frames(scene: Scene) -> None:
    scene.submit()
    scene.time += 60_000
    assert scene.job()["State"] == "Snapshoting", "due, but its frames are not ready"
    scene.go.set()
    assert scene.ended()["State"] == "Success"
    metadata = scene.store.written["shot_{Count}.jpg"][1]
    assert metadata["captured-at"] == "2023-11-14T22:13:21.123Z", "when it was due, not when it was ready"


def test_the_same_job_is_rendered_once_and_an_input_is_read_once(scene: Scene) -> None:
    for config in (*[SEQUENCE] * 5, {**SEQUENCE, "Time": 1}):
        scene.run(config)
    assert (scene.taken, scene.store.reads) == (2, 1)


def test_a_bug_fails_its_job_and_nothing_else(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.outcome = mock.Mock(side_effect=RuntimeError("a bug"))
    job = scene.run()
    assert (job["State"], job["Code"]) == ("Fail", "InternalError")
    assert job["Message"] == "The operation has failed due to some unknown error, exception or failure."
    assert "a bug" in caplog.text
    scene.outcome = one_frame
    assert scene.run({**SEQUENCE, "Time": 1})["State"] == "Success"


def test_a_synchronous_call_holds_up_only_itself(scene: Scene) -> None:
    thread = threading.Thread(target=scene.submit, args=(SINGLE,))
    thread.start()
    assert scene.call("QuerySnapshotJobList") == {"SnapshotJobList": {"SnapshotJob": []}}
    scene.go.set()
    thread.join(timeout=60)
    assert scene.job()["State"] == "Success"


def readings(*arguments: str) -> Readings:
    pairs = (one for name in arguments for one in ("--mps-reading", name))
    context = Context(mock.Mock(), mock.Mock(), mock.Mock(), options(*pairs))
    return MpsService(context).readings


def test_the_other_reading_of_two_documents() -> None:
    assert readings() == Readings()
    both = readings("frame-type=normal", "interval=average")
    assert both == Readings("normal", "average")
    assert readings("interval=average", "interval=ten-seconds") == Readings()
    config = JsonObject(dict(SEQUENCE), "SnapshotConfig")
    assert [parse_config(config, one).frame_type for one in (Readings(), both)] == ["intra", "normal"]
    given = JsonObject({**SEQUENCE, "FrameType": "intra"}, "SnapshotConfig")
    assert parse_config(given, both).frame_type == "intra"


LIBRARY = samples.Library(user_cache_path("videosnap-emulator"))
RENDERER = SampleRenderer(LIBRARY)


class World:
    """The RTC service without HTTP, in front of objects in memory."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = MemoryStore()
        self.scheduler = Scheduler(Clock(lambda: START, Pace.MANUAL), store)
        service = RtcService.__new__(RtcService)
        service.backend = self.backend = RtcBackend(
            self.scheduler, FrameCapturer(cast(Any, self.store), RENDERER)
        )
        self.scheduler.start([service])

    def outcome(self) -> object:
        with self.scheduler.transaction() as now:
            tasks = [asdict(task) for task in self.backend.tasks.values()]
            return now, tasks, list(self.backend.frames.values()), self.store.written


def request(name: str, interval: int, *users: str, idle: int = 180) -> StartRequest:
    streams = tuple(Stream(user, index) for index, user in enumerate(users))
    image, storage = ImageSettings(interval=interval), Storage("tos", "frames")
    return StartRequest(TaskKey("a", "r", name), image, storage, "", streams, idle)


@pytest.fixture
def worlds() -> Iterator[tuple[World, World]]:
    """Two worlds with the same tasks."""
    with closing(SqliteStore(None)) as one, closing(SqliteStore(None)) as other:
        made = World(one), World(other)
        for world in made:
            world.backend.start(request("one", 7))
            world.backend.start(request("two", 3, "user1", "ghost"))
            world.backend.start(request("idle", 2, "ghost", idle=61))
        yield made


@pytest.mark.parametrize("seed", range(5))
def test_any_split_of_time_gives_the_same_state(worlds: tuple[World, World], seed: int) -> None:
    whole, parts = worlds
    whole.scheduler.advance(300_000)
    random, left = Random(seed), 300_000
    while left:
        step = min(left, random.choice([1, 40, 999, 1000, 7000, 61_000, random.randrange(50_000)]))
        parts.scheduler.advance(step)
        left -= step
    assert whole.outcome() == parts.outcome()
    assert len(whole.store.written) == 2 * 43 + 101


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
