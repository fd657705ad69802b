"""A stack whose program declares what a file says, under the real engine."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from integration.review.changes import VARIABLES, Program
from support.cli import Project, Ran
from support.emulator import Emulator

PROGRAM = (Path(__file__).parents[2] / "data" / "programs" / "declared.txt").read_text()


class Stack:
    """One stack: what it declares, and the commands that a reviewer runs."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def declare(self, program: Program) -> None:
        (self.project.folder / "declared.json").write_text(json.dumps(program))

    def up(self, program: Program, *arguments: str) -> Ran:
        self.declare(program)
        return self.project.up("--suppress-outputs", "--parallel", "64", *arguments)

    def preview(self, program: Program, *arguments: str) -> Path:
        """The output of `pulumi preview --json`, whether it succeeds or not."""
        self.declare(program)
        answer = self.project.folder / "preview.json"
        command = [self.project.pulumi, "preview", "--json", "--non-interactive", *arguments]
        place: Any = {"cwd": self.project.folder, "env": self.project.environment}
        with answer.open("wb") as file:
            subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=False, timeout=600, **place)
        return answer

    def urn(self, name: str) -> str:
        found: list[str] = [task["urn"] for task in self.project.tasks()]
        return next(urn for urn in found if urn.endswith(f"::{name}"))


@pytest.fixture
def stack(tmp_path: Path, emulator: Emulator) -> Stack:
    """An empty stack that talks to an emulator of this test's own."""
    stack = Stack(Project(tmp_path, PROGRAM, {**emulator.environment, **VARIABLES}))
    _write_profiles(tmp_path / "home", emulator.environment)
    return stack


def _write_profiles(home: Path, of: dict[str, str]) -> None:
    """The vendors' own profile files, in which the account of the emulator is called `second`."""
    volcengine = {"access-key": of["VOLCENGINE_ACCESS_KEY"], "secret-key": of["VOLCENGINE_SECRET_KEY"]}
    alibaba = {
        f"access_key_{part.lower()}": of[f"ALIBABA_CLOUD_ACCESS_KEY_{part}"] for part in ("ID", "SECRET")
    }
    alibaba["name"] = "second"
    files = {".volcengine": {"profiles": {"second": volcengine}}, ".aliyun": {"profiles": [alibaba]}}
    for folder, content in files.items():
        (home / folder).mkdir(parents=True)
        (home / folder / "config.json").write_text(json.dumps(content))
