"""A gate that opens once pictures are there, and what a program learns of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.core.properties import dotted
from pulumi_videosnap.errors import TaskUnfinished
from pulumi_videosnap.frames.ready import FramesReadyLifecycle
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location
from support.cli import Project
from support.emulator import Emulator

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
GATE = {
    "platform": "tos",
    "bucket": "frames",
    "region": "cn-beijing",
    "since": "2026-05-01T12:00:00Z",
    "count": 2.0,
}


class Growing:
    """A bucket that gets a picture with every look."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.looks = 0
        self.slept = 0.0

    def open(self, place: Location) -> Growing:
        assert place.bucket == "frames"
        return self

    def list(
        self, prefix: str | None = None, *, progress: Callable[[int], None] | None = None
    ) -> Iterator[StoredObject]:
        self.looks += 1
        for number, key in enumerate(self.keys[: self.looks]):
            yield StoredObject(key, 1000, NOON + timedelta(seconds=number))

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def monotonic(self) -> float:
        return self.slept


def gate(bucket: Growing, said: list[str] | None = None) -> FramesReadyLifecycle:
    context = Context(progress=(said if said is not None else []).append)
    return FramesReadyLifecycle(context, bucket.open, monotonic=bucket.monotonic, sleep=bucket.sleep)


def test_it_opens_when_enough_are_there_and_says_how_far_it_is() -> None:
    bucket, said = Growing("a/1.jpg", "a/notes.txt", "a/2.jpg", "a/3.jpg"), list[str]()
    created = gate(bucket, said).create(GATE)
    assert created.outputs["frames"] == ["a/1.jpg", "a/2.jpg"]
    assert bucket.looks == 3
    assert said == ["1 of 2 pictures after 0 s", "1 of 2 pictures after 2 s"]


def test_older_pictures_do_not_count() -> None:
    bucket = Growing("a/1.jpg", "a/2.jpg", "a/3.jpg")
    created = gate(bucket).create({**GATE, "since": "2026-05-01T12:00:01Z"})
    assert created.outputs["frames"] == ["a/2.jpg", "a/3.jpg"]


def test_a_jobs_pictures_are_waited_for_by_name() -> None:
    bucket = Growing("o_2.jpg", "o_9.jpg", "o_1.jpg")
    created = gate(bucket).create({**GATE, "keys": ["o_1.jpg", "o_2.jpg"], "since": None})
    assert created.outputs["frames"] == ["o_2.jpg", "o_1.jpg"]


def test_it_gives_up_in_time() -> None:
    bucket = Growing("a/1.jpg")
    with pytest.raises(TaskUnfinished, match="waiting for 2 pictures in frames is still at 1 after 9 s"):
        gate(bucket).create({**GATE, "timeout": 9})
    assert bucket.slept == 9


def test_once_open_it_stays_open_and_calls_nothing() -> None:
    bucket = Growing("a/1.jpg", "a/2.jpg")
    created = gate(bucket).create(GATE)
    looks = bucket.looks
    found = gate(bucket).read(created.id, created.outputs)
    assert isinstance(found, Present)
    assert "frames" not in found.inputs
    assert gate(bucket).diff(created.outputs, found.inputs) == []
    assert gate(bucket).update(created.id, created.outputs, {**found.inputs, "timeout": 7})["timeout"] == 7
    gate(bucket).delete(created.id, created.outputs)
    assert bucket.looks == looks


def test_another_run_of_the_task_is_another_gate() -> None:
    created = gate(Growing("a/1.jpg", "a/2.jpg")).create(GATE)
    later = {**GATE, "since": "2026-05-01T13:00:00Z"}
    inputs = gate(Growing()).check(later).inputs
    assert [dotted(path) for path in gate(Growing()).diff(created.outputs, inputs)] == ["since"]


@pytest.mark.parametrize(
    ("change", "refused"), [({"count": 0}, "count"), ({"timeout": 0}, "timeout"), ({"bucket": ""}, "bucket")]
)
def test_bad_input_is_refused_with_its_field(change: dict[str, object], refused: str) -> None:
    [failure] = gate(Growing()).check({**GATE, **change}).failures
    assert dotted(failure.path) == refused


PROGRAM = """\
import pulumi
from pulumi_videosnap import alibaba, frames, volcengine

lobby = volcengine.SnapshotTask(
    "lobby", app_id="{app}", room_id="Room1", frame_prefix="{app}/",
    storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}},
)
place = {{"location": "oss-cn-hangzhou", "bucket": "frames"}}
stills = alibaba.SnapshotJob(
    "stills", input={{**place, "bucket": "media", "object": "input.mp4"}},
    snapshot_config={{"output_file": {{**place, "object": "{app}-{{Count}}.jpg"}}, "time": 0, "num": 1}},
)
first = frames.FramesReady("first", task=lobby, count=2, timeout=60)
job = frames.FramesReady("job", task=stills)
pulumi.export("first", first.frames)
pulumi.export("job", job.frames)
pulumi.export("all", first.frames.apply(lambda _: frames.of(lobby)))
pulumi.export("stills", frames.of(stills))
"""


@pytest.mark.engine
def test_a_program_waits_for_pictures_and_names_them(tmp_path: Path, emulator: Emulator, app: str) -> None:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project = Project(tmp_path, PROGRAM.format(app=app), emulator.environment)
    project.preview().ok()
    project.up().ok()
    told = project.outputs()
    assert len(told["first"]) == 2
    assert sorted(told["all"]) == sorted(told["first"])
    assert told["job"] == told["stills"] == [f"{app}-00001.jpg"]
    project.up("--expect-no-changes").ok()
    assert project.run("refresh", "--yes", "--skip-preview").ok()
    project.destroy().ok()
