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


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory in which the sample videos are made already."""
    shutil.copytree(user_cache_path("videosnap-emulator"), tmp_path / "data" / "samples", dirs_exist_ok=True)
    return tmp_path / "data"


PATHS = ("/jobs", "/jobs/pace", "/pipelines", "/calls")


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
        assert client.job(waiting["Id"])["UserData"] == "mine"
        assert client.job(waiting["Id"])["State"] == "Success"
        assert client.submitted()["Id"] not in states
        assert second.http.get("/frames/frames/r00002.jpg").status_code == 200
    finally:
        client.close()
        second.kill()


def test_a_folder_of_an_older_version_still_opens(running: Emulator, tmp_path: Path, data: Path) -> None:
    options = ("--data-dir", str(data), "--pace", "manual", "--job-seconds", "4")
    first = Emulator(tmp_path, *options)
    first.start()
    tasks = first.show("/tasks")
    first.kill()
    file = sqlite3.connect(data / "world.sqlite3")
    file.executescript("DROP TABLE jobs; DROP TABLE pipelines; DELETE FROM facts WHERE name LIKE '%job%';")
    bodies = file.execute("SELECT seq, body FROM calls").fetchall()
    for seq, body in bodies:
        old = body.replace(', "service": "rtc"', "").partition(', "request_id"')[0] + "}"
        file.execute("UPDATE calls SET body = ? WHERE seq = ?", (old, seq))
    file.commit()
    file.close()
    (data / "ports.json").write_text('{"rtc": 1}')
    second = Emulator(tmp_path, *options, "--job-seconds", "6")
    try:
        assert second.show("/tasks") == tasks
        assert second.show("/calls")["calls"][0]["service"] == "rtc"
        assert second.show("/jobs/pace")["queuedSeconds"] == 3, "an option beats what was kept"
        assert len(second.show("/pipelines")["pipelines"]) == 1
    finally:
        second.kill()
