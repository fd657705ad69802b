"""Snapshot jobs with the real engine: kills, failures, two hundred at once, and what the user reads."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.cli import Project
from support.emulator import Emulator
from support.jobs import job_inputs, store_of
from support.kills import heal, killed, wait_until

PROGRAM = """\
import json, os
import pulumi
from pulumi_videosnap import alibaba

for name, inputs in json.loads(os.environ["JOBS"]).items():
    job = alibaba.SnapshotJob(name, **inputs)
    pulumi.export(name, job.frames)
"""
SUBMIT, QUERY = "SubmitSnapshotJob", "QuerySnapshotJobList"


@pytest.fixture
def stills(tmp_path: Path, emulator: Emulator) -> Project:
    """A project whose program declares the jobs in $JOBS; they end at once."""
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project = Project(tmp_path, PROGRAM, {**emulator.environment, "JOBS": "{}"})
    declare(project, stills=job_inputs())
    return project


def declare(project: Project, **jobs: dict[str, Any]) -> None:
    owned = {name: {k: v for k, v in job.items() if k != "owner"} for name, job in jobs.items()}
    project.environment["JOBS"] = json.dumps({name: _pythonic(job) for name, job in owned.items()})


def _pythonic(job: dict[str, Any]) -> dict[str, Any]:
    names = {"snapshotConfig": "snapshot_config", "waitFor": "wait_for", "onDelete": "on_delete"}
    return {names.get(name, name): value for name, value in job.items()}


def submitted(emulator: Emulator) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = emulator.request("GET", "/jobs")["jobs"]
    return jobs


MOMENTS = [
    ("stall-before", QUERY),  # looking for its token
    ("stall-before", SUBMIT),  # sent, not yet acted on
    ("stall-after", SUBMIT),  # acted on, not yet answered
    ("close-after", SUBMIT),  # acted on, never answered
]


@pytest.mark.parametrize(
    ("victim", "fault", "action"),
    [
        *(("engine", *moment) for moment in MOMENTS),
        ("provider", "stall-before", SUBMIT),
        ("provider", "stall-after", SUBMIT),
    ],
)
def test_a_kill_during_create_leaves_one_job(
    stills: Project, emulator: Emulator, victim: str, fault: str, action: str
) -> None:
    emulator.fault(fault, action, **({"seconds": 2} if "stall" in fault else {}))
    run = stills.start("up", "--yes", "--skip-preview")
    wait_until(lambda: emulator.request("GET", "/faults")["faults"][0]["hits"] > 0)
    with killed(run, victim):
        heal(stills)
    one_job_recorded(stills, emulator)


@pytest.mark.parametrize("victim", ["engine", "provider"])
def test_a_kill_while_waiting_leaves_one_job(stills: Project, emulator: Emulator, victim: str) -> None:
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 60, "runningSeconds": 60})
    run = stills.start("up", "--yes", "--skip-preview")
    wait_until(lambda: [call["action"] for call in emulator.calls()].count(QUERY) > 2)
    with killed(run, victim):
        emulator.advance(200)
        heal(stills)
    one_job_recorded(stills, emulator)


@pytest.mark.parametrize("seed", [7])
def test_a_kill_at_any_moment_leaves_one_job(stills: Project, emulator: Emulator, seed: int) -> None:
    run = stills.start("up", "--yes", "--skip-preview")
    time.sleep(random.Random(seed).uniform(0.6, 1.6))  # the moment of the kill, not a wait
    with killed(run, "engine"):
        heal(stills)
    one_job_recorded(stills, emulator)


def one_job_recorded(project: Project, emulator: Emulator) -> None:
    [job] = submitted(emulator)
    [recorded] = project.tasks()
    assert recorded["id"] == recorded["outputs"]["jobId"] == job["jobId"]
    assert recorded["outputs"]["frames"] == [item["key"] for item in job["objects"]]
    project.up("--refresh", "--expect-no-changes").ok()
    assert len(submitted(emulator)) == 1


def test_a_lost_answer_is_no_failure_and_no_secret_is_written(stills: Project, emulator: Emulator) -> None:
    emulator.fault("close-after", SUBMIT)
    said = stills.up().ok().output
    one_job_recorded(stills, emulator)
    assert stills.drift().ok()
    secret = emulator.environment["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    assert not [text for text in [said, *stills.files()] if secret in text]


def test_a_failed_job_fails_in_one_line_and_the_next_up_says_what_it_does(
    stills: Project, emulator: Emulator
) -> None:
    video = {"location": "oss-cn-hangzhou", "bucket": "media", "object": "later.mp4"}
    declare(stills, stills=job_inputs(input=video))
    [broken] = [line for line in stills.up().exits(1).errors if line != "update failed"]
    print(broken)
    assert "(InvalidParameter.ResourceNotFound)" in broken
    assert broken.endswith("the next `pulumi up` submits a new job")
    store = store_of(emulator.environment)
    store.copy_object(Bucket="media", Key="later.mp4", CopySource="media/input.mp4")
    again = stills.up().ok().output
    assert "failed before" in again
    assert "submitting a new one" in again
    assert [job["state"] for job in submitted(emulator)] == ["Success", "Fail"]


def test_a_preview_says_that_a_change_makes_a_new_job(stills: Project, emulator: Emulator) -> None:
    stills.up().ok()
    declare(stills, stills=job_inputs(num=2))
    preview = stills.preview().ok().output
    assert "1 to replace" in preview
    assert "~ num" in preview.replace("  ", " ")
    stills.up().ok()
    assert len(submitted(emulator)) == 2


def test_two_hundred_jobs(stills: Project, emulator: Emulator) -> None:
    jobs = {f"n{n}": job_inputs(f"n{n}", num=1) for n in range(200)}
    declare(stills, **jobs)
    stills.up("--parallel", "64", "--suppress-progress").ok()
    calls = [call for call in emulator.calls() if not call["code"]]
    counted = Counter(call["action"] for call in calls)
    assert counted[SUBMIT] == len(submitted(emulator)) == 200
    assert counted[QUERY] <= 200 / 10 * 2 + 60
    assert max(call["qpsUsed"] for call in calls if call["action"] == SUBMIT) <= 50
    refused = [call["code"] for call in emulator.calls() if call["code"]]
    print(f"calls that a busy machine sent too close together: {len(refused)}")
    assert set(refused) <= {"Throttling.User"}
    assert len(refused) <= 10
    keys = [
        item["Key"]
        for page in store_of(emulator.environment).get_paginator("list_objects_v2").paginate(Bucket="frames")
        for item in page["Contents"]
    ]
    assert len(keys) == 200
    before = emulator.last_call()
    stills.run("refresh", "--yes", "--skip-preview", "--suppress-progress").ok()
    assert [call["action"] for call in emulator.calls(before)] in ([QUERY], [QUERY, QUERY])


def test_jobs_of_five_seconds_wait_side_by_side(stills: Project, emulator: Emulator) -> None:
    """All of them are under way before any has ended; four at a time would stand in line."""
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 5, "runningSeconds": 60})
    declare(stills, **{f"n{n}": job_inputs(f"n{n}", num=1) for n in range(40)})
    run = stills.start("up", "--yes", "--skip-preview", "--parallel", "64", "--suppress-progress")
    wait_until(lambda: len(submitted(emulator)) == 40)
    assert {job["state"] for job in submitted(emulator)} == {"Submitted"}
    emulator.advance(100)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 0, output
