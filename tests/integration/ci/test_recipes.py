"""The recipes, read and run as a CI does, with one fake for all the programs that they call.

What installs tools is left out, and so are actions: `uses:`, the step `Install`, `before_script:`. Artifacts
need no transfer, since the jobs of a test share one folder.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from support.cli import require_engine

RECIPES = Path(__file__).resolve().parents[3] / "examples" / "ci"
GITHUB = sorted((RECIPES / "github").glob("*.yml"))
GITLAB = RECIPES / "gitlab" / ".gitlab-ci.yml"


def read(file: Path) -> dict[Any, Any]:
    """A recipe; YAML 1.1 reads GitHub's key `on` as True."""
    parsed: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in parsed.items()}


def steps(workflow: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (step for job in workflow["jobs"].values() for step in job["steps"])


def gitlab_jobs() -> dict[str, Any]:
    return {name: job for name, job in read(GITLAB).items() if isinstance(job, dict) and "stage" in job}


def run_github(
    recipe: str, name: str, folder: Path, base: Mapping[str, str], values: Mapping[str, str]
) -> Any:
    """Run a job step by step as GitHub does: after one that failed, only those that run always."""
    workflow, output = read(RECIPES / "github" / recipe), folder / "github-output"
    known, printed, code = dict(values), "", 0
    for step in workflow["jobs"][name]["steps"]:
        assert step.get("if", "") in ("", "${{ !cancelled() }}"), step
        if "run" not in step or step["name"] == "Install" or (code and "if" not in step):
            continue
        output.write_text("")
        env = {**base, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(folder / "github-summary")}
        declared = {**workflow.get("env", {}), **step.get("env", {})}
        env |= {name: fill_in(value, known) for name, value in declared.items()}
        failed, text = run_script(["-e", "-c", step["run"]], folder, env)
        code, printed = code or failed, printed + text
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        known |= {f"steps.{step.get('id')}.outputs.{key}": value for key, _, value in pairs}
    return code, printed


def run_gitlab(name: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    return run_script(["-eo", "pipefail", "-c", "\n".join(gitlab_jobs()[name]["script"])], folder, env)


def run_script(options: list[str], folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    command, streams = ["bash", *options], (DEVNULL, PIPE, STDOUT)
    with Popen(command, -1, None, *streams, cwd=folder, env=env, text=True) as process:
        printed, _ = process.communicate(timeout=60)
    return process.returncode, printed


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """A value with its expressions replaced; a variable, secret or output that nobody set is empty."""
    return re.sub(r"\$\{\{ *([^}]+?) *\}\}", lambda found: values.get(found[1], ""), text)


FAKE = Path(__file__).resolve().parents[2] / "data" / "fake_forge"
TOKEN, HOOK, KEY = "dummy-token", "https://hook.test/dummy-path", "dummy-key"
GITHUB_VALUES = {"github.token": TOKEN, "secrets.PULUMI_CONFIG_PASSPHRASE": KEY}
GITHUB_VALUES |= {"github.event.pull_request.number": "12"}
GITLAB_VALUES = {"GITLAB_TOKEN": TOKEN, "PULUMI_CONFIG_PASSPHRASE": KEY, "CI_PIPELINE_ID": "77"}
GITLAB_VALUES |= {"CI_PROJECT_ID": "7", "CI_PROJECT_PATH": "team/rooms", "CI_MERGE_REQUEST_IID": "12"}
DIFFERS = """error: resource …::SnapshotTask::a violates plan: properties changed: ++secretKey[{&{{SECRET-1
SECRET-2}}}!={&{{SECRET-3}}}]
"""
REFUSAL = f"Updating (dev):\n    volcengine:SnapshotTask a  {DIFFERS}\nDiagnostics:\n    {DIFFERS}\n"
"""As Pulumi 3.259 prints it, with a secret of two lines."""


@dataclass
class Pipeline:
    kind: str
    folder: Path
    hook: str = ""

    def fake(self, tool: str, output: str, code: int = 0) -> None:
        (self.folder / f"{tool}.out").write_text(output)
        (self.folder / f"{tool}.code").write_text(str(code))

    def run(self, recipe: str, *jobs: str) -> tuple[int, str]:
        """Run jobs in order, after a failed one too; returns the first code that is not 0, and the output."""
        base = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "FAKE": str(self.folder)}
        if self.kind == "github":
            values = {**GITHUB_VALUES, "secrets.VIDEOSNAP_WEBHOOK_URL": self.hook}
            base |= {"GITHUB_REPOSITORY": "team/rooms", "GITHUB_RUN_ID": "77"}
            ran = [run_github(f"{recipe}.yml", jobs[0], self.folder, base, values)]
        else:
            env = {**base, **GITLAB_VALUES, "VIDEOSNAP_WEBHOOK_URL": self.hook}
            ran = [run_gitlab(job, self.folder, env) for job in jobs]
        output = "".join(text for _, text in ran)
        assert not [secret for secret in (TOKEN, HOOK, KEY) if secret in output], output
        return next((code for code, _ in ran if code), 0), output

    def forge(self, kind: str) -> list[dict[str, Any]]:
        written: list[dict[str, Any]] = json.loads((self.folder / "forge.json").read_text())[kind]
        return [each for each in written if each["author"] != "stranger"]

    def calls(self, tool: str) -> list[list[str]]:
        calls = map(json.loads, (self.folder / "calls").read_text().splitlines())
        return [words for words in calls if words[0] == tool]


@pytest.fixture(params=["github", "gitlab"])
def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> Pipeline:
    (tmp_path / "bin").mkdir()
    for tool in ("gh", "glab", "pulumi", "videosnap", "curl"):
        program = tmp_path / "bin" / tool
        program.write_text(f"#!{sys.executable} -IS\n{FAKE.read_text()}")
        program.chmod(0o755)
    forged = {"number": 1, "author": "stranger", "open": True, "title": "videosnap drift"}
    both = [{**forged, "body": "<!-- videosnap review: dev -->\n\nforged"}]
    (tmp_path / "forge.json").write_text(json.dumps({"comments": both, "issues": both}))
    made = Pipeline(request.param, tmp_path)
    made.fake("pulumi", "{}")
    return made


def test_a_review_is_one_comment_through_all_pushes(pipeline: Pipeline) -> None:
    for code, text in ((0, "one"), (1, "a risk"), (2, "the preview failed")):
        pipeline.fake("pulumi", "{}", code)
        pipeline.fake("videosnap", f"<!-- videosnap review: dev -->\n\n{text}\n", code)
        assert pipeline.run("review", "review", "comment")[0] == code
        (comment,) = pipeline.forge("comments")
        assert comment["body"].strip() == f"<!-- videosnap review: dev -->\n\n{text}"
    pipeline.fake("videosnap", "", 2)
    assert pipeline.run("review", "review", "comment")[0] == 2
    (comment,) = pipeline.forge("comments")
    assert "the preview failed before it began" in comment["body"]


def test_drift_is_one_issue_from_its_beginning_to_its_end(pipeline: Pipeline) -> None:
    jobs = ("drift", "drift", "issue")
    pipeline.fake("videosnap", "no drift")
    assert pipeline.run(*jobs)[0] == 0
    assert pipeline.forge("issues") == []
    for code, text in ((1, "stopped"), (1, "stopped, changed"), (2, "incomplete"), (2, ""), (127, "")):
        pipeline.fake("videosnap", text, code)
        assert pipeline.run(*jobs)[0] == int(code > 1)
        (issue,) = pipeline.forge("issues")
        assert (issue["title"], issue["open"]) == ("videosnap drift", True)
        assert (text or "the check did not run") in issue["body"]
    pipeline.fake("videosnap", "", 0)
    pipeline.run(*jobs)
    assert pipeline.forge("issues")[0]["open"], "no report is no reason to close"
    pipeline.fake("videosnap", "no drift")
    assert pipeline.run(*jobs)[0] == 0
    assert [each["open"] for each in pipeline.forge("issues")] == [False]
    assert pipeline.calls("curl") == []
    pipeline.hook = HOOK
    pipeline.fake("videosnap", "stopped", 1)
    pipeline.run(*jobs)
    assert [each["open"] for each in pipeline.forge("issues")] == [False, True]
    ((*_, text, url),) = pipeline.calls("curl")
    assert json.loads(text)["text"].startswith("videosnap drift: exit code 1 in ")
    assert url == HOOK


def test_what_is_applied_is_what_was_approved(pipeline: Pipeline) -> None:
    pipeline.fake("videosnap", "2 of 2 tasks change")
    code, printed = pipeline.run("apply", "plan")
    summary = pipeline.folder / "github-summary"
    assert code == 0
    assert "2 of 2 tasks change" in (summary.read_text() if summary.exists() else printed)
    pipeline.fake("pulumi", "Updating (dev):\nerror: create is not allowed by the plan\n")
    assert pipeline.run("apply", "apply") == (0, (pipeline.folder / "pulumi.out").read_text())
    pipeline.fake("pulumi", REFUSAL, 3)
    code, printed = pipeline.run("apply", "apply")
    assert code == 3
    assert "SnapshotTask::a violates plan\n" in printed
    assert "SECRET" not in printed
    preview, *ups = pipeline.calls("pulumi")
    assert preview[-2:] == ["--save-plan", "plan.json"]
    assert ups == [["pulumi", "up", "--yes", "--skip-preview", "--plan", "plan.json"]] * 2


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
