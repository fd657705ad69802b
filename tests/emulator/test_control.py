"""The control API: what it changes, shows and refuses."""

from pathlib import Path
from typing import Any

import pytest

from support.data import load
from support.emulator import Emulator
from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, Mps, ref
from support.workflow_stacks import topology

EMULATOR = Path(__file__).parents[2] / "emulator" / "videosnap_emulator"
MINE = "ab" * 16
FIRST_FRAME = "/frames/frames/shot_00001.jpg"


@pytest.mark.parametrize(("method", "path", "body", "field"), load("emulator/bad_control_requests.json"))
def test_a_bad_request_names_its_field(mps: Mps, method: str, path: str, body: Any, field: str) -> None:
    path = path.format(job=mps.submitted()["Id"]) if "{job}" in path else path
    if "{workflow}" in path:
        added = mps.call("AddMediaWorkflow", Name="w", Topology=topology()).json()
        path = path.format(workflow=added["MediaWorkflow"]["MediaWorkflowId"])
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
    assert [service["name"] for service in services] == ["rtc", "byteplus", "mps"]
    for service in services:
        assert emulator.environment[service["endpointVariable"]] == service["endpoint"]
        if service["name"] != "byteplus":
            assert emulator.http.get(service["panel"]).status_code == 200
    limits = {one["action"]: one["limit"] for service in services for one in service["actions"]}
    assert limits == {row["action"]: row["limit"] for row in emulator.show("/quota")["quota"]}


def test_assumptions_are_shown(emulator: Emulator) -> None:
    entries = emulator.show("/assumptions")["assumptions"]
    keys = [entry["key"] for entry in entries]
    assert len(set(keys)) == len(keys)
    assert {entry["api"] for entry in entries} == {"RTC", "BytePlus RTC", "MPS"}
    assert set(entries[0]) == {"key", "choice", "why", "source", "api"}
    marked = {
        line.split("# assumption: ")[1].strip()
        for path in EMULATOR.rglob("*.py")
        for line in path.read_text().splitlines()
        if "# assumption: " in line
    }
    assert marked <= set(keys)


def test_a_view_of_a_job(mps: Mps) -> None:
    config = {**SEQUENCE, "TileOut": {"Lines": 1, "Columns": 2}, "TileOutputFile": ref("s{TileCount}.jpg")}
    job = mps.submitted(config, UserData="token1")
    mps.emulator.advance(1)
    view = mps.view(job)
    assert view == mps.emulator.show("/jobs")["jobs"][0]
    expected = {
        "jobId": job["Id"], "state": "Success", "userData": "token1", "count": 2, "tileCount": 1,
        "asynchronous": True, "input": {"bucket": "media", "location": "oss-cn-hangzhou", "key": "input.mp4"},
    }  # fmt: skip
    assert {name: view[name] for name in expected} == expected
    assert [one["kind"] for one in view["objects"]] == ["picture", "picture", "sheet"]
    assert set(view["objects"][0]) == {
        "kind", "bucket", "key", "contentType", "size", "width", "height", "sourceMs", "sourceFrame", "url",
    }  # fmt: skip
    assert mps.job(job["Id"])["TileCount"] == "1"
    assert view["creationTime"] < view["endTime"]


def test_jobs_are_listed_newest_first(mps: Mps) -> None:
    first, second = mps.submitted()["Id"], mps.submitted(SINGLE)["Id"]
    for query, ids, total in (
        ("", [second, first], 2),
        ("?state=Submitted", [first], 1),
        ("?limit=1", [second], 2),
    ):
        answer = mps.emulator.show(f"/jobs{query}")
        assert ([job["jobId"] for job in answer["jobs"]], answer["total"]) == (ids, total)


def test_a_webvtt_text_can_be_read_in_a_browser(mps: Mps) -> None:
    job = mps.submitted({**SEQUENCE, "Format": "vtt", "OutputFile": ref("v/x.vtt")})
    mps.emulator.advance(1)
    url = next(one["url"] for one in mps.view(job)["objects"] if one["kind"] == "vtt")
    answer = mps.emulator.http.get(url)
    assert answer.text.startswith("WEBVTT")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_drift(mps: Mps) -> None:
    job = mps.submitted()
    mps.emulator.advance(1)

    def after(changes: Json) -> Json:
        mps.emulator.request("PUT", f"/jobs/{job['Id']}", changes)
        return mps.job(job["Id"])

    failed = {"State": "Fail", "Code": "EntityNotExist.Role", "Message": "m"}
    assert after({"state": "Fail", "code": "EntityNotExist.Role", "message": "m"}).items() >= failed.items()
    changed = {"UserData": "other", "Count": "7", "TileCount": "3"}
    assert after({"userData": "other", "count": 7, "tileCount": 3}).items() >= changed.items()
    again = after({"state": "Submitted"})
    assert (again["State"], "Code" in again) == ("Submitted", False)
    mps.emulator.advance(1)
    assert mps.job(job["Id"])["State"] == "Success"


def test_a_running_job_that_is_failed_stays_so(mps: Mps) -> None:
    job = mps.submitted()
    mps.emulator.advance(0.5)
    mps.emulator.request("PUT", f"/jobs/{job['Id']}", {"state": "Fail", "code": "InternalError"})
    mps.emulator.advance(60)
    assert mps.job(job["Id"])["State"] == "Fail"
    assert mps.emulator.http.get(FIRST_FRAME).status_code == 404


@pytest.mark.parametrize("seconds", [0, 0.5, 2])
def test_a_forgotten_job_is_unknown(mps: Mps, seconds: float) -> None:
    job = mps.submitted()
    mps.emulator.advance(seconds)
    assert mps.emulator.request("DELETE", f"/jobs/{job['Id']}") == {"jobId": job["Id"]}
    mps.emulator.advance(10)
    assert (mps.emulator.http.get(FIRST_FRAME).status_code == 404) is (seconds < 1)
    assert mps.query(SnapshotJobIds=job["Id"])["NonExistSnapshotJobIds"] == {"String": [job["Id"]]}
    assert mps.query()["SnapshotJobList"] == {"SnapshotJob": []}
    for method in ("DELETE", "PUT", "GET"):
        unknown = mps.emulator.request(method, f"/jobs/{job['Id']}", {}, status=404)
        assert unknown == {"error": f"no such job: {job['Id']}"}


def test_pipelines(mps: Mps) -> None:
    emulator, path = mps.emulator, f"/pipelines/{MINE}"
    put = emulator.request("PUT", path, {"name": "mine", "speed": "Boost"})
    assert put == emulator.show(path) == emulator.show("/pipelines")["pipelines"][1]
    assert (put["name"], put["state"], put["speed"]) == ("mine", "Active", "Boost")
    emulator.request("DELETE", path)
    emulator.request("DELETE", path, status=404)
    assert emulator.http.get(path).status_code == 404


def test_reset_forgets_jobs_pipelines_and_pace(mps: Mps) -> None:
    emulator = mps.emulator
    mps.submitted()
    mps.pace(queued=9)
    emulator.request("PUT", f"/pipelines/{'1' * 32}")
    emulator.request("POST", "/reset")
    assert emulator.show("/jobs")["jobs"] == []
    assert mps.pace()["queuedSeconds"] == 0.5
    assert len(emulator.show("/pipelines")["pipelines"]) == 1
    emulator.advance(10)
    assert emulator.http.get(FIRST_FRAME).status_code == 404


def test_the_call_log_has_both_apis(mps: Mps) -> None:
    emulator, first = mps.emulator, mps.emulator.last_call()
    mps.submit(UserData="u1", common={"RegionId": "cn-hangzhou"})
    emulator.rtc.stop()
    calls = emulator.calls()
    assert [call["service"] for call in calls] == ["mts", "rtc"]
    assert calls[0]["summary"] == {"Input": INPUT, "SnapshotConfig": SEQUENCE, "UserData": "u1"}
    assert calls[1]["summary"] == {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}
    assert calls[1]["requestId"]
    assert emulator.calls(first + 1) == calls[1:]
    assert mps.secret not in emulator.http.get("/calls").text
    emulator.request("DELETE", "/calls")
    assert emulator.show("/calls") == {"calls": [], "last": first + 2}
