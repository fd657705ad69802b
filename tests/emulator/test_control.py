"""The control API and faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.emulator import Emulator

EMULATOR = Path(__file__).parents[2] / "emulator" / "videosnap_emulator"


def inject(emulator: Emulator, kind: str, **more: Any) -> None:
    emulator.request("PUT", "/faults", {"faults": [{"action": "StartSnapshot", "fault": kind, **more}]})


@pytest.mark.parametrize(("kind", "effect"), [("close-before", 0), ("close-after", 1)])
def test_closed_connections(emulator: Emulator, kind: str, effect: int) -> None:
    inject(emulator, kind)
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
    inject(emulator, kind, status=503, code="X.Y", message="m")
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
    inject(emulator, kind, seconds=2)
    with ThreadPoolExecutor(1) as pool:
        stalled = pool.submit(emulator.rtc.start)
        while not emulator.show("/faults")["faults"][0]["hits"] or len(emulator.tasks()) < effect:
            assert not stalled.done()
        assert len(emulator.tasks()) == effect
        assert emulator.rtc.get(TaskId="x").status_code == 400
        assert not stalled.done()
        assert stalled.result().json()["Result"] == "ok"
    assert len(emulator.show("/tasks")["tasks"]) == 1


def test_fault_counting(emulator: Emulator) -> None:
    inject(emulator, "error", afterCall=1, times=2)
    assert [emulator.rtc.start().status_code for _ in range(4)] == [200, 500, 500, 200]
    fault = emulator.show("/faults")["faults"][0]
    assert (fault["hits"], fault["remaining"]) == (2, 0)
    inject(emulator, "error", times=None)
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


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/page/page.js", 200),
        ("/page/rtc/panel.js", 200),
        ("/page/nothing.js", 404),
        ("/page/rtc/nothing.js", 404),
        ("/page/..%2fapi.py", 404),
        ("/page/rtc/..%2fapi.py", 404),
    ],
)
def test_page_is_served_with_a_policy(emulator: Emulator, path: str, status: int) -> None:
    answer = emulator.http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


def test_services_are_listed(emulator: Emulator) -> None:
    services = emulator.show("/services")["services"]
    assert [service["name"] for service in services] == ["rtc", "mps"]
    for service in services:
        assert emulator.environment[service["endpointVariable"]] == service["endpoint"]
        assert emulator.http.get(service["panel"]).status_code == 200
    limits = {one["action"]: one["limit"] for service in services for one in service["actions"]}
    assert limits == {row["action"]: row["limit"] for row in emulator.show("/quota")["quota"]}


def test_assumptions_are_shown(emulator: Emulator) -> None:
    entries = emulator.show("/assumptions")["assumptions"]
    keys = [entry["key"] for entry in entries]
    assert len(set(keys)) == len(keys)
    assert {entry["api"] for entry in entries} == {"RTC", "MPS"}
    assert set(entries[0]) == {"key", "choice", "why", "source", "api"}
    marked = {
        line.split("# assumption: ")[1].strip()
        for path in EMULATOR.rglob("*.py")
        for line in path.read_text().splitlines()
        if "# assumption: " in line
    }
    assert marked <= set(keys)
