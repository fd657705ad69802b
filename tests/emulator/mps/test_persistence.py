"""With a data directory jobs, pipelines and pace come back, and jobs under way go on."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from support.emulator_client import Emulator
from support.mps_client import SEQUENCE, SINGLE, Mps, ref

MINE = "cd" * 16
PATHS = ("/jobs", "/jobs/pace", "/pipelines", "/calls")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory in which the sample videos are made already."""
    shutil.copytree(user_cache_path("videosnap-emulator"), tmp_path / "data" / "samples", dirs_exist_ok=True)
    return tmp_path / "data"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_jobs_go_on(running: Emulator, tmp_path: Path, data: Path, number: int) -> None:
    options = ("--data-dir", str(data), "--pace", "manual")
    first = Emulator(tmp_path, *options, "--job-seconds", "4")
    client = Mps(first)
    first.send("PUT", f"/pipelines/{MINE}", {"state": "Paused"})
    done = client.submitted(SINGLE)
    under_way = client.submitted({**SEQUENCE, "OutputFile": ref("r{Count}.jpg")})
    first.advance(2.5)
    waiting = client.submitted({**SEQUENCE, "OutputFile": ref("w{Count}.jpg")}, UserData="mine")
    held = client.submitted(PipelineId=MINE)
    before = {path: first.show(path) for path in PATHS}
    client.close()
    first.kill(number)
    second = Emulator(tmp_path, *options)
    client = Mps(second)
    try:
        assert {path: second.show(path) for path in PATHS} == before
        second.advance(1.5)
        states = {job["Id"]: client.job(job["Id"])["State"] for job in (done, under_way, waiting, held)}
        assert list(states.values()) == ["Success", "Success", "Submitted", "Submitted"]
        second.advance(2.5)
        job = client.job(waiting["Id"])
        assert (job["UserData"], job["State"]) == ("mine", "Success")
        assert client.submitted()["Id"] not in states
        assert second.http.get("/frames/frames/r00002.jpg").status_code == 200
    finally:
        client.close()
        second.kill()


def test_a_directory_without_jobs_opens_and_an_option_beats_what_is_stored(
    running: Emulator, tmp_path: Path, data: Path
) -> None:
    options = ("--data-dir", str(data), "--pace", "manual", "--job-seconds", "4")
    Emulator(tmp_path, *options).kill()
    database = sqlite3.connect(data / "world.sqlite3")
    database.executescript("DROP TABLE jobs; DROP TABLE pipelines; DELETE FROM facts WHERE name LIKE '%job%'")
    database.close()
    for more, seconds in ((), 2), (("--job-seconds", "6"), 3):
        emulator = Emulator(tmp_path, *options, *more)
        try:
            assert emulator.show("/jobs/pace")["queuedSeconds"] == seconds
            assert len(emulator.show("/pipelines")["pipelines"]) == 1
        finally:
            emulator.kill()
