"""The control API, faults, and coming back after an end."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.emulator import Emulator


def order(emulator: Emulator, kind: str, **more: Any) -> None:
    emulator.request("PUT", "/faults", {"faults": [{"action": "StartSnapshot", "fault": kind, **more}]})


@pytest.mark.parametrize(("kind", "effect"), [("close-before", 0), ("close-after", 1)])
def test_closed_connections(emulator: Emulator, kind: str, effect: int) -> None:
    order(emulator, kind)
    with pytest.raises(httpx.RemoteProtocolError):
        emulator.rtc.start()
    assert len(emulator.show("/tasks")["tasks"]) == effect
    call = emulator.show("/calls")["calls"][-1]
    assert (call["httpStatus"], call["code"], call["fault"], call["signature"]) == (None, None, kind, "ok")
    assert emulator.rtc.start().status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("throttle", 429, 0), ("error", 503, 0), ("malformed", 200, 1), ("empty", 200, 1), ("html", 503, 0)],
)
def test_spoilt_answers(emulator: Emulator, kind: str, status: int, effect: int) -> None:
    order(emulator, kind, status=503, code="X.Y", message="m")
    answer = emulator.rtc.start()
    assert answer.status_code == status
    assert len(emulator.show("/tasks")["tasks"]) == effect
    if kind in ("malformed", "empty", "html"):
        with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated|delimiter"):
            answer.json()
    else:
        code = {"throttle": "FlowLimitExceeded.QPSOverLimit", "error": "X.Y"}[kind]
        assert answer.json()["ResponseMetadata"]["Error"]["Code"] == code


@pytest.mark.parametrize(("kind", "effect"), [("stall-before", 0), ("stall-after", 1)])
def test_stalls_block_nobody_else(emulator: Emulator, kind: str, effect: int) -> None:
    order(emulator, kind, seconds=1)
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(emulator.rtc.start)
        deadline = time.monotonic() + 5
        while not emulator.show("/faults")["faults"][0]["hits"]:
            assert time.monotonic() < deadline
        time.sleep(0.2)
        assert len(emulator.show("/tasks")["tasks"]) == effect
        assert emulator.rtc.get(TaskId="x").status_code == 400
        assert not stalled.done()
        assert stalled.result().json()["Result"] == "ok"
    assert len(emulator.show("/tasks")["tasks"]) == 1


def test_fault_counting(emulator: Emulator) -> None:
    order(emulator, "error", afterCall=1, times=2)
    assert [emulator.rtc.start().status_code for _ in range(4)] == [200, 500, 500, 200]
    fault = emulator.show("/faults")["faults"][0]
    assert (fault["hits"], fault["remaining"]) == (2, 0)
    order(emulator, "error", times=None)
    assert [emulator.rtc.start().status_code for _ in range(3)] == [500, 500, 500]
    assert emulator.request("DELETE", "/faults") == {"faults": []}
    assert emulator.rtc.start().status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PUT", "/faults", {"faults": [{"action": "*", "fault": "explode"}]}, "faults[0].fault"),
        ("PUT", "/faults", {"faults": [{"action": "*", "fault": "html", "x": 1}]}, "faults[0].x"),
        ("PUT", "/faults", {"rules": []}, "rules"),
        ("POST", "/clock/advance", {"seconds": -1}, "seconds"),
        ("POST", "/clock/advance", {"seconds": True}, "seconds"),
        ("POST", "/clock/advance", {}, "seconds"),
        ("PUT", "/rooms/a/b/users/u", {"kamera": True}, "kamera"),
        ("PUT", "/rooms/a/b/users/u", {"camera": 1}, "camera"),
        ("PUT", "/rooms/a/b", {"autoSnapshot": {"interval": 0}}, "interval"),
        ("PUT", "/tasks/a/b/c", {"intervall": 1}, "intervall"),
        ("PUT", "/tasks/a/b/c", {"status": "dead"}, "status"),
        ("GET", "/tasks?status=dead", None, "status"),
        ("GET", "/calls?after=x", None, "after"),
    ],
)
def test_unknown_names_and_bad_values(
    emulator: Emulator, method: str, path: str, body: Any, field: str
) -> None:
    assert emulator.request(method, path, body, status=400)["field"] == field


def test_changes_behind_the_api(emulator: Emulator) -> None:
    path = "/tasks/661e/Room1/Task1"
    emulator.request("PUT", path, {"interval": 5}, status=404)
    emulator.rtc.start()
    changed = emulator.request(
        "PUT", path, {"interval": 7, "width": 320, "bucket": "media", "maxIdleTime": 30}
    )
    assert (changed["interval"], changed["width"], changed["storage"]["bucket"]) == (7, 320, "media")
    task = emulator.rtc.get().json()["Result"]["SnapshotTask"]
    assert (task["ImageConfig"]["Interval"], task["MaxIdleTime"]) == (7, 30)
    assert task["StorageConfig"]["TosConfig"]["Bucket"] == "media"
    failed = emulator.request("PUT", path, {"status": "failed"})
    assert (failed["status"], failed["stopReason"]) == ("failed", "StartTaskFailed")
    assert emulator.rtc.get().json()["Result"]["SnapshotTask"]["Status"] == 4
    assert emulator.request("PUT", path, {"status": "running"})["endTime"] is None
    assert emulator.request("POST", path + "/stop")["stopReason"] == "StopByAPI"
    emulator.request("POST", path + "/stop", status=404)
    assert emulator.show("/tasks?status=running") == {"tasks": []}


def test_calls(emulator: Emulator) -> None:
    first = emulator.show("/calls")["last"]
    emulator.rtc.start()
    emulator.rtc.stop()
    shown = emulator.show(f"/calls?after={first + 1}")
    assert [call["action"] for call in shown["calls"]] == ["StopSnapshot"]
    assert shown["calls"][0]["summary"] == {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}
    emulator.request("DELETE", "/calls")
    assert emulator.show("/calls") == {"calls": [], "last": first + 2}


def test_users(emulator: Emulator) -> None:
    room = "/rooms/a/r"
    assert [u["userId"] for u in emulator.show(room)["users"]] == ["user0", "user1"]
    assert emulator.show("/rooms") == {"rooms": []}
    assert emulator.http.get(room + "/users/bob").status_code == 404
    assert emulator.request("PUT", room + "/users/bob", {"screen": True}) == {
        "userId": "bob",
        "camera": True,
        "screen": True,
    }
    emulator.request("DELETE", room + "/users/user0")
    assert [u["userId"] for u in emulator.show("/rooms")["rooms"][0]["users"]] == ["user1", "bob"]
    emulator.request("DELETE", room + "/users/user0", status=404)


def test_strangers_are_kept_out(emulator: Emulator) -> None:
    def status(**headers: str) -> int:
        return emulator.http.post("/reset", headers=headers).status_code

    port = emulator.http.base_url.port
    assert status(host=f"evil.example:{port}") == 403
    assert status(host="127.0.0.1.evil.example") == 403
    assert status(origin="https://evil.example") == 403
    assert status(origin="null") == 403
    assert status(host=f"localhost:{port}", origin=f"http://localhost:{port}") == 200
    assert status(origin=str(emulator.http.base_url).rstrip("/")) == 200


def test_page_is_served_with_a_policy(emulator: Emulator) -> None:
    for path in ("/", "/page/nothing.js", "/page/..%2fserve.py"):
        answer = emulator.http.get(path)
        assert answer.status_code == 404 or path == "/"
        if path != "/page/..%2fserve.py":
            assert answer.headers["content-security-policy"].startswith(
                "default-src 'none'; script-src 'self'"
            )


def test_assumptions_are_shown(emulator: Emulator) -> None:
    entries = emulator.show("/assumptions")["assumptions"]
    keys = [entry["key"] for entry in entries]
    assert len(set(keys)) == len(keys)
    assert {entry["api"] for entry in entries} == {"RTC", "MPS"}
    assert set(entries[0]) == {"key", "choice", "why", "source", "api"}
    marked = {
        line.split("# assumption: ")[1].strip()
        for path in (ROOT / "videosnap_emulator").rglob("*.py")
        for line in path.read_text().splitlines()
        if "# assumption: " in line
    }
    assert marked <= set(keys)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_coming_back(tmp_path: Path, number: int) -> None:
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    first = Emulator(tmp_path, *options)
    first.rtc.start()
    first.rtc.start(TaskId="Task2")
    first.request("PUT", "/rooms/661e/Room1/users/alice", {})
    first.advance(100)
    first.rtc.stop(TaskId="Task2")
    paths = ("/tasks", "/rooms", "/frames?limit=1000", "/calls")
    before = {path: first.show(path) for path in paths} | {"now": first.show("/clock")["now"]}
    env = first.environment
    assert first.end(number) < 5
    assert first.process.returncode == (0 if number != signal.SIGKILL else -9)
    second = Emulator(tmp_path, *options)
    try:
        assert second.environment == env
        assert {path: second.show(path) for path in paths} | {"now": second.show("/clock")["now"]} == before
        frame = second.show("/frames")["frames"][0]
        assert second.http.get(frame["url"]).content[:2] == b"\xff\xd8"
        assert second.rtc.start().json()["Result"].startswith("The task has been started")
        second.advance(10)
        assert second.task()["frames"] == before["/tasks"]["tasks"][1]["frames"] + 15
    finally:
        second.close()


def test_ends_in_time_with_an_open_stall_and_a_long_advance(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    order(emulator, "stall-after", seconds=60)
    with ThreadPoolExecutor(2) as pool:
        stalled = pool.submit(emulator.rtc.start, timeout=30)
        time.sleep(0.5)
        for number in range(20):
            emulator.rtc.call(
                "StartSnapshot",
                {
                    "AppId": "a",
                    "RoomId": "r",
                    "TaskId": f"t{number}",
                    "ImageConfig": {"Width": 100 + number},
                    "StorageConfig": {"TosConfig": {"AccountId": "2", "Bucket": "frames"}},
                },
            )
        advancing = pool.submit(emulator.http.post, "/clock/advance", json={"seconds": 7200})
        time.sleep(0.3)
        start = time.monotonic()
        emulator.process.send_signal(signal.SIGTERM)
        assert emulator.process.wait(10) == 0
        assert time.monotonic() - start < 2
        assert stalled.exception()
        del advancing
    emulator.close()


def refused(*options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "videosnap_emulator", *options],
        env={"PYTHONPATH": str(ROOT), "HOME": "/tmp"},  # noqa: S108
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 2
    return done.stderr


def test_refusals(tmp_path: Path) -> None:
    env = ("--env-file", str(tmp_path / "other"))
    assert "loopback" in refused(*env, "--host", "0.0.0.0")  # noqa: S104
    assert "--env-file" in refused()
    data = ("--data-dir", str(tmp_path / "data"))
    emulator = Emulator(tmp_path, *data)
    try:
        assert "another emulator" in refused(*env, *data)
        assert emulator.env_file.stat().st_mode & 0o777 == 0o600
    finally:
        emulator.close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot listen" in refused(*env, "--port-rtc", str(taken.getsockname()[1]))


def test_unsigned_and_in_real_time(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path, "--no-signature-check")
    try:
        query = "/?Action=StartSnapshot&Version=2023-11-01"
        body = {
            "AppId": "a",
            "RoomId": "r",
            "TaskId": "t",
            "ImageConfig": {"Interval": 1},
            "StorageConfig": {"TosConfig": {"AccountId": "2", "Bucket": "frames"}},
        }
        assert emulator.rtc.http.post(query, json=body).json()["Result"] == "ok"
        assert emulator.show("/calls")["calls"][0]["signature"] == "unchecked"
        time.sleep(2.5)
        assert emulator.task("t")["frames"] in (6, 8)
    finally:
        emulator.close()
