"""The command `videosnap`."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from pulumi_videosnap.errors import NotConfigured, VideosnapError, debugging, unexpected
from pulumi_videosnap.report.base import ExitCode

INTERRUPTED = 130
"""The exit code of a command that ^C ended, as shells have it for SIGINT."""
END_WITHIN = 2.0
"""Seconds that an interrupted command may take to end."""
BROKEN_PIPE = 141
"""The exit code of a command whose output is not read to its end, as shells have it for SIGPIPE."""

COMMANDS = {
    "review": (
        "pulumi_videosnap.cli.review",
        "say what a change will do to a stack's tasks, before it is approved",
    ),
    "drift": ("pulumi_videosnap.cli.drift", "say which tasks no longer match what a stack records"),
    "frames": (
        "pulumi_videosnap.cli.frames",
        "list, verify, download and show the frames of a stack's tasks",
    ),
    "emulator": ("videosnap_emulator.cli", "run the offline emulator of the clouds, with a live page"),
}
"""Each command with its module, imported on demand, whose `main` parses the arguments, and a line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Without `argv` it is the process's own, and ^C ends that."""
    words = sys.argv[1:] if argv is None else argv
    name = next((word for word in words if word in COMMANDS), "")
    if argv is None:
        signal.signal(signal.SIGINT, partial(_interrupt, name))
    return run_command(name, _dispatch, words)


def _interrupt(name: str, *_: object) -> None:
    """End what runs, within a time: threads that wait for a service would hold the process."""

    def end() -> None:
        _report(name, "interrupted")
        os._exit(INTERRUPTED)

    timer = threading.Timer(END_WITHIN, end)
    timer.daemon = True
    timer.start()
    raise KeyboardInterrupt


def _dispatch(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="videosnap",
        description="Cloud video-snapshot tasks as Pulumi resources: the tools around `pulumi up`.",
        epilog="`videosnap COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('pulumi-videosnap')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    arguments, rest = parser.parse_known_args(words)
    return _run(arguments.command, rest)


def _run(command: str, arguments: Sequence[str]) -> int:
    try:
        run: Callable[[Sequence[str]], int] = importlib.import_module(COMMANDS[command][0]).main
    except ModuleNotFoundError as missing:
        if command != "emulator":
            raise
        raise NotConfigured(
            f"{missing.name} is not installed; install the extra with: "
            "pip install 'pulumi-videosnap[emulator]'"
        ) from None
    return run(arguments)


def run_command(name: str, run: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a command; an error of any kind is one line on stderr and exit code 2, ^C is 130."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code: int = ExitCode.FAILED
    try:
        try:
            return run(arguments)
        finally:
            print(end="", flush=True)  # noqa: T201 - a full disk is found here, while it can be reported
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        code, sentence = INTERRUPTED, "interrupted"
    except VideosnapError as problem:
        sentence = str(problem)
    except Exception as bug:
        if debugging():
            traceback.print_exc()
        sentence = unexpected(bug)
    _report(name, sentence)
    return code


def _report(name: str, sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(f"{f'videosnap {name}'.strip()}: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
    _discard_output()


def _discard_output() -> None:
    """Drop output that cannot be written; else Python tries again when it exits, and fails with 120."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
