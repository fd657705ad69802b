"""What can be read off the recipes without running them."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci.recipes import GITHUB, GITLAB, RECIPES, gitlab_jobs, read
from support.cli import require_engine

WORKFLOW = {"name", "on", "permissions", "concurrency", "env", "jobs"}
JOB = {"if", "runs-on", "timeout-minutes", "steps", "needs", "environment"}
STEP = {"name", "id", "if", "uses", "with", "env", "run"}
PIPELINE_JOB = {
    *("stage", "rules", "interruptible", "resource_group", "script"),
    *("artifacts", "needs", "environment", "cache"),
}
WRITES = {"review.yml": {"pull-requests"}, "drift.yml": {"issues"}}
PROGRAM_RUNS = re.compile(r"pulumi (preview|up)")
CLOUD_KEY = re.compile(r"(VOLCENGINE|ALIBABA)\w+KEY")

workflows = pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)


def github_steps(file: Path) -> Iterator[dict[str, Any]]:
    for job in read(file)["jobs"].values():
        yield from job["steps"]


def lines() -> Iterator[str]:
    """Every line of every script; what a backslash or `||` breaks is one."""
    scripts = [step["run"] for file in GITHUB for step in github_steps(file) if "run" in step]
    scripts += ["\n".join(job["script"]) for job in gitlab_jobs().values()]
    yield from (line for script in scripts for line in re.sub(r"\|\|\n", "||", script).splitlines())


@workflows
def test_a_workflow_says_what_it_may_do_and_that_it_runs_alone(file: Path) -> None:
    workflow = read(file)
    assert set(workflow) <= WORKFLOW
    assert set(workflow["concurrency"]) == {"group", "cancel-in-progress"}
    rights = dict(workflow["permissions"])
    assert rights.pop("contents") == "read"
    assert rights == dict.fromkeys(WRITES.get(file.name, ()), "write")
    assert all(set(job) <= JOB for job in workflow["jobs"].values())
    assert all(set(step) <= STEP for step in github_steps(file))
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())


@workflows
def test_a_program_of_a_stranger_gets_no_secrets(file: Path) -> None:
    started_by = read(file)["on"]
    assert not set(started_by) & {"pull_request_target", "issue_comment", "workflow_run"}
    if "pull_request" in started_by:
        (job,) = read(file)["jobs"].values()
        assert "head.repo.full_name == github.repository" in job["if"]


def test_a_merge_request_of_a_fork_starts_no_pipeline() -> None:
    same = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    rules = [rule["if"] for rule in read(GITLAB)["workflow"]["rules"]]
    assert [same in rule for rule in rules] == ["merge_request_event" in rule for rule in rules]


@workflows
def test_secrets_are_given_to_the_steps_that_need_them(file: Path) -> None:
    workflow = read(file)
    assert "secrets." not in str(workflow.get("env"))
    for step in github_steps(file):
        env, script = step.get("env", {}), step.get("run", "")
        assert "${{" not in script, "what a stranger wrote could become a part of the script"
        if PROGRAM_RUNS.search(script):
            assert "GITHUB_TOKEN" not in env
        if "pulumi preview" in script:
            assert not any(map(CLOUD_KEY.fullmatch, env))
        if "ci." in script:
            assert not any("PULUMI" in name or CLOUD_KEY.fullmatch(name) for name in env)
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


@workflows
def test_actions_are_of_a_named_version(file: Path) -> None:
    used = [step["uses"] for step in github_steps(file) if "uses" in step]
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})", action)] == []


def test_the_pipeline_has_known_keys_and_stages() -> None:
    pipeline, jobs = read(GITLAB), gitlab_jobs()
    assert set(pipeline) == {"stages", "workflow", "default", *jobs}
    for name, job in jobs.items():
        assert set(job) <= PIPELINE_JOB, name
        assert job["stage"] in pipeline["stages"]
        assert name == "plan" or job["resource_group"].startswith("videosnap-")
        if "environment" in job:
            assert list(job).index("environment") < list(job).index("script"), "overlooked by some versions"


def test_a_plan_is_approved_and_then_handed_over() -> None:
    github, gitlab = read(RECIPES / "github" / "apply.yml")["jobs"], gitlab_jobs()
    assert (github["apply"]["needs"], github["apply"]["environment"]) == ("plan", "production")
    kept = {
        action["uses"].partition("@")[0]: action["with"]
        for job in github.values()
        for action in job["steps"]
        if "artifact" in action.get("uses", "")
    }
    assert kept["actions/upload-artifact"]["path"] == "plan.json"
    assert kept["actions/download-artifact"]["name"] == kept["actions/upload-artifact"]["name"]
    assert gitlab["apply"]["needs"] == ["plan"]
    assert [rule["when"] for rule in gitlab["apply"]["rules"]] == ["manual"]
    assert "plan.json" in gitlab["plan"]["artifacts"]["paths"]
    assert github["apply"]["steps"][-1]["run"] in gitlab["apply"]["script"]


def test_every_script_that_is_called_is_there() -> None:
    called = {name for line in lines() for name in re.findall(r"python3 -m ci\.(\w+)", line)}
    assert called == {file.stem for file in (RECIPES / "scripts").glob("*.py")} - {"forge"}


def test_every_option_is_one_of_the_command() -> None:
    seen = set()
    for line in lines():
        for command in re.findall(r"\b(?:videosnap|pulumi) [a-z]+[^|>]*", line):
            tool, verb, *words = command.split()
            if verb in ("preview", "up", "review", "drift"):
                seen.add((tool, verb))
                options = {word for word in words if word.startswith("--")}
                assert options <= _options(tool, verb), command
    assert seen == {("pulumi", "preview"), ("pulumi", "up"), ("videosnap", "review"), ("videosnap", "drift")}


@functools.cache
def _options(tool: str, verb: str) -> set[str]:
    start = [require_engine()] if tool == "pulumi" else [sys.executable, "-m", "pulumi_videosnap.cli"]
    shown = subprocess.run(
        [*start, verb, "--help"],
        env={**os.environ, "PULUMI_EXPERIMENTAL": "true"},  # else it does not tell of `up --plan`
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(re.findall(r"--[a-z][a-z-]+", shown.stdout))


def test_no_host_is_written_anywhere() -> None:
    for file in (*GITHUB, GITLAB):
        assert "://" not in file.read_text(), file


def test_the_readme_names_every_file_and_every_setting() -> None:
    told = (RECIPES / "README.md").read_text()
    files = [file for folder in ("github", "scripts") for file in (RECIPES / folder).glob("*.*")]
    assert [file.name for file in (*files, GITLAB) if file.name not in told] == []
    set_up = {
        name for file in GITHUB for name in re.findall(r"\b(?:vars|secrets)\.(\w+)", file.read_text())
    } | {"GITLAB_TOKEN"}
    assert sorted(name for name in set_up if name not in told) == []
