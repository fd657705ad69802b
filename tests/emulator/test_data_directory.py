"""The data directory: damage, a full disk, kills under load, what older commits left, the clock, memory."""

import argparse
import json
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from datetime import datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support.emulator import COMMAND, Emulator, running_emulator
from support.mps_client import SEQUENCE, Mps, ref
from support.processes import megabytes
from support.results import EMULATOR, Count
from support.sampling import examples, sample
from support.store_support import WHEN, client_of
from videosnap_emulator import cli, ports, server
from videosnap_emulator.core.clock import Clock, Pace
from videosnap_emulator.services import SERVICES
from videosnap_emulator.services.rtc import capture
from videosnap_emulator.services.rtc.backend import RtcBackend
from videosnap_emulator.services.rtc.models import ImageSettings, StartRequest, Storage, TaskKey
from videosnap_emulator.storage.store import Store

WORLD, OBJECTS = "world.sqlite3", "store/objects.sqlite3"
KEY, BODY = "a/b.jpg", "7" * 64 + ".01234567"
SIDECAR = {
    "key": KEY, "body": BODY, "etag": "d41d8cd98f00b204e9800998ecf8427e",
    "headers": {"content-type": "image/jpeg", "x-amz-meta-n": "1"}, "modified": "2024-05-06T07:08:09",
}  # fmt: skip
START = StartRequest(TaskKey("a", "r", "t"), ImageSettings(), Storage("tos", "frames", {"Bucket": "frames"}))


def options(data: Path) -> argparse.Namespace:
    parser = cli.parser(SERVICES)
    return parser.parse_args(["--env-file", str(data / "env"), "--data-dir", str(data), "--pace", "manual"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a task, a job's pipeline, a call, frames and ports."""
    data = tmp_path_factory.mktemp("whole") / "data"
    with ExitStack() as stack:
        stack.enter_context(ports.lock_folder(data))
        emulator = server.build(SERVICES, options(data), stack)
        backend: RtcBackend = emulator.services[0].backend  # type: ignore[attr-defined]
        backend.start(START)
        emulator.scheduler.advance(10_000)
    (data / "ports.json").write_text('{"rtc": 1, "page": 2}')
    return data


def sql(name: str, *statements: str) -> Callable[[Path], None]:
    def damage(data: Path) -> None:
        with closing(sqlite3.connect(data / name)) as database, database:
            for statement in statements:
                database.execute(statement)

    return damage


def overwrite(
    name: str, content: bytes = b"", at: int | None = None, keep: float = 0
) -> Callable[[Path], None]:
    """Write into a file at a place, or in place of all but the share of it that is kept."""

    def damage(data: Path) -> None:
        old = (data / name).read_bytes()
        begin, rest = (int(len(old) * keep), b"") if at is None else (at, old[at + len(content) :])
        (data / name).write_bytes(old[:begin] + content + rest)

    return damage


def folder_instead(name: str) -> Callable[[Path], None]:
    def damage(data: Path) -> None:
        (data / name).unlink(missing_ok=True)
        (data / name).mkdir()

    return damage


def store_is_a_file(data: Path) -> None:
    shutil.rmtree(data / "store")
    (data / "store").touch()


def older(**changes: Any) -> Callable[[Path], None]:
    """The files of an older commit in place of the store, one of which is damaged."""

    def damage(data: Path) -> None:
        (data / OBJECTS).unlink()
        bucket = data / "store" / "frames"
        bucket.mkdir()
        if changes.pop("has_body", True):
            (bucket / BODY).write_bytes(b"")
        text = changes.pop("text", None) or json.dumps({**SIDECAR, **changes})
        (bucket / f"{'7' * 64}.json").write_text(text)

    return damage


SIDECAR_NAME = f"{'7' * 64}.json"
DAMAGE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "the state is no database": (overwrite(WORLD, b"x" * 9000), WORLD, "not a database"),
    "the state is cut": (overwrite(WORLD, keep=0.5), WORLD, "malformed"),
    "the state is empty": (overwrite(WORLD, b""), "data", "missing or empty"),
    "the state is gone": (lambda data: (data / WORLD).unlink(), "data", "missing or empty"),
    "the state is a folder": (folder_instead(WORLD), WORLD, "unable to open"),
    "a page of the state is overwritten": (overwrite(WORLD, b"\xff" * 4096, 4096), WORLD, "Page 2"),
    "a row is no JSON": (sql(WORLD, "UPDATE tasks SET body = '{'"), WORLD, "table tasks, row 1: Expecting"),
    "a row is no object": (sql(WORLD, "UPDATE frames SET body = '[]'"), WORLD, "table frames, row 1"),
    "a row is deep": (sql(WORLD, f"INSERT INTO rooms VALUES ('a', 'b', '{'[' * 100_000}')"),  # noqa: S608
                      WORLD, "table rooms, row ('a', 'b')"),
    "a row lacks a field": (sql(WORLD, "UPDATE tasks SET body = '{}'"), WORLD, "missing"),
    "a row has an unknown field": (sql(WORLD, "UPDATE pipelines SET body = '{\"odd\": 1}'"), WORLD, "odd"),
    "a row has a wrong type": (sql(WORLD, "UPDATE frames SET body = replace(body, 'size\": ', 'size\": 0.')"),
                               WORLD, "table frames, row 1: size"),
    "a row's key is no number": (sql(WORLD, "UPDATE tasks SET number = 'x'"), WORLD, "fit together"),
    "a row is not text": (sql(WORLD, "UPDATE tasks SET body = CAST(x'ff' AS TEXT)"), WORLD, "decode"),
    "the clock is gone": (sql(WORLD, "DELETE FROM facts WHERE name = 'now'"), WORLD, "'now'"),
    "the clock is no number": (sql(WORLD, "UPDATE facts SET value = 'x'"), WORLD, "fit together"),
    "the clock is absurd": (sql(WORLD, "UPDATE facts SET value = 9e17 WHERE name = 'now'"), WORLD, "year"),
    "a table has other columns": (sql(WORLD, "DROP TABLE jobs", "CREATE TABLE jobs (x)"), WORLD, "columns x"),
    "the store is no database": (overwrite(OBJECTS, b"x" * 9000), OBJECTS, "not a database"),
    "the store is cut": (overwrite(OBJECTS, keep=0.5), OBJECTS, "malformed"),
    "the store is empty": (overwrite(OBJECTS, b""), OBJECTS, "missing or empty"),
    "the store is gone": (lambda data: shutil.rmtree(data / "store"), OBJECTS, "missing or empty"),
    "the store is a file": (store_is_a_file, "store", "File exists"),
    "an object has no body": (sql(OBJECTS, "DELETE FROM bodies WHERE id = 2"), OBJECTS, "no body"),
    "an object's time is none": (sql(OBJECTS, "UPDATE objects SET modified = 'x'"), OBJECTS, "'x'"),
    "an object's headers are none": (sql(OBJECTS, "UPDATE objects SET headers = '['"), OBJECTS, "Expecting"),
    "a sidecar is no JSON": (older(text="{"), SIDECAR_NAME, "JSON"),
    "a sidecar is no object": (older(text="[]"), SIDECAR_NAME, "object"),
    "a sidecar lacks a field": (older(text=json.dumps({"key": KEY})), SIDECAR_NAME, "body: Field required"),
    "a sidecar names a path": (older(body="../../world.sqlite3"), SIDECAR_NAME, "body: String"),
    "a sidecar names a file elsewhere": (older(body="/etc/passwd"), SIDECAR_NAME, "body: String"),
    "a sidecar's body is gone": (older(has_body=False), SIDECAR_NAME, "No such file"),
    "a sidecar's time is none": (older(modified="noon"), SIDECAR_NAME, "modified: "),
    "a sidecar's headers are none": (older(headers={"a": 1}), SIDECAR_NAME, "headers.a: "),
    "the ports are no JSON": (overwrite("ports.json", b"{"), "ports.json", "delete it"),
    "the ports are no object": (overwrite("ports.json", b"[1]"), "ports.json", "delete it"),
    "a port is none": (overwrite("ports.json", b'{"rtc": 99999}'), "ports.json", "delete it"),
    "the ports are a folder": (folder_instead("ports.json"), "ports.json", "Is a directory"),
    "the lock is a folder": (folder_instead("lock"), "lock", "Is a directory"),
}  # fmt: skip


@pytest.mark.parametrize("name", sample(list(DAMAGE), 0.5))
def test_damage_ends_in_a_sentence(
    whole: Path,
    tmp_path: Path,
    name: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    count: Count,
) -> None:
    """It names the file, the fault and what to do, and changes nothing that could still be saved."""
    damage, file, fault = DAMAGE[name]
    data = tmp_path / "data"
    shutil.copytree(whole, data)
    damage(data)
    before = {path: path.read_bytes() for path in data.rglob("7*")}
    monkeypatch.setattr(server, "_run", lambda *_: pytest.fail("it started"))
    arguments = ["--env-file", str(tmp_path / "env"), "--data-dir", str(data), "--pace", "manual"]
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    path, _, rest = said.partition(": ")
    assert path.endswith(file)
    assert fault in rest
    assert any(advice in rest for advice in ("use an empty --data-dir", "delete it", "choose a place"))
    assert all(path.read_bytes() == content for path, content in before.items())
    count(EMULATOR, situation="a damaged data folder: a sentence says what to do", points=1, survived=1)


@pytest.mark.parametrize(
    ("data", "env"),
    [("/proc/none", "env"), ("/dev/null", "env"), ("data", "/proc/none/env"), ("data", "/dev/null/env")],
)
def test_an_unwritable_place_is_one_sentence(tmp_path: Path, data: str, env: str, count: Count) -> None:
    places = ["--env-file", str(tmp_path / env), "--data-dir", str(tmp_path / data)]
    ran = subprocess.run([*COMMAND, *places], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout) == (2, "")
    said = ran.stderr
    assert said.count("\n") == 1
    assert said.startswith(("/proc", "/dev/null"))
    assert said.endswith("choose a place that you may write to\n")
    situation = "a folder that cannot be written: a sentence says what to do"
    count(EMULATOR, situation=situation, points=1, survived=1)


def test_the_files_of_an_older_commit_are_taken_over(tmp_path: Path) -> None:
    bucket = tmp_path / "frames"
    bucket.mkdir()
    (bucket / BODY).write_bytes(b"body")
    (bucket / SIDECAR_NAME).write_text(json.dumps(SIDECAR))
    for leftover in (f"{'8' * 64}.01234567", f"{SIDECAR_NAME}.01234567.tmp", "mine.txt"):
        (bucket / leftover).write_bytes(b"x")
    for _ in range(2):
        with closing(Store.open(tmp_path, [])) as store:
            found = store.get("frames", KEY)
            assert (found.body, found.metadata, found.modified) == (b"body", {"n": "1"}, WHEN)
            assert store.etag("frames", KEY) == SIDECAR["etag"]
            assert (store.keys("frames"), store.objects.fresh) == ([KEY], False)
    assert [path.name for path in bucket.iterdir()] == ["mine.txt"], "what is not ours stays"


def limit_files(emulator: Emulator, size: int) -> None:
    """Let the process write no file beyond this size, as if the disk were full there."""
    resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def shown(emulator: Emulator) -> dict[str, Any]:
    """All that can be seen: the state, and each listed frame's content."""
    paths = ("/tasks", "/rooms", "/jobs", "/pipelines", "/frames?limit=1000", "/calls")
    found = {path: emulator.show(path) for path in paths}
    frames = [emulator.http.get(one["url"]) for one in found["/frames?limit=1000"]["frames"]]
    assert {answer.status_code for answer in frames} <= {200}
    s3 = client_of(emulator.environment)
    objects = {
        name: [one["Key"] for one in s3.list_objects_v2(Bucket=name).get("Contents", ())]
        for name in ("frames", "media")
    }
    return {**found, "objects": objects, "bodies": [answer.content for answer in frames]}


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="fills the disk by a limit of Linux")
def test_a_full_disk_loses_nothing(tmp_path: Path, count: Count) -> None:
    """Requests get an error and, with space again, everything is as if the disk had never been full."""
    arguments = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    with running_emulator(tmp_path, *arguments) as emulator, closing(Mps(emulator)) as mps:
        s3 = client_of(emulator.environment)
        emulator.rtc.start(ImageConfig={"Interval": 1})
        s3.put_object(Bucket="media", Key="old", Body=b"old")
        mps.submitted({**SEQUENCE, "OutputFile": ref("x{Count}.jpg")})
        limit_files(emulator, 1)
        assert emulator.rtc.start(TaskId="Full").status_code == 500
        assert emulator.rtc.get(TaskId="Task1").status_code == 500
        assert mps.submit(UserData="full").status_code == 500
        assert emulator.rtc.stop().status_code == 500
        refused = emulator.request("POST", "/clock/advance", {"seconds": 5}, status=507)
        assert refused["error"].endswith("free space on the disk, or make it writable")
        refused_calls: list[tuple[Any, dict[str, Any]]] = [
            (s3.put_object, {"Bucket": "media", "Key": "new", "Body": b"new"}),
            (s3.put_object, {"Bucket": "media", "Key": "old", "Body": b"changed"}),
            (s3.delete_object, {"Bucket": "media", "Key": "old"}),
            (s3.create_bucket, {"Bucket": "more"}),
        ]
        for call, named in refused_calls:
            with pytest.raises(ClientError, match="cannot be written"):
                call(**named)
        assert s3.get_object(Bucket="media", Key="old")["Body"].read() == b"old"
        assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["frames", "media"]
        time.sleep(0.5)  # some ticks, each of which would log
        limit_files(emulator, resource.RLIM_INFINITY)
        emulator.advance(5)
        s3.create_bucket(Bucket="more")
        assert emulator.task()["frames"] == 2 * 6, "each second once"
        assert [task["taskId"] for task in emulator.running()] in (["Task1"], ["Full", "Task1"])
        assert len(emulator.show("/jobs")["jobs"]) == 1
        before = shown(emulator)
        emulator.end(signal.SIGKILL)
    log = (tmp_path / "emulator.log").read_text()
    assert "Traceback" not in log
    assert log.count("cannot be written") < 12
    with running_emulator(tmp_path, *arguments) as again:
        assert shown(again) == before
    count(EMULATOR, situation="a full disk: nothing is lost", points=1, survived=1)


def load_until_it_dies(emulator: Emulator, number: int, tasks: set[str], objects: dict[str, bytes]) -> str:
    """Start tasks, put and delete objects, advance; return the key of the object whose fate is unknown."""
    s3, key = client_of(emulator.environment), ""
    with suppress(httpx.HTTPError, ClientError, BotoCoreError):
        for turn in count():
            task = f"k{number}-{turn}"
            if emulator.rtc.start(TaskId=task, ImageConfig={"Interval": 1}).status_code == 200:
                tasks.add(task)
            key, body = f"{number}/{turn % 7}", f"{turn}".encode() * 500
            s3.put_object(Bucket="media", Key=key, Body=body)
            objects[key] = body
            emulator.advance(1)
            if turn % 5 == 4:
                s3.delete_object(Bucket="media", Key=key)
                del objects[key]
    return key


def test_kills_under_load_leave_whole_data(tmp_path: Path, count: Count) -> None:
    dice, tasks, objects = random.Random(7), set[str](), dict[str, bytes]()
    arguments = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    for number in range(examples(1, 20)):
        with running_emulator(tmp_path, *arguments) as emulator:
            before = emulator.show("/clock")["now"]
            killer = threading.Timer(dice.uniform(0.2, 1.5), emulator.process.kill)
            killer.start()
            unknown = load_until_it_dies(emulator, number, tasks, objects)
            killer.join(10)
        with running_emulator(tmp_path, *arguments) as again:
            assert tasks <= {task["taskId"] for task in again.running()}
            assert again.show("/clock")["now"] >= before
            s3 = client_of(again.environment)
            objects.pop(unknown, None)
            for key, body in objects.items():
                assert s3.get_object(Bucket="media", Key=key)["Body"].read() == body
            for one in s3.list_objects_v2(Bucket="media", Prefix=unknown or "none").get("Contents", ()):
                body = s3.get_object(Bucket="media", Key=one["Key"])["Body"].read()
                assert body == body[: len(body) // 500] * 500, "old or new, and whole"
            again.advance(1)
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket="frames")
            stored = [one["Key"] for page in pages for one in page.get("Contents", ())]
            known = {task["taskId"] for task in again.tasks()}  # an unanswered start may have a frame
            mine = [key for key in stored if key.split("/")[2] in known]
            assert sum(task["frames"] for task in again.tasks()) == len(mine)
            listed = again.show("/frames?limit=10000")["frames"]
            assert {frame["key"] for frame in listed} <= set(stored)
            for task in again.running():
                again.stop(task)
            tasks.clear()
        count(EMULATOR, situation="a kill under load: all that was answered is there", points=1, survived=1)


def test_a_restart_makes_up_for_the_time_it_was_down(tmp_path: Path) -> None:
    """With a real clock it then shows the host's time and has the frames; with a manual one nothing moves."""
    now = 1_700_000_000_000
    data = tmp_path / "data"

    def run(pace: str, host: int) -> tuple[int, int, set[int]]:
        parsed = options(data)
        parsed.pace = pace
        with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
            patch.setattr(capture, "MAXIMUM_FRAMES_PER_STEP", 100)
            patch.setattr(server, "Clock", lambda _timer, pace: Clock(lambda: host, pace))
            stack.enter_context(ports.lock_folder(data))
            emulator = server.build(SERVICES, parsed, stack)
            backend: RtcBackend = emulator.services[0].backend  # type: ignore[attr-defined]
            if not backend.tasks:
                emulator.scheduler.advance(1000)
                backend.start(START)
            (task,) = backend.tasks.values()
            times = sorted({frame.time for frame in backend.frames.values()})
            gaps = {after - before for before, after in pairwise(times)}
            return emulator.scheduler.clock.now() - host, task.frames, gaps

    real, manual, away = Pace.REAL.value, Pace.MANUAL.value, 600_000
    assert run(real, now) == (1000, 2, set()), "a jump of a second"
    assert run(manual, now + away) == (1000 - away, 2, set()), "stands still"
    assert run(real, now + away) == (1000, 2 * (1 + 300), {2000}), "ten minutes of frames"
    assert run(real, now + away // 2) == (1000 + away // 2, 2 * (1 + 300), {2000}), "set back"
    ahead, frames, _ = run(real, now + 1000 * away)
    assert ahead == 1000
    assert frames == 2 * (1 + 300) + 10 * 100, "a bound for each step: the rest is counted as skipped"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory in /proc")
@pytest.mark.parametrize("kept", sample([True, False], 0.5))
def test_frames_are_not_kept_in_memory(tmp_path: Path, kept: bool) -> None:
    """200 tasks at a second, on two streams each; in a sweep for ten minutes of emulated time."""
    arguments = ("--data-dir", str(tmp_path / "data")) if kept else ()
    with running_emulator(tmp_path, "--pace", "manual", *arguments) as emulator:
        room = {"autoSnapshot": {"interval": 1}}
        for number in range(100):
            emulator.request("PUT", f"/rooms/a/r{number}", room)
        emulator.advance(5)
        before = megabytes(emulator.process.pid, "VmRSS")
        for _ in range(examples(1, 120)):
            emulator.advance(5)
        grown = megabytes(emulator.process.pid, "VmRSS") - before
        frames = sum(task["frames"] for task in emulator.tasks())
        assert (len(emulator.tasks()), frames) == (200, 200 * (6 + 5 * examples(1, 120)))
        assert grown < examples(8, 50), "in the short form, 4 KB a frame"
        last = timedelta(seconds=5 + 5 * examples(1, 120))
        late = [task["taskId"] for task in emulator.tasks() if _age(task, task["lastFrame"]["time"]) != last]
        assert late == [], "no frame is late"
        print(f"{frames} frames, {grown:.0f} MB more than the {before:.0f} MB at first")


def _age(task: dict[str, Any], moment: str) -> timedelta:
    """How long after a task's start a moment was."""
    began, at = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (task["startTime"], moment))
    return at - began
