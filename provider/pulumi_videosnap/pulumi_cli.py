"""Runs the user's own `pulumi`. The engine alone reads and writes state."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import CannotCheck, one_line

STDERR = 2
_OF_ANOTHER_COMMAND = ("PULUMI_OPTION_", "PULUMI_ENABLE_STREAMING_JSON_PREVIEW")
"""Variables that set options of every command: they show secrets, leave resources out, read an old state."""
_DOCUMENT = re.compile(r"^[{\[]", re.MULTILINE)


def read_output(arguments: Sequence[str], folder: Path) -> str:
    """What a command prints on stdout; CannotCheck with its error when it fails."""
    ran = run(arguments, folder)
    if ran.returncode != 0:
        raise CannotCheck(f"`pulumi {shlex.join(arguments)}` failed: {stderr_summary(ran)}")
    return ran.stdout


def parse_document(text: str) -> Any:
    """The JSON document that a command printed, also among log lines; ValueError where there is none."""
    with contextlib.suppress(ValueError):
        return json.loads(text)
    documents: list[tuple[int, Any]] = []
    end = 0
    for found in _DOCUMENT.finditer(text):
        if found.start() >= end:
            with contextlib.suppress(ValueError):
                document, end = json.JSONDecoder().raw_decode(text, found.start())
                documents += [(end - found.start(), document)] if document else []
    return max(documents, key=lambda one: one[0])[1]


def read_text(file: str) -> str:
    """The text of a file, or of standard input for `-`: UTF-8, or UTF-16 as PowerShell writes it."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode(json.detect_encoding(content))
    except (AttributeError, OSError, UnicodeDecodeError) as unreadable:
        raise CannotCheck(f"{file} cannot be read ({type(unreadable).__name__})") from None


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end without questions; CannotCheck when `pulumi` is not installed."""
    pipe = subprocess.PIPE
    with _waiting(), _started(arguments, folder, pipe, pipe) as process:
        out, err = (text.decode(errors="replace") for text in process.communicate())
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run_streaming(arguments: Sequence[str], folder: Path) -> int:
    """Run a command whose output goes to stderr, so that the user sees it; returns its exit code."""
    with _waiting(), _started(arguments, folder, STDERR) as process:
        return process.wait()


def _started(
    arguments: Sequence[str], folder: Path, stdout: int, stderr: int | None = None
) -> subprocess.Popen[bytes]:
    cwd = _existing(folder)
    # The engine reads UTF-8, whatever the locale is.
    words = [word.encode(errors="surrogateescape") for word in (*arguments, "--non-interactive")]
    return subprocess.Popen(  # noqa: S603 - the user's own engine
        [_pulumi(), *words], cwd=cwd, env=_environment(), stdout=stdout, stderr=stderr
    )


@contextlib.contextmanager
def _waiting() -> Iterator[None]:
    """On ^C, which the engine gets too, wait for it: killed, it would leave a lock and steps half done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupts: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if interrupts:
        raise KeyboardInterrupt


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
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_ANOTHER_COMMAND)}
    return {**kept, "PULUMI_SKIP_UPDATE_CHECK": "true", "NO_COLOR": "1"}
