"""`FramesReady` waits until frames exist, and a program gets their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.core.lifecycle import Context, Created, Gone, Present, ReadOutcome, Unreadable
from pulumi_videosnap.core.properties import Properties, dotted
from pulumi_videosnap.dynamic.resource import program_config
from pulumi_videosnap.errors import TaskUnfinished, VideosnapError
from pulumi_videosnap.frames import ready
from pulumi_videosnap.frames.ready import FramesReadyLifecycle
from pulumi_videosnap.frames.resource import _list_keys, _ready_inputs
from pulumi_videosnap.kinds import kind_by_title
from pulumi_videosnap.settings import Lookup, no_config
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location
from support.cli import Project
from support.data import read
from support.emulator import Emulator
from support.jobs import store_of

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
SINCE = {"since": "2026-05-01T12:00:00Z", "count": 2.0}
INPUTS = {"platform": "tos", "bucket": "frames", "region": "cn-beijing", **SINCE}


class Growing:
    """A bucket that has one more object with every listing."""

    def __init__(self, *keys: str) -> None:
        self.keys, self.listings, self.slept = keys, 0, 0.0

    def open(self, location: Location, config: Lookup = no_config) -> Growing:
        assert location.bucket == "frames"
        self.access = location.profile, config
        return self

    def list(
        self, prefix: str | None = None, *, progress: Callable[[int], None] | None = None
    ) -> Iterator[StoredObject]:
        self.listings += 1
        for number, key in enumerate(self.keys[: self.listings]):
            yield StoredObject(key, 1000, NOON + timedelta(seconds=number))

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def monotonic(self) -> float:
        return self.slept


def lifecycle(
    bucket: Growing, progress: list[str] | None = None, timeout: float = 0.0
) -> FramesReadyLifecycle:
    context = Context(progress=(progress if progress is not None else []).append, timeout=timeout)
    return FramesReadyLifecycle(context, bucket.open, monotonic=bucket.monotonic, sleep=bucket.sleep)


def test_it_waits_until_enough_frames_exist_and_reports_progress() -> None:
    bucket, progress = Growing("a/1.jpg", "a/notes.txt", "a/2.jpg", "a/3.jpg"), list[str]()
    created = lifecycle(bucket, progress).create(INPUTS)
    assert (created.outputs["frames"], bucket.listings) == (["a/1.jpg", "a/2.jpg"], 3)
    assert progress == ["1 of 2 frames after 0 s", "1 of 2 frames after 2 s"]


def test_older_frames_do_not_count() -> None:
    bucket = Growing("a/1.jpg", "a/2.jpg", "a/3.jpg")
    created = lifecycle(bucket).create({**INPUTS, "since": "2026-05-01T12:00:01Z"})
    assert created.outputs["frames"] == ["a/2.jpg", "a/3.jpg"]


KEYS = ("o_00001.jpg", "o_00002.jpg")
JOB = {
    "owner": "proj.dev.stills",
    "input": {"location": "oss-cn-hangzhou", "bucket": "media", "object": "input.mp4"},
    "snapshotConfig": {"outputFile": {"location": "oss-cn-hangzhou", "bucket": "frames", "object": "o"}},
}
RUN = {"kind": "alibaba:SnapshotJob", "id": "88c6", "inputs": JOB}


class Reading(SnapshotJobLifecycle):
    """A job that is as each of a list of readings says, one after the other."""

    def __init__(self, *readings: ReadOutcome | dict[str, object]) -> None:
        self.readings = list(readings)

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        assert (task_id, recorded) == ("88c6", JOB)
        found = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        return Present({}, {**JOB, **found}) if isinstance(found, dict) else found


def wait_for_job(monkeypatch: pytest.MonkeyPatch, bucket: Growing, *readings: Any) -> Created:
    reading = Reading(*readings)
    kind = replace(kind_by_title("video file"), lifecycle=lambda context: reading)
    monkeypatch.setattr(ready, "kinds", lambda: (kind,))
    return lifecycle(bucket).create({**INPUTS, "since": None, "run": RUN, "timeout": 60})


SUBMITTED, SUCCESS = {"state": "Submitted", "frames": []}, {"state": "Success", "frames": list(KEYS)}


def test_of_a_job_its_end_is_waited_for_and_all_of_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Growing("stranger.jpg", "o_00009.jpg", *KEYS)
    created = wait_for_job(monkeypatch, bucket, SUBMITTED, SUBMITTED, SUCCESS)
    assert (created.outputs["frames"], bucket.listings) == (list(KEYS), 4)


@pytest.mark.parametrize(
    ("reading", "refused"),
    [
        ({"state": "Fail", "code": "InternalError"}, "of 88c6: the job failed .InternalError., so it has no"),
        (Gone(), "of 88c6: it does not exist any more; fix the cause and run `pulumi up --refresh`"),
        (Unreadable("cannot be read any more"), "of 88c6: cannot be read any more"),
        (SUBMITTED, "still at 0 frames, since 88c6 has not ended after 60 s"),
        ({"state": "Success", "frames": ["never.jpg"]}, "still at 0 of 1 frames after 60 s"),
    ],
)
def test_a_job_that_will_not_write_its_frames_is_an_error(
    monkeypatch: pytest.MonkeyPatch, reading: Any, refused: str
) -> None:
    with pytest.raises(VideosnapError, match=refused):
        wait_for_job(monkeypatch, Growing("stranger.jpg"), SUBMITTED, reading)


def test_recorded_keys_are_waited_for() -> None:
    bucket = Growing("o_2.jpg", "o_9.jpg", "o_1.jpg")
    created = lifecycle(bucket).create({**INPUTS, "keys": ["o_1.jpg", "o_2.jpg"], "since": None})
    assert created.outputs["frames"] == ["o_2.jpg", "o_1.jpg"]


@pytest.mark.parametrize(
    ("later", "replaced"),
    [
        ({"keys": list(KEYS), "prefix": "o_0000"}, []),
        ({"keys": ["o_00001.jpg"], "prefix": "o_0000"}, ["prefix", "keys", "run.kind", "run.id"]),
        ({"run": {**RUN, "id": "another"}}, ["run.id"]),
    ],
)
def test_an_end_of_the_run_is_no_reason_to_wait_again(later: dict[str, object], replaced: list[str]) -> None:
    recorded = {**INPUTS, "since": None, "run": RUN, "frames": list(KEYS)}
    inputs = lifecycle(Growing()).check({**INPUTS, "since": None, **later}).inputs
    assert [dotted(path) for path in lifecycle(Growing()).diff(recorded, inputs)] == replaced


def test_buckets_are_read_with_the_profile_of_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the resource, of a schedule and of a run, and by a program, with its configuration."""
    bucket = Growing("a/1.jpg", "a/2.jpg", *KEYS)
    storage = {"type": "tos", "tos_config": {"bucket": "frames", "region": 1}}
    ran = {"start_time": "2026-05-01T12:00:00Z", "end_time": "2026-05-01T12:00:04Z"}
    room, outputs = (
        kind_by_title("live room"),
        {"id": "t", "profile": "team", "storage_config": storage, **ran},
    )
    lifecycle(bucket).create({**INPUTS, **_ready_inputs(room, [outputs, {}])})
    assert bucket.access == ("team", no_config)
    wait_for_job(monkeypatch, bucket, {**SUCCESS, "profile": "other"})
    assert bucket.access == ("other", no_config)
    monkeypatch.setattr("pulumi_videosnap.storage.bucket.open_bucket", bucket.open)
    _list_keys(room, outputs)
    assert bucket.access == ("team", program_config)


@pytest.mark.parametrize(("timeout", "custom", "waited"), [(9, 0, 9), (9, 4, 4), (9, 30, 30)])
def test_it_fails_at_the_timeout(timeout: int, custom: float, waited: int) -> None:
    bucket, reason = Growing("a/1.jpg"), f"frames in frames is still at 1 of 2 frames after {waited} s"
    with pytest.raises(TaskUnfinished, match=reason):
        lifecycle(bucket, timeout=custom).create({**INPUTS, "timeout": timeout})
    assert bucket.slept == waited


def test_once_created_it_stays_and_calls_nothing() -> None:
    bucket = Growing("a/1.jpg", "a/2.jpg")
    created = lifecycle(bucket).create(INPUTS)
    listings = bucket.listings
    found = lifecycle(bucket).read(created.id, created.outputs)
    assert isinstance(found, Present)
    assert "frames" not in found.inputs
    assert lifecycle(bucket).diff(created.outputs, found.inputs) == []
    changed = lifecycle(bucket).update(created.id, created.outputs, {**found.inputs, "timeout": 7})
    assert changed["timeout"] == 7
    lifecycle(bucket).delete(created.id, created.outputs)
    assert bucket.listings == listings


def test_another_run_of_the_task_replaces_it() -> None:
    created = lifecycle(Growing("a/1.jpg", "a/2.jpg")).create(INPUTS)
    later = {**INPUTS, "since": "2026-05-01T13:00:00Z"}
    inputs = lifecycle(Growing()).check(later).inputs
    assert [dotted(path) for path in lifecycle(Growing()).diff(created.outputs, inputs)] == ["since"]


@pytest.mark.parametrize(
    ("change", "refused"), [({"count": 0}, "count"), ({"timeout": 0}, "timeout"), ({"bucket": ""}, "bucket")]
)
def test_bad_input_is_refused_with_its_field(change: dict[str, object], refused: str) -> None:
    [failure] = lifecycle(Growing()).check({**INPUTS, **change}).failures
    assert dotted(failure.path) == refused


@pytest.mark.rotating
@pytest.mark.engine
def test_a_program_waits_for_frames_and_has_their_keys(tmp_path: Path, emulator: Emulator, app: str) -> None:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    strangers = store_of(emulator.environment)
    strangers.put_object(Bucket="frames", Key=f"{app}-late/stranger.jpg", Body=b"")
    project = Project(tmp_path, read("programs/frames_ready.txt").format(app=app), emulator.environment)
    project.preview().ok()
    project.up().ok()
    outputs = project.outputs()
    assert (len(outputs["first"]), sorted(outputs["all"])) == (2, sorted(outputs["first"]))
    assert outputs["late"] == [f"{app}-late/{number:05d}.jpg" for number in (1, 2, 3)]
    assert outputs["job"] == outputs["stills"] == [f"{app}-00001.jpg"]
    project.up("--expect-no-changes").ok()
    assert project.run("refresh", "--yes", "--skip-preview").ok()
    project.destroy().ok()
