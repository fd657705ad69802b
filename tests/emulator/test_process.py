"""The emulator's process: how it ends, what it comes back with, what it refuses, services from elsewhere."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from support.emulator import COMMAND, clean_environment, running_emulator
from videosnap_emulator import cli

STORAGE = {"TosConfig": {"AccountId": "2", "Bucket": "frames"}}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_coming_back(tmp_path: Path, number: int) -> None:
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    paths = ("/tasks", "/rooms", "/frames?limit=1000", "/calls")
    with running_emulator(tmp_path, *options) as first:
        first.rtc.start()
        first.rtc.start(TaskId="Task2")
        first.request("PUT", "/rooms/661e/Room1/users/alice", {})
        first.advance(100)
        first.rtc.stop(TaskId="Task2")
        before = {path: first.show(path) for path in paths} | {"now": first.show("/clock")["now"]}
        first.end(number)
        assert first.process.returncode == (0 if number != signal.SIGKILL else -9)
    with running_emulator(tmp_path, *options) as second:
        assert second.environment == first.environment
        assert {path: second.show(path) for path in paths} | {"now": second.show("/clock")["now"]} == before
        frame = second.show("/frames")["frames"][0]
        assert second.http.get(frame["url"]).content[:2] == b"\xff\xd8"
        assert second.rtc.start().json()["Result"].startswith("The task has been started")
        second.advance(10)
        assert second.task()["frames"] == before["/tasks"]["tasks"][1]["frames"] + 15


def test_killed_while_advancing(tmp_path: Path) -> None:
    """SIGKILL in the middle of work leaves a state that goes on as if the call had never come."""
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    with running_emulator(tmp_path, *options) as emulator, ThreadPoolExecutor(1) as pool:
        emulator.rtc.start(ImageConfig={"Interval": 7, "Width": 333})
        before = emulator.show("/tasks"), emulator.show("/clock")["now"]
        objects = tmp_path / "data" / "store" / "frames"
        stored = len(list(objects.iterdir()))
        advancing = pool.submit(emulator.advance, 7 * 900)
        while len(list(objects.iterdir())) == stored:
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
        assert emulator.end() < 10, "far less than the stall"
        assert emulator.process.returncode == 0
        assert stalled.exception()


def usage_error(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """What the command line says when it refuses before it starts anything."""
    with pytest.raises(SystemExit, match="2"):
        sys.exit(cli.main(options))
    return capsys.readouterr().err


def refusal(*options: str) -> str:
    done = subprocess.run(
        [*COMMAND, *options],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    return done.stderr


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    env = ("--env-file", str(tmp_path / "other"))
    assert "loopback" in usage_error(capsys, *env, "--host", "0.0.0.0")  # noqa: S104
    assert "--env-file" in usage_error(capsys)
    assert "--service nowhere:Service" in usage_error(capsys, *env, "--service", "nowhere:Service")
    assert "not a subclass of Service" in usage_error(capsys, *env, "--service", "json:JSONDecoder")
    data = ("--data-dir", str(tmp_path / "data"))
    with running_emulator(tmp_path, *data) as emulator:
        assert "another emulator" in refusal(*env, *data)
        assert emulator.env_file.stat().st_mode & 0o777 == 0o600
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen" in refusal(*env, "--port-rtc", str(taken.getsockname()[1]))


def test_unsigned_and_in_real_time(tmp_path: Path) -> None:
    with running_emulator(tmp_path, "--no-signature-check") as emulator:
        query = "/?Action=StartSnapshot&Version=2023-11-01"
        body = {
            "AppId": "a",
            "RoomId": "r",
            "TaskId": "t",
            "ImageConfig": {"Interval": 1},
            "StorageConfig": STORAGE,
        }
        assert emulator.rtc.http.post(query, json=body).json()["Result"] == "ok"
        assert emulator.show("/calls")["calls"][0]["signature"] == "unchecked"
        started = time.monotonic()
        while emulator.task("t")["frames"] < 6:
            assert time.monotonic() - started < 20
        assert time.monotonic() - started > 1
