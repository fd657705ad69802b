"""Killing the engine or the provider with SIGKILL, and what the README tells a user to do afterwards."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support.cli import STACK, Project


@contextlib.contextmanager
def killed(run: subprocess.Popen[str], victim: str) -> Iterator[None]:
    """Kill the engine or its provider; what outlives the engine goes on meanwhile, and ends with us."""
    family = _descendants_of(run.pid)
    providers = [process for process in family if b"pulumi.dynamic" in _command_of(process)]
    try:
        for process in [run.pid] if victim == "engine" else providers:
            os.kill(process, signal.SIGKILL)
        if victim == "provider":
            assert providers, "no provider process was found"
            run.communicate(timeout=60)
        # The engine's own children hold its output open for as long as they live.
        run.wait(timeout=30)
        assert run.stdout is not None
        run.stdout.close()
        yield
    finally:
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def heal(project: Project) -> None:
    """What the README tells a user to do after a crash."""
    project.run("cancel", "--yes", STACK)
    project.up().ok()


def _descendants_of(parent: int) -> list[int]:
    found, todo = [], [parent]
    while todo:
        children = _children_of(todo.pop())
        todo += children
        found += children
    return found


def _children_of(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.02)
