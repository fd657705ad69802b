"""What can be read off the recipes without running them."""

import re
import subprocess
import sys

import pytest

from integration.ci.recipes import GITHUB, GITLAB, RECIPES, gitlab_jobs, read, steps
from support.cli import require_engine

WRITES = {"review": {"pull-requests": "write"}, "drift": {"issues": "write"}}
CLOUD_KEY = re.compile(r"(VOLCENGINE|ALIBABA)\w+KEY")
JOBS = gitlab_jobs()
WORKFLOWS = {file.stem: read(file) for file in GITHUB}
SCRIPTS = [step["run"] for workflow in WORKFLOWS.values() for step in steps(workflow) if "run" in step]
SCRIPTS += ["\n".join(job["script"]) for job in JOBS.values()]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_few_rights_and_gives_secrets_to_the_steps_that_need_them(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read", **WRITES.get(name, {})}
    assert set(workflow["concurrency"]) == {"group", "cancel-in-progress"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    assert "secrets." not in str(workflow.get("env"))
    assert not set(workflow["on"]) & {"pull_request_target", "issue_comment", "workflow_run"}
    if "pull_request" in workflow["on"]:
        (job,) = workflow["jobs"].values()
        assert "head.repo.full_name == github.repository" in job["if"]
    for step in steps(workflow):
        env, script, action = step.get("env", {}), step.get("run", ""), step.get("uses", "")
        assert "${{" not in script, "what a fork contains could become a part of the script"
        if "pulumi preview" in script:
            assert not any(map(CLOUD_KEY.fullmatch, env))
        if re.search(r"\b(gh|curl) ", script):
            assert not any("PULUMI" in variable or CLOUD_KEY.fullmatch(variable) for variable in env)
        else:
            assert "GH_TOKEN" not in env
        assert re.fullmatch(r"[\w./-]+@(v\d+|[0-9a-f]{40})|", action)
        if "checkout" in action:
            assert step["with"]["persist-credentials"] is False


def test_the_pipeline_runs_no_fork_and_one_job_of_a_kind_at_a_time() -> None:
    pipeline = read(GITLAB)
    same = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    rules = [rule["if"] for rule in pipeline["workflow"]["rules"]]
    assert [same in rule for rule in rules] == ["merge_request_event" in rule for rule in rules]
    for name, job in JOBS.items():
        assert job["stage"] in pipeline["stages"]
        assert name in ("review", "plan") or job["resource_group"].startswith("videosnap-")
        if "environment" in job:
            assert list(job).index("environment") < list(job).index("script"), "ignored by some versions"
    assert JOBS["comment"]["rules"][0]["when"] == JOBS["issue"]["rules"][0]["when"] == "always"


def test_a_plan_is_approved_and_then_handed_over() -> None:
    jobs = WORKFLOWS["apply"]["jobs"]
    assert (jobs["apply"]["needs"], jobs["apply"]["environment"]) == ("plan", "production")
    used = (step for step in steps(WORKFLOWS["apply"]) if "with" in step)
    files = {step["uses"].partition("@")[0]: step["with"] for step in used}
    assert files["actions/upload-artifact"]["path"] == "plan.json"
    assert files["actions/download-artifact"]["name"] == files["actions/upload-artifact"]["name"]
    assert JOBS["apply"]["needs"] == ["plan"]
    assert [rule["when"] for rule in JOBS["apply"]["rules"]] == ["manual"]
    assert "plan.json" in JOBS["plan"]["artifacts"]["paths"]
    assert jobs["apply"]["steps"][-1]["run"] in JOBS["apply"]["script"]


def test_every_option_is_one_of_the_command() -> None:
    used: dict[tuple[str, str], set[str]] = {}
    for command in re.findall(r"^ *(?:videosnap|pulumi) [^|>\n]*", "\n".join(SCRIPTS), re.MULTILINE):
        tool, verb, *words = command.split()
        used.setdefault((tool, verb), set()).update(word for word in words if word.startswith("--"))
    commands = ["pulumi preview", "pulumi up", "videosnap drift", "videosnap review"]
    assert sorted(" ".join(words) for words in used) == commands
    for (tool, verb), options in used.items():
        start = [require_engine()] if tool == "pulumi" else [sys.executable, "-m", "pulumi_videosnap.cli"]
        # Without the last of these there is no `up --plan`.
        env = {"PATH": "", "HOME": "/nonexistent", "PULUMI_EXPERIMENTAL": "true"}
        text = subprocess.check_output([*start, verb, "--help"], env=env, text=True, timeout=60)
        assert options <= set(re.findall(r"--[a-z][a-z-]+", text)), (tool, verb)


def test_the_readme_names_every_file_and_every_setting_and_no_recipe_a_host() -> None:
    readme, recipes = (RECIPES / "README.md").read_text(), [file.read_text() for file in (*GITHUB, GITLAB)]
    assert [file.name for file in (*GITHUB, GITLAB) if file.name not in readme] == []
    settings = set(re.findall(r"\b(?:vars|secrets)\.(\w+)", "".join(recipes))) | {"GITLAB_TOKEN"}
    assert sorted(name for name in settings if name not in readme) == []
    assert "://" not in "".join(recipes)
