"""The control API of jobs, the journal, faults and quota of the MPS endpoint."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from support.emulator_client import Emulator
from support.mps_client import INPUT, SEQUENCE, SINGLE, Json, Mps, ref, refused
from videosnap_emulator.quota import LIMITS

NOBODY = "/jobs/" + "0" * 32


def test_all_facts_of_a_job(mps: Mps) -> None:
    emulator = mps.emulator
    config = {**SEQUENCE, "TileOut": {"Lines": 1, "Columns": 2}, "TileOutputFile": ref("s{TileCount}.jpg")}
    job = mps.submitted(config, UserData="token1")
    emulator.advance(1)
    view = emulator.show(f"/jobs/{job['Id']}")
    assert view == emulator.show("/jobs")["jobs"][0]
    assert (view["jobId"], view["state"], view["userData"]) == (job["Id"], "Success", "token1")
    assert (view["count"], view["tileCount"], view["asynchronous"]) == (2, 1, True)
    assert view["input"] == {"bucket": "media", "location": "oss-cn-hangzhou", "key": "input.mp4"}
    assert [one["kind"] for one in view["objects"]] == ["picture", "picture", "sheet"]
    assert set(view["objects"][0]) == {
        "kind", "bucket", "key", "contentType", "size", "width", "height", "sourceMs", "sourceFrame", "url",
    }  # fmt: skip
    assert mps.job(job["Id"])["TileCount"] == "1"
    assert view["creationTime"] < view["endTime"]


def test_jobs_are_listed_newest_first(mps: Mps) -> None:
    emulator = mps.emulator
    first, second = mps.submitted(), mps.submitted(SINGLE)
    assert [job["jobId"] for job in emulator.show("/jobs")["jobs"]] == [second["Id"], first["Id"]]
    assert [job["jobId"] for job in emulator.show("/jobs?state=Submitted")["jobs"]] == [first["Id"]]
    limited = emulator.show("/jobs?limit=1")
    assert ([job["jobId"] for job in limited["jobs"]], limited["total"]) == ([second["Id"]], 2)
    assert emulator.http.get("/jobs?state=running").json()["field"] == "state"


def test_a_webvtt_job_can_be_read_in_a_browser(mps: Mps) -> None:
    config = {**SEQUENCE, "Format": "vtt", "OutputFile": ref("v/x.vtt")}
    job = mps.submitted(config)
    mps.emulator.advance(1)
    objects = mps.emulator.show(f"/jobs/{job['Id']}")["objects"]
    answer = mps.emulator.http.get(next(one["url"] for one in objects if one["kind"] == "vtt"))
    assert answer.text.startswith("WEBVTT")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_drift(mps: Mps) -> None:
    emulator = mps.emulator
    job = mps.submitted()
    emulator.advance(1)
    path = f"/jobs/{job['Id']}"
    told = emulator.send("PUT", path, {"state": "Fail", "code": "EntityNotExist.Role", "message": "m"})
    assert (told["state"], told["code"]) == ("Fail", "EntityNotExist.Role")
    assert (mps.job(job["Id"])["Code"], mps.job(job["Id"])["Message"]) == ("EntityNotExist.Role", "m")
    emulator.send("PUT", path, {"userData": "other", "count": 7, "tileCount": 3})
    changed = mps.job(job["Id"])
    assert (changed["UserData"], changed["Count"], changed["TileCount"]) == ("other", "7", "3")
    emulator.send("PUT", path, {"state": "Submitted"})
    again = mps.job(job["Id"])
    assert (again["State"], "Code" in again) == ("Submitted", False)
    emulator.advance(1)
    assert mps.job(job["Id"])["State"] == "Success"


def test_a_running_job_that_is_failed_stays_so(mps: Mps) -> None:
    job = mps.submitted()
    mps.emulator.advance(0.5)
    mps.emulator.send("PUT", f"/jobs/{job['Id']}", {"state": "Fail", "code": "InternalError"})
    mps.emulator.advance(60)
    assert mps.job(job["Id"])["State"] == "Fail"
    assert mps.emulator.http.get("/frames/frames/shot_00001.jpg").status_code == 404


@pytest.mark.parametrize("seconds", [0, 0.5, 2])
def test_a_forgotten_job_is_unknown(mps: Mps, seconds: float) -> None:
    emulator = mps.emulator
    job = mps.submitted()
    emulator.advance(seconds)
    assert emulator.send("DELETE", f"/jobs/{job['Id']}") == {"jobId": job["Id"]}
    emulator.advance(10)
    told = mps.query(SnapshotJobIds=job["Id"])
    assert told["NonExistSnapshotJobIds"] == {"String": [job["Id"]]}
    assert mps.query()["SnapshotJobList"] == {"SnapshotJob": []}
    emulator.send("DELETE", f"/jobs/{job['Id']}", status=404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"state": "Done"}, "state"),
        ({"userData": "a b"}, "userData"),
        ({"count": -1}, "count"),
        ({"colour": "red"}, "colour"),
        ([], "body"),
    ],
)
def test_bad_changes(mps: Mps, body: Any, field: str) -> None:
    job = mps.submitted()
    assert mps.emulator.send("PUT", f"/jobs/{job['Id']}", body, status=400)["field"] == field


def test_unknown_jobs(mps: Mps) -> None:
    mps.emulator.send("PUT", NOBODY, {}, status=404)
    assert mps.emulator.http.get(NOBODY).json() == {"error": f"no such job: {'0' * 32}"}


def test_reset_forgets_jobs_pipelines_and_pace(mps: Mps) -> None:
    emulator = mps.emulator
    mps.submitted()
    emulator.send("PUT", "/jobs/pace", {"queuedSeconds": 9})
    emulator.send("PUT", f"/pipelines/{'1' * 32}")
    emulator.send("POST", "/reset")
    assert emulator.show("/jobs")["jobs"] == []
    assert emulator.show("/jobs/pace")["queuedSeconds"] == 0.5
    assert len(emulator.show("/pipelines")["pipelines"]) == 1
    emulator.advance(10)
    assert emulator.http.get("/frames/frames/shot_00001.jpg").status_code == 404


def test_the_journal_tells_both_apis_apart(mps: Mps) -> None:
    emulator = mps.emulator
    mps.submit(UserData="u1", common={"RegionId": "cn-hangzhou"})
    emulator.start()
    calls = emulator.show("/calls")["calls"]
    assert [call["service"] for call in calls] == ["mts", "rtc"]
    assert calls[0]["summary"] == {"Input": INPUT, "SnapshotConfig": SEQUENCE, "UserData": "u1"}
    assert calls[1]["requestId"]
    assert "videosnap-emulator-alibaba-secret" not in emulator.http.get("/calls").text


def order(emulator: Emulator, kind: str, **more: Any) -> None:
    emulator.send("PUT", "/faults", {"faults": [{"action": "SubmitSnapshotJob", "fault": kind, **more}]})


@pytest.mark.parametrize(("kind", "effect"), [("close-before", 0), ("close-after", 1)])
def test_closed_connections(mps: Mps, kind: str, effect: int) -> None:
    order(mps.emulator, kind)
    with pytest.raises(httpx.RemoteProtocolError):
        mps.submit()
    assert len(mps.emulator.show("/jobs")["jobs"]) == effect
    call = mps.emulator.show("/calls")["calls"][-1]
    assert (call["httpStatus"], call["fault"], call["service"]) == (None, kind, "mts")
    assert mps.submit().status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("throttle", 400, 0), ("error", 503, 0), ("malformed", 200, 1), ("empty", 200, 1), ("html", 503, 0)],
)
def test_spoilt_answers(mps: Mps, kind: str, status: int, effect: int) -> None:
    order(mps.emulator, kind, status=503, code="X.Y", message="m")
    answer = mps.submit()
    assert answer.status_code == status
    assert len(mps.emulator.show("/jobs")["jobs"]) == effect
    if kind in ("throttle", "error"):
        assert answer.json()["Code"] == {"throttle": "Throttling.User", "error": "X.Y"}[kind]
    else:
        with pytest.raises(ValueError, match=r"JSON|Expecting|Unterminated|delimiter"):
            answer.json()


@pytest.mark.parametrize("kind", ["stall-before", "stall-after"])
def test_stalls(mps: Mps, kind: str) -> None:
    order(mps.emulator, kind, seconds=0.2)
    assert mps.submit().elapsed.total_seconds() > 0.2
    assert len(mps.emulator.show("/jobs")["jobs"]) == 1


def test_a_request_that_was_never_processed_may_come_again(mps: Mps) -> None:
    nonce: Json = {"common": {"SignatureNonce": "once-more-0123456789"}}
    order(mps.emulator, "close-before")
    with pytest.raises(httpx.RemoteProtocolError):
        mps.submit(**nonce)
    assert mps.submit(**nonce).status_code == 200
    assert refused(mps.submit(**nonce)) == (400, "SignatureNonceUsed")


def test_quota(mps: Mps) -> None:
    limit = LIMITS["SubmitSnapshotJob"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: mps.submit(SINGLE, INPUT), range(3 * limit)))
    refusals = [answer for answer in answers if answer.status_code == 400]
    assert len(answers) - len(refusals) >= limit
    assert {refused(answer) for answer in refusals} <= {(400, "Throttling.User")}
    used = {one["action"]: one for one in mps.emulator.show("/quota")["quota"]}
    assert used["SubmitSnapshotJob"]["maximum"] <= limit
    assert used["QuerySnapshotJobList"]["limit"] == 100
