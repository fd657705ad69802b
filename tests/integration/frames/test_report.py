"""A stack's report: which frame is whose, and that a store's failure never looks like no frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from integration.frames import samples
from pulumi_videosnap.errors import Rejected, Unauthorized, Unreachable
from pulumi_videosnap.frames.collect import report_of
from pulumi_videosnap.frames.contact_sheet import as_html
from pulumi_videosnap.frames.model import FramesReport, TaskFrames, without_secrets
from pulumi_videosnap.frames.text import as_json, as_text, exit_code
from pulumi_videosnap.frames.verify import verify
from pulumi_videosnap.kinds import kind_by_title
from pulumi_videosnap.report.base import Dependencies, ExitCode
from pulumi_videosnap.settings import Lookup, no_config
from pulumi_videosnap.state import RecordedResource, Stack, read_export
from pulumi_videosnap.storage.bucket import StoredObject, common_prefix
from pulumi_videosnap.storage.platforms import Location
from support.canary import leaks
from support.data import Golden

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
TOS = {"type": "tos", "tosConfig": {"accountId": "2100000000", "bucket": "frames", "region": 1}}


class Bucket:
    """A bucket in memory; every listing is noted."""

    def __init__(self, *objects: StoredObject, fails: Exception | None = None) -> None:
        self.objects = objects
        self.fails = fails
        self.listings: list[tuple[Location, str | None]] = []
        self.location = Location("tos", "frames")

    def open(self, location: Location, config: Lookup = no_config) -> Bucket:
        self.location = location
        return self

    def list(
        self, prefix: str | None = None, *, progress: Callable[[int], None] | None = None
    ) -> Iterator[StoredObject]:
        self.listings.append((self.location, prefix))
        yield from (stored for stored in self.objects if stored.key.startswith(prefix or ""))
        if self.fails:
            raise self.fails


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def stored(key: str, seconds: float) -> StoredObject:
    return StoredObject(key, 1000, at(seconds))


def room(name: str, start: float = 0, end: float | None = None, **more: Any) -> RecordedResource:
    ended = {} if end is None else {"endTime": at(end).isoformat(), "stopReason": "IdleTimeOut"}
    usual = {"imageConfig": {"interval": 5.0}, "storageConfig": TOS, "startTime": at(start).isoformat()}
    properties = {**usual, **ended, **more}
    return RecordedResource(name, kind_by_title("live room"), f"661e/Room1/{name}", properties)


def job(name: str, frames: Sequence[str], **more: Any) -> RecordedResource:
    output = {"location": "oss-cn-hangzhou", "bucket": "frames", "object": "o_{Count}.jpg"}
    config = {"outputFile": output, "time": 2.0, "interval": 2.0, "num": 3.0, "frameType": "normal"}
    properties = {"snapshotConfig": config, "state": "Success", "frames": list(frames), **more}
    return RecordedResource(name, kind_by_title("video file"), "abc", properties)


def report(
    bucket: Bucket, *tasks: RecordedResource, now: float = 100, prefix: str | None = None
) -> FramesReport:
    return report_of(Stack("dev", tasks), Dependencies(open_bucket=bucket.open, now=lambda: at(now)), prefix)


def one(found: FramesReport) -> TaskFrames:
    [task] = found.tasks
    return task


def test_a_rooms_frames_are_those_of_its_time_by_stream() -> None:
    written = [stored(f"a/{user}-camera/{n}.jpg", n * 5) for user in ("u0", "u1") for n in range(4)]
    before, after = stored("a/u0-camera/old.jpg", -60), stored("a/u0-camera/new.jpg", 100)
    bucket = Bucket(*written, before, after, stored("a/notes.txt", 5))
    found = one(report(bucket, room("lobby", end=16)))
    assert [(s.name, len(s.frames)) for s in found.series] == [("u0-camera", 4), ("u1-camera", 4)]
    assert found.expected == 8
    assert found.location == Location("tos", "frames", "cn-guangzhou")
    assert any("the vendor documents no keys" in note for note in found.notes)
    assert exit_code(report(bucket, room("lobby", end=16))) == ExitCode.AS_EXPECTED


def keys(task: TaskFrames) -> list[str | None]:
    return [frame.key for series in task.series for frame in series.frames]


def test_a_prefix_narrows_it() -> None:
    bucket = Bucket(stored("a/1.jpg", 0), stored("b/1.jpg", 1))
    for prefix, expected in ((None, ["b/1.jpg"]), ("a/", ["a/1.jpg"])):
        assert keys(one(report(bucket, room("lobby", framePrefix="b/"), now=3, prefix=prefix))) == expected
    assert bucket.listings[0][1] == "b/"


def test_frames_that_two_rooms_could_have_written_count_for_neither() -> None:
    bucket = Bucket(stored("a/1.jpg", 0), stored("b/1.jpg", 1))
    found = report(bucket, room("lobby"), room("hall"), now=3)
    assert [task.problem for task in found.tasks] == [
        f"2 frames could be its own or those of {other}: they share a bucket and a time; "
        "give each a frame_prefix of its own"
        for other in ("hall", "lobby")
    ]
    assert exit_code(found) == ExitCode.FAILED
    assert len(bucket.listings) == 1, "one listing serves both"


def test_rooms_with_prefixes_or_times_of_their_own_share_a_bucket() -> None:
    bucket = Bucket(stored("x/a/1.jpg", 0), stored("x/b/1.jpg", 1), stored("x/c/1.jpg", 500))
    tasks = [
        room("lobby", framePrefix="x/a/", end=2),
        room("hall", framePrefix="x/b/", end=2),
        room("later", framePrefix="x/", start=500),
    ]
    found = report(bucket, *tasks, now=502)
    assert [keys(task) for task in found.tasks] == [["x/a/1.jpg"], ["x/b/1.jpg"], ["x/c/1.jpg"]]
    assert bucket.listings == [(Location("tos", "frames", "cn-guangzhou", "x/"), "x/")]


def test_a_jobs_frames_are_those_that_state_records() -> None:
    bucket = Bucket(stored("o_1.jpg", 0), stored("o_3.jpg", 0), stored("o_9.jpg", 0))
    found = report(bucket, job("stills", ["o_1.jpg", "o_2.jpg", "o_3.jpg"]))
    rows = [(f.key, f.condition.value, f.offset_ms) for f in one(found).series[0].frames]
    assert rows == [("o_1.jpg", "present", 2), ("o_2.jpg", "missing", 2002), ("o_3.jpg", "present", 4002)]
    assert exit_code(found) == ExitCode.FINDING
    assert bucket.listings == [(Location("oss", "frames", "cn-hangzhou"), "o_")]


SHEET = {"location": "oss-cn-hangzhou", "bucket": "sheets", "object": "o_s{TileCount}.jpg"}
ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
GONE = Rejected("ListObjects", "bucket not found", code="NoSuchBucket")
DENIED = Unauthorized("ListObjects", "access denied", code="AccessDenied")


@pytest.mark.parametrize(
    ("bad", "failure", "frames"),
    [
        ("sheets", GONE, ["o_1.jpg"]),
        ("frames", GONE, ["o_1.jpg"]),
        ("frames", DENIED, ["o_1.jpg"]),
        ("frames", GONE, []),
    ],
)
def test_a_failing_bucket_leaves_the_others_readable(bad: str, failure: Exception, frames: list[str]) -> None:
    """A sheet's bucket is its own; a job that keeps only sheets never asks for the frames' bucket."""
    good = next(name for name in ("frames", "sheets") if name != bad)
    buckets = {good: Bucket(stored("o_1.jpg", 0), stored("o_s1.jpg", 0)), bad: Bucket(fails=failure)}
    task = job("sprites", frames, tileFrames=["o_s1.jpg"])
    task.properties["snapshotConfig"]["tileOutputFile"] = SHEET
    dependencies = Dependencies(open_bucket=lambda place, **_: buckets[place.bucket], now=lambda: at(9))
    found = report_of(Stack("dev", (task,)), dependencies)
    text, exported, page = "\n".join(as_text(found)), json.loads(as_json(found)), as_html(found)
    [task_] = exported["tasks"]
    assert [one["place"]["bucket"] for one in task_["series"]] == ["frames", "sheets"][not frames :]
    assert [len(one["frames"]) for one in task_["series"] if one["name"] == good] == [1]
    assert "The expected frame is present" in text
    assert exported["exitCode"] == exit_code(found) == (ExitCode.FAILED if frames else ExitCode.AS_EXPECTED)
    assert task_["problem"] == (f"{bad}: {failure}" if frames else None)
    for shown in (text, exported["summary"], page):
        assert (f"{bad} of sprites could not be checked" in shown) == bool(frames)


def test_a_key_that_two_jobs_wrote_has_no_moment() -> None:
    bucket = Bucket(stored("o_1.jpg", 0), stored("o_2.jpg", 0))
    found = report(bucket, job("one", ["o_1.jpg", "o_2.jpg"]), job("two", ["o_2.jpg"]))
    assert [[one.offset_ms for one in task.series[0].frames] for task in found.tasks] == [[2, None], [None]]


@pytest.mark.parametrize(
    ("failure", "conditions"),
    [
        (Rejected("GetObject", "access denied", code="AccessDenied"), [[], ["unreadable"]]),
        (Rejected("GetObject", "object not found", code="NoSuchKey"), [["missing"], ["unreadable"]]),
    ],
)
def test_what_cannot_be_read_is_the_problem_of_its_series(failure: Exception, conditions: list[Any]) -> None:
    class Opened(Bucket):
        def read(self, key: str, limit: int) -> bytes:
            if key == "o_1.jpg":
                raise failure
            return b"<html>"

    objects = stored("o_1.jpg", 0), stored("o_s1.jpg", 0)
    task = job("sprites", ["o_1.jpg"], tileFrames=["o_s1.jpg"])
    task.properties["snapshotConfig"]["tileOutputFile"] = SHEET
    found = verify(report(Opened(*objects), task))
    series = one(found).series
    assert [[frame.condition.value for frame in each.frames] for each in series] == conditions
    assert exit_code(found) == (ExitCode.FINDING if conditions[0] else ExitCode.FAILED)
    assert "frames of sprites could not be checked" in "\n".join(as_text(found)) or conditions[0]


def test_a_bucket_that_is_a_secret_leaves_the_sheets_readable() -> None:
    task = job("sprites", ["o_1.jpg"], tileFrames=["o_s1.jpg"])
    task.properties["snapshotConfig"]["tileOutputFile"] = SHEET
    task.properties["snapshotConfig"]["outputFile"]["bucket"] = ENCRYPTED
    found = one(report(Bucket(stored("o_s1.jpg", 0)), task))
    series = [(one.name, bool(one.problem), len(one.frames)) for one in found.series]
    assert series == [("frames", True, 0), ("sheets", False, 1)]
    assert found.location == Location("oss", "sheets", "cn-hangzhou")


def test_a_failing_store_is_a_problem_and_never_no_frames() -> None:
    bucket = Bucket(stored("o_1.jpg", 0), fails=Unreachable("ListObjects", "dead"))
    found = report(bucket, job("stills", ["o_1.jpg"]), room("lobby"))
    dead = "ListObjects got no response: dead"
    assert [task.problems for task in found.tasks] == [(f"frames: {dead}",), (dead,)]
    assert not any(series.frames for task in found.tasks for series in task.series)
    assert exit_code(found) == ExitCode.FAILED
    assert "2 of 2 tasks could not be checked" in "\n".join(as_text(found)).lower()


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        (job("stills", [], state="Fail", code="InternalError"), "the job failed (InternalError)"),
        (job("stills", [], state="Snapshoting"), "still Snapshoting"),
        (room("lobby", startTime=None), "no start of it"),
        (room("lobby", storageConfig={"type": "vod", "vodConfig": {"space": "s"}}), "has no S3 listing"),
        (room("lobby", storageConfig={"type": "veimagex", "veimagexConfig": {}}), "has no S3 listing"),
    ],
)
def test_a_task_that_cannot_be_checked_says_why(task: RecordedResource, problem: str) -> None:
    found = report(Bucket(), task)
    assert problem in str(one(found).problem)
    assert exit_code(found) == ExitCode.FAILED


def test_the_text_of_a_report(golden: Golden) -> None:
    golden("frames/story.txt", "\n".join(as_text(samples.story(24))) + "\n")


def test_hostile_names_do_no_harm_in_a_terminal() -> None:
    bucket = Bucket(stored("o_\x1b[2J.jpg", 0))
    text = "\n".join(as_text(report(bucket, job("st\x07ills", ["o_\x1b[2J.jpg", "o_\u202egpj.jpg"]))))
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("fails", [None, Rejected("ListObjects", "no cAnAryRoom42 in o/cAnAryRoom42/")])
def test_a_secret_part_of_a_key_is_shown_in_no_report(fails: Exception | None) -> None:
    key, paths = "o/cAnAryRoom42/1\x7f.jpg", frozenset({("roomId",)})
    task = replace(room("lobby"), id="661e/cAnAryRoom42/lobby", secret_paths=paths)
    late = [stored(key, 0), stored(f"{key}2.jpg", 9)]
    found = report(Bucket(*late, fails=fails), task, now=30, prefix="o/cAnAryRoom42/")
    shown = without_secrets(found)
    for text in ("\n".join(as_text(shown)), as_json(shown), "".join(as_html(shown)), repr(shown)):
        assert leaks(text, "cAnAryRoom42") == []
        assert "\x7f" not in text
    assert "[secret]" in as_json(shown)
    assert fails or [frame.key for _, _, frame in found.frames() if frame.stored] == [key, f"{key}2.jpg"]


def test_the_engines_export_is_read() -> None:
    urn = "urn:pulumi:dev::proj::pulumi-python:dynamic/alibaba:SnapshotJob::stills"
    kind = "pulumi-python:dynamic/alibaba:SnapshotJob"
    resources = [
        {"urn": "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev", "type": "pulumi:pulumi:Stack"},
        {"urn": urn, "type": kind, "id": "abc", "outputs": {"state": "Success"}},
        {"urn": urn, "type": kind, "id": "old", "delete": True},
        {"urn": urn, "type": kind, "id": "gone", "pendingReplacement": True},
    ]
    stack = read_export(json.dumps({"version": 3, "deployment": {"resources": resources}}), "")
    video = kind_by_title("video file")
    present = RecordedResource("stills", video, "abc", {"state": "Success"}, urn)
    gone = RecordedResource("stills", video, "gone", {}, urn)
    assert stack == Stack("dev", (present,), pending_replacements=(gone,), project="proj")


def test_what_texts_begin_with() -> None:
    cases = {("a/1", "a/2"): "a/", ("a",): "a", ("", "a"): "", ("ab", "abc"): "ab"}
    assert {texts: common_prefix(texts) for texts in cases} == cases
