"""The command `videosnap`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version


def _emulator(arguments: Sequence[str]) -> int:
    try:
        from videosnap_emulator.cli import main as serve  # noqa: PLC0415 - an extra, loaded on demand
    except ModuleNotFoundError as missing:
        print(  # noqa: T201
            f"videosnap emulator: {missing.name} is not installed; "
            "install the extra with: pip install 'pulumi-videosnap[emulator]'",
            file=sys.stderr,
        )
        return 2
    return serve(arguments)


def _frames(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.frames.command import main as frames  # noqa: PLC0415 - loads boto3 and more

    return frames(arguments)


def _drift(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.drift.command import main as drift  # noqa: PLC0415 - loads both clouds

    return drift(arguments)


def _review(arguments: Sequence[str]) -> int:
    from pulumi_videosnap.review.command import main as review  # noqa: PLC0415 - loads both clouds

    return review(arguments)


CUT_SHORT = 141
"""The exit code of a command whose output nobody reads to the end, as shells have it for SIGPIPE."""

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
    run, _ = COMMANDS[arguments.command]
    try:
        return run(rest)
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` does; Python would complain at its end once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_SHORT


if __name__ == "__main__":
    sys.exit(main())
