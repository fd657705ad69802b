"""The recipes as a CI reads them, and their jobs run on this machine with bash.

What installs tools is left out, and so are actions: `uses:`, the step `Install`, `before_script:`. Artifacts
need no transfer, since the jobs of a test share one folder.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen
from typing import Any

import yaml  # type: ignore[import-untyped]

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
