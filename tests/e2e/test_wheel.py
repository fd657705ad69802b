"""The wheel that users install: built here, installed into an empty environment, used elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.cli import Project
from support.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]

MORE = """
import pulumi
pulumi.export("task", lobby.task_id)
pulumi.export("status", lobby.status)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the built wheel and what it asks for, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    install = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-input", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "venv"


@pytest.mark.rotating
def test_readme_example_runs_from_the_wheel(environment: Path, tmp_path: Path, emulator: Emulator) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example is not None
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    project = Project(tmp_path, example[1] + MORE, emulator.environment, virtualenv=environment)
    project.up().ok()
    assert '"task": "stories.dev.lobby"' in project.run("stack", "output", "--json").ok().output
    assert [task["taskId"] for task in emulator.running()] == ["stories.dev.lobby"]
    project.destroy().ok()
    assert emulator.running() == []


def test_the_wheel_says_what_its_emulator_needs(environment: Path) -> None:
    command = [str(environment / "bin/videosnap"), "emulator", "--env-file", "unused"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "pip install 'pulumi-videosnap[emulator]'" in ran.stderr
