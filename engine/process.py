"""Running other programs: quick questions, and long work that reports its progress."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from engine.report import Unavailable, duration, say

HEARTBEAT = 10.0  # seconds between two lines of progress
QUESTION = 30.0  # seconds that a quick question may take
GRACE = 5.0  # seconds between asking a program to end and ending it
TAIL = 8  # lines of a failed program's output that are worth showing

Command = Sequence[str | Path]
Lines = Sequence[str]


def environment(**changes: str) -> dict[str, str]:
    """Give the user's environment with some changes."""
    return {**os.environ, **changes}


def ask(command: Command, cwd: Path, env: Mapping[str, str]) -> str | None:
    """Run a quick command and return what it prints, or None when it does not run or fails."""
    try:
        result = subprocess.run(  # noqa: S603
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=QUESTION, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def work(
    command: Command,
    *,
    cwd: Path,
    env: Mapping[str, str],
    label: str,
    progress: Callable[[Lines], str],
    limit: float,
) -> Lines:
    """Run a long command, say every few seconds how far it is, and return all lines it printed.

    Whatever ends this function early (an interrupt, the time limit) also ends the command and its children.
    """
    lines: list[str] = []
    try:
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as problem:
        raise Unavailable(f"{label}: {problem}") from None
    reader = threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        _watch(process, label, lambda: progress(lines), limit)
    finally:
        _end(process)
        reader.join(GRACE)
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in lines[-TAIL:])
        raise Unavailable(f"{label}: failed with exit code {process.returncode}\n{tail}".rstrip())
    return lines


def _collect(stream: IO[str] | None, lines: list[str]) -> None:
    for line in stream or ():
        lines.append(line.rstrip())


def _watch(process: subprocess.Popen[str], label: str, progress: Callable[[], str], limit: float) -> None:
    started = time.monotonic()
    while True:
        try:
            process.wait(HEARTBEAT)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - started
            if elapsed > limit:
                raise Unavailable(f"{label}: not finished after {duration(elapsed)}, given up") from None
            say(f"  {label}: {', '.join(filter(None, (duration(elapsed), progress())))}")
        else:
            return


def _end(process: subprocess.Popen[str]) -> None:
    """End a command that still runs, together with the children of its process group."""
    for name in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, name)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
