"""Answers that cannot be true: one clear error for that task, the others go on, and no time is lost."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pulumi_videosnap.cli import run_command
from pulumi_videosnap.cli.drift import main as drift
from pulumi_videosnap.cli.frames import main as frames
from support.data import load
from support.exports import export, resource
from support.fake_server import FakeServer, Request, Response
from support.sampling import sample
from unit.inputs.tasks import job, plain_task

STARTED = "2026-05-01T12:00:00Z"
ANSWERS: dict[str, dict[str, Any]] = load("rtc/hostile_answers.json")
TASK = {"StartTime": 1777636800000, "EndTime": 0, "Status": 2, "ImageConfig": {"Interval": 5}}
KEYS = dict.fromkeys(("VOLCENGINE_ACCESS_KEY", "VOLCENGINE_SECRET_KEY"), "an-example-canary")
KEYS |= dict.fromkeys(("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"), "an-example-canary")
ENDPOINTS: tuple[str, ...] = ("VOLCENGINE_RTC_ENDPOINT", "VOLCENGINE_TOS_ENDPOINT")
ENDPOINTS += ("ALIBABA_CLOUD_MPS_ENDPOINT", "ALIBABA_CLOUD_OSS_ENDPOINT")
JOB = {"State": "Success", "Count": "3", "CreationTime": STARTED}


def recorded(kind: str, name: str) -> dict[str, Any]:
    """A resource as `pulumi stack export` has it."""
    if kind == "task":
        inputs = plain_task(taskId=name)
        outputs: dict[str, Any] = {"status": "running", "startTime": STARTED, "history": []}
        task_id = f"{inputs['appId']}/{inputs['roomId']}/{name}"
    else:
        task_id = {"good": "a", "bad": "b"}[name] * 32
        inputs = {**job("moments"), "owner": name, "result": "success", "timeout": 600.0}
        inputs |= {"waitFor": "finished", "onDelete": "keep-frames", "triggers": []}
        outputs = {"jobId": task_id, "state": "Success", "count": 3, "creationTime": STARTED, "frames": []}
    token = {"task": "volcengine:SnapshotTask", "job": "alibaba:SnapshotJob"}[kind]
    return resource(token, name, task_id, inputs, {**inputs, **outputs}, custom=True)


class Services:
    """Both services: `bad` is answered with what cannot be true, `good` as documented."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def __call__(self, request: Request) -> Response:
        if request.query.get("Action") != "GetSnapshotTask":
            bad = self._answer.get("job", {})
            jobs = [{"Id": "a" * 32, **JOB, "Input": {}}, {"Id": "b" * 32, **JOB, **bad}]
            return self._json({"RequestId": "R", "SnapshotJobList": {"SnapshotJob": jobs}})
        result: Any = {"SnapshotTask": TASK}
        if request.query["TaskId"] == "bad":
            result = self._answer.get("result", result)
            if "task" in self._answer:
                result = {"SnapshotTask": {**TASK, **self._answer["task"]}}
        return self._json({"ResponseMetadata": {"RequestId": "R"}, "Result": result})

    def _json(self, body: dict[str, Any]) -> Response:
        return Response(200, json.dumps(body).encode(), {"Date": "Fri, 01 May 2026 13:00:00 GMT"})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def command(answer: dict[str, Any], kind: str) -> tuple[int, dict[str, Any], float]:
        with FakeServer(Services(answer)) as server:
            for name, value in (KEYS | dict.fromkeys(ENDPOINTS, server.endpoint)).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path / "quota"))
            file = tmp_path / "state.json"
            file.write_text(export(recorded(kind, "good"), recorded(kind, "bad")))
            began = time.monotonic()
            code = run_command("drift", drift, ["--state", str(file), "--json", "--no-frames"])
            return code, json.loads(capsys.readouterr().out), time.monotonic() - began

    return command


@pytest.mark.parametrize("name", sample(list(ANSWERS), 0.25))
def test_one_impossible_answer_is_an_error_of_that_task_alone(run: Any, name: str) -> None:
    answer = ANSWERS[name]
    code, report, seconds = run(answer, answer["kind"])
    found = {task["name"]: task for stack in report["stacks"] for task in stack["findings"]}
    assert found["good"]["verdict"] in ("in sync", "complete"), found
    if answer.get("kept"):
        assert (code, found["bad"]["verdict"]) == (0, found["good"]["verdict"])
    else:
        assert (code, found["bad"]["verdict"]) == (2, "cannot be read")
        assert answer["error"] in json.dumps(found["bad"])
    assert seconds < 30


@pytest.mark.parametrize("interval", [0, -1, 1e300, "often", None, True])
def test_an_interval_that_an_older_release_recorded_never_loops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], interval: Any
) -> None:
    bad, worse, file = recorded("task", "bad"), recorded("task", "worse"), tmp_path / "state.json"
    bad["outputs"]["imageConfig"]["interval"] = interval
    worse["outputs"]["history"] = [{"at": STARTED, "event": "start", "interval": interval}]
    file.write_text(export(bad, worse))
    assert run_command("frames", frames, ["--state", str(file)]) == 2
    output = capsys.readouterr().out
    assert output.count(f"state records an interval of {interval!r} seconds: run `pulumi refresh`") == 2
