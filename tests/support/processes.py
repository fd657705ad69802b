"""Processes that a test starts, and all that they start in turn: none outlives its block."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own; at the end of the block it and its descendants are killed."""
    streams: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process: subprocess.Popen[str] = subprocess.Popen(
        command, cwd=folder, env=dict(environment), text=True, start_new_session=True, **streams
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process.pid, *descendants(process.pid))
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextlib.contextmanager
def killed(run: subprocess.Popen[str], victim: str) -> Iterator[None]:
    """Kill the engine, with which its provider ends, or the provider; the rest goes on until the end.

    The engine may be interrupted instead, once (`^C`) or twice (`^C^C`).
    """
    family = descendants(run.pid)
    names = (b"pulumi.dynamic", b"pulumi-resource-videosnap")
    providers = [process for process in family if any(name in _command_of(process) for name in names)]
    try:
        if victim.startswith("^C"):
            for _ in range(victim.count("^C")):
                os.kill(run.pid, signal.SIGINT)
                time.sleep(0.3)  # the engine takes a second one in the same moment for the first
        else:
            kill(*([run.pid] if victim == "engine" else providers))
        if victim != "engine":
            assert providers, "no provider process was found"
            run.communicate(timeout=60)
        # The engine's own children hold its output open for as long as they live.
        run.wait(timeout=30)
        wait_until(lambda: not any(_command_of(process) for process in providers), 10)
        yield
    finally:
        kill(*family)


def kill(*processes: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def descendants(parent: int) -> list[int]:
    """The ids of all processes below one."""
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


def megabytes(process: int, what: str) -> float:
    """Memory that a process has (`VmRSS`), or had at the most (`VmHWM`)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Ask again and again what only another process can bring about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.02)
