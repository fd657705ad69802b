"""The command `videosnap`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from pulumi_videosnap.errors import NotConfigured, VideosnapError, debugging, unexpected
from pulumi_videosnap.report.base import ExitCode

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
    "emulator": ("videosnap_emulator.cli", "run the offline stand-in for the cloud, with a live page"),
}
"""Each command with its module, imported on demand, whose `main` parses the arguments, and a line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="videosnap",
        description="Cloud video-snapshot tasks as Pulumi resources: the tools around `pulumi up`.",
        epilog="`videosnap COMMAND --help` explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('pulumi-videosnap')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    arguments, rest = parser.parse_known_args(argv)
    return run_command(arguments.command, partial(_run, arguments.command), rest)


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
    """Run a command; an error of any kind is one line on stderr and exit code 2."""
    try:
        return run(arguments)
    except BrokenPipeError:
        # The reader closed the pipe, as `head` does; without this, Python reports it again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except VideosnapError as problem:
        sentence = str(problem)
    except Exception as bug:
        if debugging():
            traceback.print_exc()
        sentence = unexpected(bug)
    print(f"videosnap {name}: {sentence}", file=sys.stderr)  # noqa: T201
    return ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
