"""The emulator's process: how it ends, what it comes back with, what it refuses, services from elsewhere."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.data import load
from support.emulator import COMMAND, Emulator, clean_environment, running_emulator
from support.mps_client import SEQUENCE, SINGLE, Mps, ref, refused
from support.rtc_client import BODY
from support.sampling import sample
from support.store_support import client_of
from support.workflow_stacks import topology
from videosnap_emulator import cli

MINE = "cd" * 16
OLDER = Path(__file__).parents[1] / "data" / "emulator"
COUNT = "SELECT count(*) FROM objects"
PATHS = (
    "/tasks", "/rooms", "/frames?limit=1000", "/jobs", "/jobs/pace", "/pipelines", "/calls", "/workflows",
    "/runs", "/messages", "/media-buckets", "/byteplus/rooms",
)  # fmt: skip


@pytest.mark.parametrize("number", sample([signal.SIGTERM, signal.SIGKILL], 0.5))
def test_coming_back(tmp_path: Path, number: int) -> None:
    """Tasks, jobs, workflows, pace, calls and the clock come back, and what was under way goes on."""
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")

    def shown(emulator: Emulator) -> dict[str, Any]:
        return {path: emulator.show(path) for path in PATHS} | {"now": emulator.show("/clock")["now"]}

    with running_emulator(tmp_path, *options, "--job-seconds", "4") as first, closing(Mps(first)) as mps:
        first.rtc.start()
        first.rtc.start(TaskId="Task2")
        first.request("PUT", "/rooms/661e/Room1/users/alice", {"screen": True})
        first.advance(100)
        first.rtc.stop(TaskId="Task2")
        first.request("PUT", f"/pipelines/{MINE}", {"state": "Paused"})
        first.request("PUT", "/byteplus/rooms/661e/Room1/users/bob", {"screen": True})
        first.request("PUT", "/media-buckets/frames", {"type": "Input"})
        first.request("DELETE", "/media-buckets/frames")
        first.request("PUT", "/media-buckets/shots", {"type": "Output"})
        shots = {"A": {"OutputFile": ref("a.jpg", "shots"), "Time": 0}}
        mps.call("AddMediaWorkflow", Name="w", Topology=topology(shots, QueueName="q"))
        store, copy = client_of(first.environment), {"Bucket": "media", "CopySource": "media/input.mp4"}
        store.copy_object(**copy, Key="videos/1.mp4")
        done = mps.submitted(SINGLE)
        under_way = mps.submitted({**SEQUENCE, "OutputFile": ref("r{Count}.jpg")})
        first.advance(2.5)
        waiting = mps.submitted({**SEQUENCE, "OutputFile": ref("w{Count}.jpg")}, UserData="mine")
        held = mps.submitted(PipelineId=MINE)
        store.copy_object(**copy, Key="videos/2.mp4")
        begun = [[one["state"] for one in run["activities"]] for run in first.show("/runs")["runs"]]
        assert begun == [["Running"], ["Success", "Running"]]
        before = shown(first)
        first.end(number)
        assert first.process.returncode == (0 if number != signal.SIGKILL else -9)
    with running_emulator(tmp_path, *options) as second, closing(Mps(second)) as mps:
        assert second.environment == first.environment
        assert shown(second) == before
        frame = second.show("/frames")["frames"][0]
        assert second.http.get(frame["url"]).content[:2] == b"\xff\xd8"
        assert second.rtc.start().json()["Result"].startswith("The task has been started")
        second.advance(1.5)
        states = {job["Id"]: mps.job(job["Id"])["State"] for job in (done, under_way, waiting, held)}
        assert list(states.values()) == ["Success", "Success", "Submitted", "Submitted"]
        second.advance(2.5)
        job = mps.job(waiting["Id"])
        assert (job["UserData"], job["State"]) == ("mine", "Success")
        assert mps.submitted()["Id"] not in states
        assert second.http.get("/frames/frames/r00002.jpg").status_code == 200
        second.advance(5.5)
        assert [run["state"] for run in second.show("/runs")["runs"]] == ["Completed", "Completed"]
        assert len(second.show("/messages")["messages"]) == 4
        assert second.task()["frames"] == before["/tasks"]["tasks"][1]["frames"] + 4 * 5


def older_data(folder: Path, change: str = "") -> Path:
    """A data directory as the emulator of commit 390d83b left it."""
    data = folder / "data"
    (data / "store" / "frames").mkdir(parents=True)
    with closing(sqlite3.connect(data / "world.sqlite3")) as database:
        database.executescript((OLDER / "state-390d83b.sql").read_text() + change)
    return data


def test_a_data_directory_of_an_older_commit_is_read(tmp_path: Path) -> None:
    """It shows what the control API of that commit showed."""
    expected = load("emulator/state-390d83b.json")
    options = ("--data-dir", str(older_data(tmp_path)), "--pace", "manual")
    with running_emulator(tmp_path, *options) as emulator:
        shown = {path: emulator.show(path) for path in expected}
        assert {**shown, "/clock": {"now": shown["/clock"]["now"]}} == expected
        emulator.advance(3600)
        assert emulator.task()["frames"] > expected["/tasks"]["tasks"][1]["frames"]
        assert [job["state"] for job in emulator.show("/jobs")["jobs"]] == ["Success", "Success"]


def test_a_directory_without_jobs_opens_and_an_option_beats_what_is_stored(tmp_path: Path) -> None:
    forget = "DROP TABLE jobs; DROP TABLE pipelines; DELETE FROM facts WHERE name LIKE '%job%';"
    options = ("--data-dir", str(older_data(tmp_path, forget)), "--pace", "manual", "--job-seconds")
    for job_seconds, queued in (("4", 2), ("6", 3)):
        with running_emulator(tmp_path, *options, job_seconds) as emulator:
            assert emulator.show("/jobs/pace")["queuedSeconds"] == queued
            assert len(emulator.show("/pipelines")["pipelines"]) == 1


def test_killed_while_advancing(tmp_path: Path) -> None:
    """SIGKILL in the middle of work leaves a state that goes on as if the call had never come."""
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    with running_emulator(tmp_path, *options) as emulator, ThreadPoolExecutor(1) as pool:
        emulator.rtc.start(ImageConfig={"Interval": 7, "Width": 333})
        before = emulator.show("/tasks"), emulator.show("/clock")["now"]
        with closing(sqlite3.connect(tmp_path / "data" / "store" / "objects.sqlite3")) as objects:
            stored = objects.execute(COUNT).fetchone()
            advancing = pool.submit(emulator.advance, 7 * 900)
            while objects.execute(COUNT).fetchone() == stored:
                assert not advancing.done()
        emulator.end(signal.SIGKILL)
        assert isinstance(advancing.exception(), httpx.HTTPError)
    with running_emulator(tmp_path, *options) as again:
        assert (again.show("/tasks"), again.show("/clock")["now"]) == before
        again.advance(70)
        assert again.task()["frames"] == 22
        newest = again.show("/frames")["frames"]
        assert len(newest) == 22
        assert all(again.http.get(frame["url"]).status_code == 200 for frame in newest)


def test_ends_in_time_with_an_open_stall_and_a_long_advance(tmp_path: Path) -> None:
    with running_emulator(tmp_path) as emulator, ThreadPoolExecutor(2) as pool:
        emulator.fault("stall-after", "StartSnapshot", seconds=60)
        stalled = pool.submit(emulator.rtc.start, timeout=30)
        while not emulator.calls():
            assert not stalled.done()
        for number in range(20):
            emulator.rtc.start(TaskId=f"t{number}", ImageConfig={"Width": 100 + number})
        advancing = pool.submit(emulator.advance, 7200)
        while emulator.show("/health") and not advancing.running():
            assert not advancing.done()
        assert emulator.end(signal.SIGINT) < 10, "far less than the stall"
        assert emulator.process.returncode == 0
        assert stalled.exception()


def usage_error(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What the command line says when it refuses before it starts anything."""
    with pytest.raises(SystemExit, match="2"):
        sys.exit(cli.main(options))
    return capsys.readouterr().err


def refusal(*options: str) -> str:
    command, environment = [*COMMAND, *options], clean_environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    return done.stderr


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = ("--env-file", str(tmp_path / "other"))
    assert "loopback" in usage_error(capsys, *env, "--host", "0.0.0.0")  # noqa: S104
    assert "--env-file" in usage_error(capsys)
    assert "--service nowhere:Service" in usage_error(capsys, *env, "--service", "nowhere:Service")
    assert "not a subclass of Service" in usage_error(capsys, *env, "--service", "json:JSONDecoder")
    for one in ("--mps-reading=frame-type", "--mps-reading=interval=5", "--job-seconds=-1"):
        assert one.split("=", 1)[1] in usage_error(capsys, *env, one)
    data = ("--data-dir", str(tmp_path / "data"))
    with running_emulator(tmp_path, *data) as emulator:
        assert "another emulator" in refusal(*env, *data)
        assert emulator.env_file.stat().st_mode & 0o777 == 0o600
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen" in refusal(*env, "--port-rtc", str(taken.getsockname()[1]))


def test_unsigned_and_in_real_time(tmp_path: Path) -> None:
    options = ("--no-signature-check", "--mps-security-token", "sts-dummy")
    with running_emulator(tmp_path, *options) as emulator, closing(Mps(emulator)) as mps:
        body, started = {**BODY, "ImageConfig": {"Interval": 1}}, time.monotonic()
        query = "/?Action=StartSnapshot&Version=2023-11-01"
        assert emulator.rtc.http.post(query, json=body).json()["Result"] == "ok"
        assert emulator.environment["ALIBABA_CLOUD_SECURITY_TOKEN"] == "sts-dummy"
        action, version = "QuerySnapshotJobList", "2014-06-18"
        assert mps.http.get(f"/?Action={action}&Version={version}").text.startswith("<?xml")
        bare = mps.http.get("/", headers={"x-acs-action": action, "x-acs-version": version})
        assert "SnapshotJobList" in bare.json()
        assert [call["signature"] for call in emulator.calls()] == ["unchecked"] * 3
        while emulator.task()["frames"] < 6:
            assert time.monotonic() - started < 20
        assert time.monotonic() - started > 1


def test_a_session_token(tmp_path: Path) -> None:
    options = ("--mps-security-token", "sts-dummy")
    parts = {"V1": ("common", "SecurityToken"), "ACS3": ("headers", "x-acs-security-token")}
    with running_emulator(tmp_path, *options) as emulator, closing(Mps(emulator)) as mps:
        for scheme, (place, name) in parts.items():
            own, none, other = (
                mps.call("QuerySnapshotJobList", scheme=scheme, **{place: {name: token}})
                for token in ("sts-dummy", None, "other")
            )
            assert (own.status_code, none.status_code) == (200, 200)
            assert refused(other) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
