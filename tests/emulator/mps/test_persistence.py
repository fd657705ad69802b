"""With a data directory jobs, pipelines and pace come back, and jobs under way go on."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.emulator import running_emulator
from support.mps_client import SEQUENCE, SINGLE, Mps, ref

MINE = "cd" * 16
PATHS = ("/jobs", "/jobs/pace", "/pipelines", "/calls")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_jobs_go_on(tmp_path: Path, number: int) -> None:
    options = ("--data-dir", str(tmp_path / "data"), "--pace", "manual")
    with running_emulator(tmp_path, *options, "--job-seconds", "4") as first, closing(Mps(first)) as client:
        first.request("PUT", f"/pipelines/{MINE}", {"state": "Paused"})
        done = client.submitted(SINGLE)
        under_way = client.submitted({**SEQUENCE, "OutputFile": ref("r{Count}.jpg")})
        first.advance(2.5)
        waiting = client.submitted({**SEQUENCE, "OutputFile": ref("w{Count}.jpg")}, UserData="mine")
        held = client.submitted(PipelineId=MINE)
        before = {path: first.show(path) for path in PATHS}
        first.end(number)
    with running_emulator(tmp_path, *options) as second, closing(Mps(second)) as client:
        assert {path: second.show(path) for path in PATHS} == before
        second.advance(1.5)
        states = {job["Id"]: client.job(job["Id"])["State"] for job in (done, under_way, waiting, held)}
        assert list(states.values()) == ["Success", "Success", "Submitted", "Submitted"]
        second.advance(2.5)
        job = client.job(waiting["Id"])
        assert (job["UserData"], job["State"]) == ("mine", "Success")
        assert client.submitted()["Id"] not in states
        assert second.http.get("/frames/frames/r00002.jpg").status_code == 200


def test_a_directory_without_jobs_opens_and_an_option_beats_what_is_stored(tmp_path: Path) -> None:
    data = tmp_path / "data"
    options = ("--data-dir", str(data), "--pace", "manual", "--job-seconds", "4")
    with running_emulator(tmp_path, *options):
        pass
    with closing(sqlite3.connect(data / "world.sqlite3")) as database:
        database.executescript(
            "DROP TABLE jobs; DROP TABLE pipelines; DELETE FROM facts WHERE name LIKE '%job%'"
        )
    for more, seconds in ((), 2), (("--job-seconds", "6"), 3):
        with running_emulator(tmp_path, *options, *more) as emulator:
            assert emulator.show("/jobs/pace")["queuedSeconds"] == seconds
            assert len(emulator.show("/pipelines")["pipelines"]) == 1
