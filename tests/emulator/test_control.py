"""The control API: what it changes, shows and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.data import load
from support.emulator import Emulator
from support.mps_client import Mps

EMULATOR = Path(__file__).parents[2] / "emulator" / "videosnap_emulator"


@pytest.mark.parametrize(("method", "path", "body", "field"), load("emulator/bad_control_requests.json"))
def test_a_bad_request_names_its_field(mps: Mps, method: str, path: str, body: Any, field: str) -> None:
    path = path.format(job=mps.submitted()["Id"]) if "{job}" in path else path
    assert mps.emulator.request(method, path, body, status=400)["field"] == field


def test_changes_behind_the_api(emulator: Emulator) -> None:
    path = "/tasks/661e/Room1/Task1"
    emulator.request("PUT", path, {"interval": 5}, status=404)
    emulator.rtc.start()
    changes = {"interval": 7, "width": 320, "bucket": "media", "maxIdleTime": 30}
    changed = emulator.request("PUT", path, changes)
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
    bob = {"userId": "bob", "camera": True, "screen": True}
    assert emulator.request("PUT", room + "/users/bob", {"screen": True}) == bob
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
    found = ("/", "/page/page.js", "/page/rtc/panel.js")
    missing = [f"/page/{name}" for name in ("nothing.js", "rtc/nothing.js", "..%2fapi.py", "rtc/..%2fapi.py")]
    for path in (*found, *missing):
        answer = emulator.http.get(path)
        assert (path, answer.status_code) == (path, 200 if path in found else 404)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'"), path


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
