"""Pictures are cut beside the world: nobody waits for them who did not ask, and a bug stays with its job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from itertools import count
from typing import Any
from unittest import mock

import pytest
from videosnap_emulator.alibaba_mps.actions import Actions
from videosnap_emulator.alibaba_mps.book import JobPace
from videosnap_emulator.alibaba_mps.config import CannotCut, Shots, SnapshotConfig, Written
from videosnap_emulator.alibaba_mps.darkroom import Darkroom
from videosnap_emulator.alibaba_mps.processing import Processing
from videosnap_emulator.alibaba_mps.readings import Readings

from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, ref, texts
from videosnap_emulator.clock import Clock, Pace
from videosnap_emulator.keep import Keep
from videosnap_emulator.rounds import Photographer
from videosnap_emulator.store import NoSuchBucket, StoredObject
from videosnap_emulator.wire import ApiError
from videosnap_emulator.world import World

START = 1_700_000_000_123


class Memory:
    """A store in which every input exists, and of buckets `frames`."""

    def __init__(self) -> None:
        self.written: dict[str, dict[str, str]] = {}
        self.read = 0

    def etag(self, bucket: str, key: str) -> str:
        return "1"

    def get(self, bucket: str, key: str) -> StoredObject:
        self.read += 1
        return StoredObject(b"video", "video/mp4", {}, datetime.fromtimestamp(0, timezone.utc))

    def make_bucket(self, bucket: str) -> None: ...

    def put(
        self, bucket: str, key: str, body: bytes, kind: str, metadata: dict[str, str], modified: datetime
    ) -> None:
        if bucket != "frames":
            raise NoSuchBucket(bucket)
        self.written[key] = metadata


class Scene:
    """A world with a cutter that the test holds in its hands."""

    def __init__(self, stack: ExitStack, pace: Pace) -> None:
        self.time, self.store = START, Memory()
        self.go, self.cuts = threading.Event(), 0
        self.outcome: Callable[[SnapshotConfig], Shots] = self.one_picture
        darkroom = Darkroom(self.store, self.cut, Readings())
        stack.callback(darkroom.close)
        self.processing = Processing(self.store, darkroom, JobPace(500, 500))
        keep = stack.enter_context(closing(Keep(None)))
        clock = Clock(lambda: self.time, pace)
        self.world = World(clock, Photographer(self.store, mock.Mock()), keep, self.processing)
        ids = count(1)
        self.actions = Actions(self.world, self.processing, lambda: f"{next(ids):032x}")

    def cut(self, config: SnapshotConfig, input_key: str, video: bytes, readings: Readings) -> Shots:
        assert self.go.wait(10)
        self.cuts += 1
        return self.outcome(config)

    def one_picture(self, config: SnapshotConfig) -> Shots:
        return Shots((Written(config.output.key, b"x", "image/jpeg", 64, 36, 0, 0),), count=1)

    def submit(self, config: Json = SEQUENCE) -> Json:
        answer = self.actions.submit_snapshot_job(texts({"Input": INPUT, "SnapshotConfig": config}))
        return dict(answer["SnapshotJob"])

    def job(self) -> Json:
        jobs: list[Json] = self.actions.query_snapshot_job_list({})["SnapshotJobList"]["SnapshotJob"]
        return jobs[0]

    def settled(self) -> Json:
        """The job once its thread is done; the world is asked, not the clock."""
        for _ in range(1000):
            if self.job()["State"] not in ("Submitted", "Snapshoting"):
                break
            threading.Event().wait(0.005)
        return self.job()


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with ExitStack() as stack:
        made = Scene(stack, getattr(request, "param", Pace.REAL))
        stack.callback(made.go.set)
        yield made


def broken(_config: SnapshotConfig) -> Any:
    raise RuntimeError("a bug")


def test_an_api_call_does_not_wait_for_pictures(scene: Scene) -> None:
    scene.submit()
    scene.time += 60_000
    assert scene.job()["State"] == "Snapshoting", "due, but its pictures are not ready"
    scene.go.set()
    assert scene.settled()["State"] == "Success"
    told = scene.store.written["shot_{Count}.jpg"]
    assert told["captured-at"] == "2023-11-14T22:13:21.123Z", "when it was due, not when it was ready"


def test_moving_the_clock_waits_for_pictures(scene: Scene) -> None:
    scene.submit()
    threading.Timer(0.05, scene.go.set).start()
    scene.world.advance(1000)
    assert scene.job()["State"] == "Success"


def test_the_same_job_is_cut_once_and_an_input_is_read_once(scene: Scene) -> None:
    scene.go.set()
    for _ in range(5):
        scene.submit()
        scene.world.advance(1000)
    scene.submit({**SEQUENCE, "Time": 1})
    scene.world.advance(1000)
    assert (scene.cuts, scene.store.read) == (2, 1)


def test_a_bug_fails_its_job_and_nothing_else(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.go.set()
    scene.outcome = broken
    scene.submit()
    scene.world.advance(1000)
    job = scene.job()
    assert (job["State"], job["Code"]) == ("Fail", "InternalError")
    assert job["Message"] == "The operation has failed due to some unknown error, exception or failure."
    scene.outcome = scene.one_picture
    scene.submit({**SEQUENCE, "Time": 1})
    scene.world.advance(1000)
    assert scene.job()["State"] == "Success"


def test_what_cannot_be_cut_fails_with_its_own_words(scene: Scene) -> None:
    scene.go.set()

    def refuse(_config: SnapshotConfig) -> Any:
        raise CannotCut("InvalidParameter.ResourceContentBad", "bad")

    scene.outcome = refuse
    scene.submit()
    scene.world.advance(1000)
    assert (scene.job()["Code"], scene.job()["Message"]) == ("InvalidParameter.ResourceContentBad", "bad")
    with pytest.raises(ApiError, match="bad") as caught:
        scene.submit(SINGLE)
    assert (caught.value.code, caught.value.status) == ("InvalidParameter.ResourceContentBad", 400)


def test_a_synchronous_call_holds_up_only_itself(scene: Scene) -> None:
    thread = threading.Thread(target=scene.submit, args=(SINGLE,))
    thread.start()
    assert scene.actions.query_snapshot_job_list({}) == {"SnapshotJobList": {"SnapshotJob": []}}
    scene.go.set()
    thread.join()
    assert scene.job()["State"] == "Success"


def test_a_job_forgotten_while_it_runs_writes_nothing(scene: Scene) -> None:
    scene.submit()
    scene.time += 700
    assert scene.job()["State"] == "Snapshoting"
    with scene.world.at_now() as (state, _):
        state.book.forget(next(state.book.newest()))
    scene.go.set()
    scene.world.advance(1000)
    assert scene.store.written == {}


def test_a_missing_bucket_leaves_no_half_of_a_job(scene: Scene) -> None:
    scene.go.set()
    scene.submit({**SEQUENCE, "OutputFile": ref("{Count}.jpg", "elsewhere")})
    scene.world.advance(1000)
    assert scene.job()["Code"] == "InvalidParameter.ResourceNotFound"
    assert scene.store.written == {}
