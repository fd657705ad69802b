"""The control API of jobs and pipelines, and the call log of the MPS endpoint."""

from __future__ import annotations

import pytest

from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, Mps, ref

MINE = "ab" * 16
FIRST_FRAME = "/frames/frames/shot_00001.jpg"


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
    emulator = mps.emulator
    mps.submit(UserData="u1", common={"RegionId": "cn-hangzhou"})
    emulator.rtc.start()
    calls = emulator.show("/calls")["calls"]
    assert [call["service"] for call in calls] == ["mts", "rtc"]
    assert calls[0]["summary"] == {"Input": INPUT, "SnapshotConfig": SEQUENCE, "UserData": "u1"}
    assert calls[1]["requestId"]
    assert mps.secret not in emulator.http.get("/calls").text
