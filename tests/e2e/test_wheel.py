"""The wheel that users install: built here, installed into an empty environment, used elsewhere."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from support.cli import Project
from support.data import read
from support.emulator import Emulator
from support.sampling import sample

ROOT = Path(__file__).resolve().parents[2]

MORE = """
import pulumi
pulumi.export("task", lobby.task_id)
pulumi.export("status", lobby.status)
"""

UV_PROJECT = read("programs/uv_project.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """An environment that holds the built wheel and what it asks for, and nothing of this checkout."""
    folder = wheel.parent
    venv.create(folder / "venv", with_pip=True)
    install = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-input", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
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


@pytest.mark.rotating
def test_the_wheel_says_what_its_emulator_needs(environment: Path) -> None:
    command = [str(environment / "bin/videosnap"), "emulator", "--env-file", "unused"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 2
    assert "pip install 'pulumi-videosnap[emulator]'" in ran.stderr


@pytest.mark.rotating
@pytest.mark.parametrize("toolchain", sample(["pip", "uv"], 0.5))
def test_pulumi_takes_the_package_for_no_plugin(toolchain: str, wheel: Path, tmp_path: Path) -> None:
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    project = Project(tmp_path, "import pulumi_videosnap", {"PATH": tools}, virtualenv=Path("venv"))
    settings = json.loads((tmp_path / "Pulumi.yaml").read_text())
    settings["runtime"]["options"]["toolchain"] = toolchain
    (tmp_path / "Pulumi.yaml").write_text(json.dumps(settings))
    (tmp_path / "requirements.txt").write_text(f"{wheel}\n")
    (tmp_path / "pyproject.toml").write_text(UV_PROJECT.format(wheel=wheel))
    assert "rror" not in project.run("install").ok().output
    for command in ("plugin install", "about", "plugin ls"):
        output = project.run(*command.split()).ok().output
        assert (command, "rror" in output, "warning" in output) == (command, False, False)
