"""`videosnap frames`: which pictures a stack's tasks took, which are missing, and what they look like."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from pulumi_videosnap.cli.progress import count, share
from pulumi_videosnap.errors import CannotCheck, VideosnapError
from pulumi_videosnap.frames.collect import Surroundings, every_frame, report_of
from pulumi_videosnap.frames.contact_sheet import render
from pulumi_videosnap.frames.download import download
from pulumi_videosnap.frames.model import Report
from pulumi_videosnap.frames.text import UNCHECKED, as_json, as_text, exit_code
from pulumi_videosnap.frames.verify import verified
from pulumi_videosnap.state import LIVE, Stack, read_stack, read_stack_file
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.platforms import Location

EPILOG = """\
exit codes: 0 every frame is as expected, 1 frames are missing or bad, 2 something could not be looked at.

The stack's state is read through `pulumi` and never written; `pulumi refresh` brings it up to date.
Buckets are read with your own credentials, never with the write-only key of a task.
"""


@dataclass
class Here:
    """What the command takes from its surroundings; a test hands in its own."""

    open: Callable[[Location], Bucket] = open_bucket
    now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    sleep: Callable[[float], None] = time.sleep


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap frames",
        description="List the pictures that a stack's tasks took, and what is missing.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("resource", nargs="*", help="names of resources in the program; all tasks of the stack when left out")
    add("--stack", help="the stack; the selected one when left out")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's folder")
    add("--state", metavar="FILE", help="read a file of `pulumi stack export` instead (- is standard input)")
    add("--prefix", help="look only below this prefix for the pictures of live rooms")
    add("--verify", action="store_true", help="open each picture: broken, black, frozen")
    add("--json", action="store_true", help="print the report as JSON")
    add("--sheet", type=Path, metavar="FILE", help="write a contact sheet: one HTML file (implies --verify)")
    add(
        "--download",
        type=Path,
        metavar="DIR",
        help="fetch the pictures; a second run goes on where it stopped",
    )
    add(
        "--follow", action="store_true", help="look again every few seconds until the tasks have ended, or ^C"
    )
    add("--every", type=float, default=5.0, metavar="SECONDS", help="how often --follow looks (%(default)s)")
    return parser


def main(arguments: Sequence[str], here: Here | None = None) -> int:
    """Run the command; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        chosen = here or Here()
        return _run(asked, replace(chosen, open=functools.cache(chosen.open)))
    except VideosnapError as problem:
        print(f"videosnap frames: {problem}", file=sys.stderr)  # noqa: T201
        return UNCHECKED


def _run(asked: argparse.Namespace, here: Here) -> int:
    if asked.follow:
        return _follow(asked, here)
    report = _report(asked, here, _stack(asked))
    _print(as_json(report).splitlines() if asked.json else as_text(report))
    if asked.sheet:
        asked.sheet.write_text(render(report), encoding="utf-8")
        print(f"contact sheet: {asked.sheet}", file=sys.stderr)  # noqa: T201
    if asked.download:
        fetched = download(report, asked.download, here.open, share("downloaded"))
        print(f"{fetched} pictures in {asked.download}", file=sys.stderr)  # noqa: T201
    return exit_code(report)


def _report(asked: argparse.Namespace, here: Here, stack: Stack) -> Report:
    around = Surroundings(here.open, here.now(), count("looked at", "objects"))
    report = report_of(stack, around)
    if asked.verify or asked.sheet:
        report = verified(report, here.open, count("opened", "pictures"))
    return report


def _stack(asked: argparse.Namespace) -> Stack:
    stack = read_stack_file(asked.state) if asked.state else read_stack(asked.stack, asked.cwd)
    known = {task.name for task in stack.tasks}
    for name in asked.resource:
        if name not in known:
            raise CannotCheck(
                f"{stack.name} has no task {name!r}; it has {', '.join(sorted(known)) or 'none at all'}"
            )
    chosen = tuple(task for task in stack.tasks if not asked.resource or task.name in asked.resource)
    if asked.prefix is not None:
        chosen = tuple(
            replace(task, properties={**task.properties, "framePrefix": asked.prefix})
            if task.kind.title == LIVE
            else task
            for task in chosen
        )
    return Stack(stack.name, chosen)


def _follow(asked: argparse.Namespace, here: Here) -> int:
    """Print each new picture as it comes, until no task goes on; ^C ends it with what is known then."""
    seen: set[tuple[str, str]] = set()
    while True:
        stack = _stack(asked)
        report = _report(asked, here, stack)
        for task, _, frame in every_frame(report):
            if frame.stored and (task.name, frame.stored.key) not in seen:
                seen.add((task.name, frame.stored.key))
                _print([f"{task.name}  {frame.condition.value}  {frame.stored.key}"])
        if not _goes_on(stack):
            break
        try:
            here.sleep(asked.every)
        except KeyboardInterrupt:
            break
    _print(as_text(report))
    return exit_code(report)


def _goes_on(stack: Stack) -> bool:
    """Whether a task of the stack still runs, as far as its state says."""
    return any(task.properties.get("status") == "running" for task in stack.tasks)


def _print(lines: Sequence[str] | Iterator[str]) -> None:
    for line in lines:
        print(line, flush=True)  # noqa: T201
