"""The command `videosnap`."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version

from pulumi_videosnap.errors import NotConfigured, VideosnapError, debugging, unexpected
from pulumi_videosnap.report.base import ExitCode


def _emulator(arguments: Sequence[str]) -> int:
    try:
        from videosnap_emulator.serve import main as serve  # noqa: PLC0415 - an extra, loaded on demand
    except ModuleNotFoundError as missing:
        raise NotConfigured(
            f"{missing.name} is not installed; "
            "install the extra with: pip install 'pulumi-videosnap[emulator]'"
        ) from None
    return serve(arguments)


def _frames(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.cli.frames import main as frames  # noqa: PLC0415 - loads boto3 and more

    return frames(arguments)


def _drift(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.cli.drift import main as drift  # noqa: PLC0415 - loads both clouds

    return drift(arguments)


def _review(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.cli.review import main as review  # noqa: PLC0415 - loads both clouds

    return review(arguments)


BROKEN_PIPE = 141
"""The exit code of a command whose output is not read to its end, as shells have it for SIGPIPE."""

COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "review": (_review, "say what a change will do to a stack's tasks, before it is approved"),
    "drift": (_drift, "say which tasks are no longer as a stack records them"),
    "frames": (_frames, "list, check, fetch and show the pictures that a stack's tasks took"),
    "emulator": (_emulator, "run the offline stand-in for the cloud, with a live page"),
}
"""Each command with its one-line help; it parses the arguments behind its name by itself."""


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
    return run_command(arguments.command, COMMANDS[arguments.command][0], rest)


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
