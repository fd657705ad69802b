"""Runs other programs, and prints short lines of progress that suit a terminal and a log alike."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

HEARTBEAT = 10.0  # seconds between two lines of progress
INTERRUPTS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
LIMIT = 3600.0  # seconds for one program; a cold build on two slow cores takes a quarter of it


class Unavailable(Exception):
    """A way to the CLI that does not work here; the text says why."""


def say(line: str) -> None:
    """Print one line at once, so that a build behind a pipe shows where it is."""
    print(line, flush=True)  # noqa: T201


def run(label: str, command: Sequence[str | Path], folder: Path, unit: str = "lines") -> list[str]:
    """Run a program and return the lines it printed. An interrupt also ends the program and its children."""
    log, started, reported = folder / "output.log", time.monotonic(), 0.0
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)  # one before `process` is known would leave it
    try:
        with log.open("w") as out:
            process = subprocess.Popen(  # noqa: S603
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
    except OSError as problem:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        raise Unavailable(f"{label}: {problem}") from None
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
        while process.poll() is None:
            time.sleep(0.05)
            elapsed = time.monotonic() - started
            if elapsed > LIMIT:
                raise Unavailable(f"{label}: timed out after {elapsed:.0f} s")
            if elapsed > reported + HEARTBEAT:
                reported = elapsed
                say(f"  {label}: {elapsed:.0f} s, {len(log.read_bytes().splitlines())} {unit}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if process.returncode:
        failure = f"{label}: failed with exit code {process.returncode}"
        raise Unavailable("\n    ".join([failure, *lines[-8:]]))
    return lines


def ask(command: Sequence[str | Path], folder: Path) -> str:
    """The last line that a program prints; "" where it does not run, fails or prints nothing."""
    try:
        return run(str(command[0]), command, folder)[-1]
    except (Unavailable, IndexError):
        return ""
