"""Runs the user's own `pulumi`. The engine alone reads and writes state."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pulumi_videosnap.errors import CannotCheck, one_line

STDERR = 2


def read_output(arguments: Sequence[str], folder: Path) -> str:
    """What a command prints on stdout; CannotCheck with its error when it fails."""
    ran = run(arguments, folder)
    if ran.returncode != 0:
        raise CannotCheck(f"`pulumi {' '.join(arguments)}` failed: {stderr_summary(ran)}")
    return ran.stdout


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end without questions; CannotCheck when `pulumi` is not installed."""
    cwd = _existing(folder)
    return subprocess.run(  # noqa: S603 - the user's own engine
        [_pulumi(), *arguments, "--non-interactive"],
        cwd=cwd,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def run_streaming(arguments: Sequence[str], folder: Path) -> int:
    """Run a command whose output goes to stderr, so that the user sees it; returns its exit code."""
    command = [_pulumi(), *arguments, "--non-interactive"]
    ran = subprocess.run(command, cwd=_existing(folder), env=_environment(), stdout=STDERR, check=False)  # noqa: S603
    return ran.returncode


def stderr_summary(ran: subprocess.CompletedProcess[str]) -> str:
    """Why a command failed, on one line."""
    return one_line(ran.stderr or ran.stdout).removeprefix("error: ")


def _pulumi() -> str:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise CannotCheck("`pulumi` is not found on PATH; it reads the stack's state, so install it")
    return pulumi


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise CannotCheck(f"--cwd {folder} is not a directory")
    return folder


def _environment() -> dict[str, str]:
    return {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "NO_COLOR": "1"}
