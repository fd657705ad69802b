"""Pipelines: listed by the API, added and paused through the control API."""

from __future__ import annotations

import pytest

from support.mps_client import DEFAULT_PIPELINE, Json, Mps, found, refused

MINE = "ab" * 16


def test_the_default_pipeline(mps: Mps) -> None:
    told = found(mps.call("SearchPipeline"))
    assert (told["TotalCount"], told["PageNumber"], told["PageSize"]) == (1, 1, 10)
    pipeline = told["PipelineList"]["Pipeline"][0]
    assert (pipeline["Id"], pipeline["State"], pipeline["Speed"]) == (DEFAULT_PIPELINE, "Active", "Standard")
    assert "CreationTime" in pipeline


def test_pipelines_by_ids(mps: Mps) -> None:
    told = found(mps.call("QueryPipelineList", PipelineIds=f"{MINE},{DEFAULT_PIPELINE}"))
    assert [one["Id"] for one in told["PipelineList"]["Pipeline"]] == [DEFAULT_PIPELINE]
    assert told["NonExistPids"] == {"String": [MINE]}
    assert refused(mps.call("QueryPipelineList")) == (400, "MissingPipelineIds")


def test_searching_page_by_page(mps: Mps) -> None:
    for number in range(3):
        path = f"/pipelines/{number:032x}"
        mps.emulator.send("PUT", path, {"name": f"p{number}", "state": "Paused"})
    pages = [
        found(mps.call("SearchPipeline", PageSize=3, PageNumber=number))["PipelineList"]["Pipeline"]
        for number in (1, 2, 3)
    ]
    assert [len(page) for page in pages] == [3, 1, 0]
    assert found(mps.call("SearchPipeline", State="Paused"))["TotalCount"] == 3
    assert found(mps.call("SearchPipeline", State="Active"))["TotalCount"] == 1


@pytest.mark.parametrize("own", [{"PageSize": 101}, {"PageNumber": 0}, {"State": "Deleted"}], ids=str)
def test_bad_searches(mps: Mps, own: Json) -> None:
    status, code = refused(mps.call("SearchPipeline", **own))
    assert (status, code.split(".")[0]) == (400, "InvalidParameter")


def test_a_paused_pipeline_holds_its_jobs_back(mps: Mps) -> None:
    emulator = mps.emulator
    emulator.send("PUT", f"/pipelines/{MINE}", {"state": "Paused", "notifyConfig": {"QueueName": "q"}})
    held, free = mps.submitted(PipelineId=MINE), mps.submitted(PipelineId=DEFAULT_PIPELINE)
    emulator.advance(3600)
    assert [mps.job(job["Id"])["State"] for job in (held, free)] == ["Submitted", "Success"]
    emulator.send("PUT", f"/pipelines/{MINE}", {"state": "Active"})
    assert mps.job(held["Id"])["State"] == "Submitted"
    emulator.advance(1)
    assert mps.job(held["Id"]) | {"State": "Success", "PipelineId": MINE} == mps.job(held["Id"])


def test_pausing_catches_what_waits_and_nothing_that_runs(mps: Mps) -> None:
    emulator = mps.emulator
    emulator.send("PUT", f"/pipelines/{MINE}")
    running = mps.submitted(PipelineId=MINE)
    emulator.advance(0.5)
    waiting = mps.submitted(PipelineId=MINE)
    emulator.send("PUT", f"/pipelines/{MINE}", {"state": "Paused"})
    emulator.advance(60)
    assert [mps.job(job["Id"])["State"] for job in (running, waiting)] == ["Success", "Submitted"]
    emulator.send("DELETE", f"/pipelines/{MINE}")
    emulator.advance(1)
    assert mps.job(waiting["Id"])["State"] == "Success"


def test_the_control_api_of_pipelines(mps: Mps) -> None:
    emulator = mps.emulator
    put = emulator.send("PUT", f"/pipelines/{MINE}", {"name": "mine", "speed": "Boost"})
    assert put == emulator.show(f"/pipelines/{MINE}") == emulator.show("/pipelines")["pipelines"][1]
    assert (put["name"], put["state"], put["speed"]) == ("mine", "Active", "Boost")
    for path, body, field in (
        ("/pipelines/short", {}, "pipeline"),
        (f"/pipelines/{MINE}", {"state": "Gone"}, "state"),
        (f"/pipelines/{MINE}", {"speed": "Warp"}, "speed"),
        (f"/pipelines/{MINE}", {"notifyConfig": {"Queue": "q"}}, "Queue"),
    ):
        assert emulator.send("PUT", path, body, status=400)["field"] == field
    assert emulator.send("DELETE", f"/pipelines/{DEFAULT_PIPELINE}", status=400)["field"] == "pipeline"
    emulator.send("DELETE", f"/pipelines/{MINE}")
    emulator.send("DELETE", f"/pipelines/{MINE}", status=404)
    assert emulator.http.get(f"/pipelines/{MINE}").status_code == 404
