"""The recipes as a CI would read them: their jobs, and a job run on this machine with bash.

What installs tools is left out, and so are actions: `uses:`, the step `Install`, `before_script:`. Artifacts
need no carrying, since the jobs of a test share one folder.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from support.cli import Ran

RECIPES = Path(__file__).resolve().parents[2] / "examples" / "ci"
GITHUB = sorted((RECIPES / "github").glob("*.yml"))
GITLAB = RECIPES / "gitlab" / ".gitlab-ci.yml"
TOOLS = "Install"
_EXPRESSION = re.compile(r"\$\{\{ *([^}]+?) *\}\}")


@dataclass(frozen=True)
class Step:
    """A step of a workflow that runs a script."""

    name: str
    script: str
    env: Mapping[str, str]
    id: str
    always: bool


def read(file: Path) -> dict[Any, Any]:
    """A recipe; YAML 1.1 reads GitHub's key `on` as True."""
    told: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in told.items()}


def steps(job: Mapping[str, Any]) -> Iterator[Step]:
    """The scripts of a job; a condition other than the two that are in use is an error."""
    for step in job["steps"]:
        assert step.get("if", "") in ("", "${{ !cancelled() }}"), step
        if "run" in step and step["name"] != TOOLS:
            yield Step(step["name"], step["run"], step.get("env", {}), step.get("id", ""), "if" in step)


def gitlab_jobs() -> dict[str, Any]:
    """The jobs of the pipeline."""
    return {name: job for name, job in read(GITLAB).items() if isinstance(job, dict) and "stage" in job}


def put_scripts(folder: Path) -> None:
    """Copy the scripts as the README says."""
    shutil.copytree(RECIPES / "scripts", folder / "ci", ignore=shutil.ignore_patterns("__pycache__"))


def run_github(
    recipe: str, name: str, folder: Path, base: Mapping[str, str], values: Mapping[str, str]
) -> Ran:
    """Run a job step by step as GitHub does: after one that failed, only those that run always."""
    workflow = read(RECIPES / "github" / recipe)
    known, said, code = dict(values), [], 0
    output, summary = folder / "github-output", folder / "github-summary"
    for step in steps(workflow["jobs"][name]):
        if code and not step.always:
            continue
        output.write_text("")
        declared = {**workflow.get("env", {}), **step.env}
        env = {**base, **{key: _filled(str(value), known) for key, value in declared.items()}}
        env |= {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        ran = _bash(["bash", "-e", "-c", step.script], folder, env)
        code = code or ran.code
        said.append(f"## {step.name}\n{ran.output}")
        known |= _outputs(step.id, output.read_text())
    return Ran(f"{recipe}: {name}", code, "\n".join(said))


def run_gitlab(name: str, folder: Path, env: Mapping[str, str]) -> Ran:
    """Run a job's lines in one shell, as GitLab does."""
    ran = _bash(["bash", "-eo", "pipefail", "-c", "\n".join(gitlab_jobs()[name]["script"])], folder, env)
    return Ran(f".gitlab-ci.yml: {name}", ran.code, ran.output)


def _bash(command: list[str], folder: Path, env: Mapping[str, str]) -> Ran:
    ran = subprocess.run(
        command,
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return Ran(command[-1], ran.returncode, ran.stdout)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A value with its expressions replaced; a variable, secret or output that nobody set is empty."""

    def value(found: re.Match[str]) -> str:
        if found[1].startswith(("vars.", "secrets.", "steps.")):
            return values.get(found[1], "")
        return values[found[1]]

    return _EXPRESSION.sub(value, text)


def _outputs(step: str, text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {f"steps.{step}.outputs.{name}": value for name, _, value in pairs}
