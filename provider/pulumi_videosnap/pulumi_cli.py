"""The user's own `pulumi`, asked for what it knows of a stack. The engine alone reads and writes state."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pulumi_videosnap.errors import CannotCheck, one_line

STDERR = 2


def ask(arguments: Sequence[str], folder: Path) -> str:
    """What a command prints; CannotCheck with its own words when it fails."""
    ran = run(arguments, folder)
    if ran.returncode != 0:
        raise CannotCheck(f"`pulumi {' '.join(arguments)}` failed: {said(ran)}")
    return ran.stdout


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end without questions; CannotCheck when there is no engine."""
    place = _existing(folder)
    return subprocess.run(  # noqa: S603 - the user's own engine
        [_pulumi(), *arguments, "--non-interactive"],
        cwd=place,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def hand_over(arguments: Sequence[str], folder: Path) -> int:
    """Run a command that tells the user what it does, on stderr; returns its exit code."""
    command = [_pulumi(), *arguments, "--non-interactive"]
    ran = subprocess.run(command, cwd=_existing(folder), env=_environment(), stdout=STDERR, check=False)  # noqa: S603
    return ran.returncode


def said(ran: subprocess.CompletedProcess[str]) -> str:
    """Why a command failed, on one line."""
    return one_line(ran.stderr or ran.stdout).removeprefix("error: ")


def _pulumi() -> str:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise CannotCheck("there is no `pulumi` on PATH, which reads the stack's state")
    return pulumi


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise CannotCheck(f"--cwd {folder} is no folder")
    return folder


def _environment() -> dict[str, str]:
    return {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "NO_COLOR": "1"}
