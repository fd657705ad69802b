"""Frames are taken on worker threads: no other call waits for them, and a bug stays with its job."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timezone
from itertools import count
from typing import Any
from unittest import mock

import pytest

from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, ref, texts
from videosnap_emulator.core.clock import Clock, Pace
from videosnap_emulator.core.persistence import SqliteStore
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import ApiError, Context, HttpRequest
from videosnap_emulator.services.mps.api import MpsService
from videosnap_emulator.services.mps.errors import content_bad
from videosnap_emulator.services.mps.models import Readings, RenderedObject, SnapshotConfig, SnapshotResult
from videosnap_emulator.services.mps.requests import parse_config
from videosnap_emulator.services.mps.rpc import JsonObject, MpsRequest
from videosnap_emulator.storage.store import NoSuchBucketError, StoredObject

START = 1_700_000_000_123


class MemoryStore:
    """A store in which every input exists, and of buckets `frames`."""

    def __init__(self) -> None:
        self.written: dict[str, dict[str, str]] = {}
        self.reads = 0

    def etag(self, _bucket: str, _key: str) -> str:
        return "1"

    def get(self, _bucket: str, _key: str) -> StoredObject:
        self.reads += 1
        return StoredObject(b"video", "video/mp4", {}, datetime.fromtimestamp(0, timezone.utc))

    def put(
        self, bucket: str, key: str, _body: bytes, _type: str, metadata: dict[str, str], _at: Any
    ) -> None:
        if bucket != "frames":
            raise NoSuchBucketError(bucket)
        self.written[key] = metadata


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
    metadata = scene.store.written["shot_{Count}.jpg"]
    assert metadata["captured-at"] == "2023-11-14T22:13:21.123Z", "when it was due, not when it was ready"


def test_moving_the_clock_waits_for_frames(scene: Scene) -> None:
    scene.submit()
    threading.Timer(0.05, scene.go.set).start()
    scene.scheduler.advance(1000)
    assert scene.job()["State"] == "Success"


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


def test_what_cannot_be_rendered_fails_with_its_own_words(scene: Scene) -> None:
    scene.outcome = mock.Mock(side_effect=content_bad())
    job = scene.run()
    assert (job["Code"], job["Message"]) == (content_bad().code, content_bad().message)
    with pytest.raises(ApiError, match="is bad") as caught:
        scene.submit(SINGLE)
    assert (caught.value.code, caught.value.status) == ("InvalidParameter.ResourceContentBad", 400)


def test_a_synchronous_call_holds_up_only_itself(scene: Scene) -> None:
    thread = threading.Thread(target=scene.submit, args=(SINGLE,))
    thread.start()
    assert scene.call("QuerySnapshotJobList") == {"SnapshotJobList": {"SnapshotJob": []}}
    scene.go.set()
    thread.join()
    assert scene.job()["State"] == "Success"


def test_a_job_forgotten_while_it_runs_writes_nothing(scene: Scene) -> None:
    scene.submit()
    scene.time += 700
    assert scene.job()["State"] == "Snapshoting"
    forget = next(one for one in scene.service.control_routes() if one.method == "DELETE")
    forget.run(mock.Mock(path_params={"job": scene.job()["Id"]}), None)
    scene.go.set()
    scene.scheduler.advance(1000)
    assert scene.store.written == {}


def test_a_missing_bucket_leaves_no_half_of_a_job(scene: Scene) -> None:
    job = scene.run({**SEQUENCE, "OutputFile": ref("{Count}.jpg", "elsewhere")})
    assert job["Code"] == "InvalidParameter.ResourceNotFound"
    assert scene.store.written == {}


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


@pytest.mark.parametrize(
    "arguments",
    [("--mps-reading", "frame-type"), ("--mps-reading", "interval=5"), ("--job-seconds", "-1")],
    ids=" ".join,
)
def test_bad_options_are_refused(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*arguments)
    assert arguments[1] in capsys.readouterr().err
