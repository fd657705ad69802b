"""The real Pulumi CLI in a world of its own: its home, its state and its project are a temporary folder."""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.emulator import clean_environment
from support.processes import running

STACK = "dev"
_OF_A_STACK = ("state", f"Pulumi.{STACK}.yaml")
_EMPTY: list[Path] = []
"""The folder that holds what `pulumi stack init` wrote, once a test of this process has run it."""

Started = contextlib.AbstractContextManager[subprocess.Popen[str]]


@dataclass(frozen=True)
class Ran:
    """A finished command: what it was, how it ended, and all that it printed."""

    command: str
    code: int
    output: str

    @classmethod
    def of(cls, tool: str, arguments: Sequence[str], started: Started) -> Ran:
        """A command that was started, at its end."""
        with started as process:
            output, _ = process.communicate(timeout=300)
        return cls(f"{tool} {' '.join(arguments)}", process.returncode, output)

    def ok(self) -> Ran:
        assert self.code == 0, f"`{self.command}` exited {self.code}:\n{self.output}"
        return self

    def exits(self, code: int) -> Ran:
        assert self.code == code, f"`{self.command}` exited {self.code}, not {code}:\n{self.output}"
        return self

    @property
    def errors(self) -> list[str]:
        """The distinct error lines, without the words that the engine puts in front."""
        found = re.findall(r"^ *error: (.*)$", self.output.partition("Diagnostics:")[2], re.MULTILINE)
        return list(dict.fromkeys(found))


def require_engine() -> str:
    """The CLI's path; a test that needs it fails with the command to run when there is none."""
    found = shutil.which("pulumi")
    if found is None:
        pytest.fail("no `pulumi` on PATH or in .engine/bin: run `make yaml`", pytrace=False)
    return found


class Project:
    """A Pulumi project with one program, in a folder."""

    def __init__(
        self, folder: Path, program: str, environment: Mapping[str, str], virtualenv: Path = Path(sys.prefix)
    ) -> None:
        self.folder = folder
        self.pulumi = require_engine()
        (folder / "state").mkdir(parents=True)
        runtime = {"name": "python", "options": {"virtualenv": str(virtualenv)}}
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": "stories", "runtime": runtime}))
        self.write(program)
        self.environment = {
            **clean_environment(),
            **environment,
            "HOME": str(folder / "home"),
            "PULUMI_HOME": str(folder / "home" / ".pulumi"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_STACK": STACK,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "VIDEOSNAP_QUOTA_DIR": str(folder / "quota"),
            "NO_COLOR": "1",
        }
        self._begin()

    def _begin(self) -> None:
        """Begin with an empty stack: one made once by `pulumi stack init`, since a copy is as good."""
        source, target = _EMPTY[0] if _EMPTY else self.folder, self.folder
        if not _EMPTY:
            self.run("stack", "init", STACK).ok()
            target = Path(tempfile.mkdtemp(prefix="empty-stack"))
            atexit.register(shutil.rmtree, target, ignore_errors=True)
            _EMPTY.append(target)
        for name in _OF_A_STACK:
            _copy(source / name, target / name)

    def use_native(self, native: bool = True) -> None:
        """Move the stack to the native front, as docs/dynamic-or-native.md says, or back."""
        file = self.folder / "Pulumi.yaml"
        provider = {"name": "videosnap", "path": str(Path(sys.executable).parent)}
        file.write_text(json.dumps({**json.loads(file.read_text()), "plugins": {"providers": [provider]}}))
        self.run("config", "set", "videosnap:native", json.dumps(native)).ok()

    def write(self, program: str) -> None:
        """Replace the program."""
        (self.folder / "__main__.py").write_text(program)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run a command to its end."""
        return Ran.of("pulumi", arguments, self.running(*arguments, env=env))

    def running(self, *arguments: str, env: Mapping[str, str] | None = None) -> Started:
        """Run a command that may be killed before its end."""
        command = [self.pulumi, *arguments, *_quiet(arguments)]
        return running(command, self.folder, {**self.environment, **(env or {})})

    def videosnap(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run our own command in the project's folder to its end."""
        command = [sys.executable, "-m", "pulumi_videosnap.cli", *arguments]
        environment = {**self.environment, "COLUMNS": "80", **(env or {})}
        return Ran.of("videosnap", arguments, running(command, self.folder, environment))

    def up(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        return self.run("up", "--yes", "--skip-preview", *arguments, env=env)

    def preview(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        return self.run("preview", "--diff", *arguments, env=env)

    def drift(self) -> Ran:
        """The command that a scheduled drift run uses."""
        return self.run("refresh", "--preview-only", "--expect-no-changes", "--diff")

    def destroy(self) -> Ran:
        return self.run("destroy", "--yes", "--skip-preview")

    def files(self) -> list[str]:
        """The text of everything that was written: state, its history and backups, plans, the quota store.

        Not the program's, nor what Python compiled of it.
        """
        written = (file for file in self.folder.rglob("*") if file.is_file() and "__main__" not in file.name)
        return [file.read_bytes().decode(errors="replace") for file in written]

    def outputs(self) -> dict[str, Any]:
        """What the program exports."""
        exported: dict[str, Any] = json.loads(self.run("stack", "output", "--json").ok().output)
        return exported

    def export(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.run("stack", "export").ok().output)
        return state

    def tasks(self) -> list[dict[str, Any]]:
        """The snapshot tasks and jobs in state."""
        resources = self.export()["deployment"].get("resources", [])
        return [found for found in resources if found["type"].endswith((":SnapshotTask", ":SnapshotJob"))]


def _copy(old: Path, new: Path) -> None:
    if old.is_dir():
        shutil.copytree(old, new, dirs_exist_ok=True)
    elif old.exists():
        shutil.copy(old, new)


def _quiet(arguments: Sequence[str]) -> list[str]:
    return ["--non-interactive"] if arguments[0] in ("up", "preview", "refresh", "destroy") else []
