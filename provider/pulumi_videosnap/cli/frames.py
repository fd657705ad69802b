"""`videosnap frames`: which frames a stack's tasks took, which are missing, and what they look like."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pulumi_videosnap.cli.progress import count, share
from pulumi_videosnap.core.urns import resource_name
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.frames.collect import report_of
from pulumi_videosnap.frames.contact_sheet import as_html
from pulumi_videosnap.frames.download import download, prepare
from pulumi_videosnap.frames.model import FramesReport, without_secrets
from pulumi_videosnap.frames.text import as_json, as_text, exit_code
from pulumi_videosnap.frames.verify import verify
from pulumi_videosnap.report.base import Dependencies, ExitCode, Reporter
from pulumi_videosnap.state import RecordedResource, Stack, read_stack, read_stack_file
from pulumi_videosnap.storage.bucket import open_bucket

EPILOG = """\
exit codes: 0 every expected frame is present, 1 frames are missing or bad, 2 something could not be checked.

The stack's state is read through `pulumi` and never written; `pulumi refresh` brings it up to date.
Buckets are read with your own credentials, never with the write-only key of a task.
"""
REPORTER = Reporter[FramesReport](text=as_text, html=as_html, json=as_json, options={"html": "sheet"})


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap frames",
        description="List the frames that a stack's tasks took, and those that are missing.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("resource", nargs="*", help="names of resources in the program; by default all tasks of the stack")
    add("--stack", help="the stack; by default the selected one")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's directory")
    add("--state", metavar="FILE", help="read a file of `pulumi stack export` instead (- is standard input)")
    add("--prefix", help="where state records no keys of frames, count only keys with this prefix")
    add("--verify", action="store_true", help="decode each frame: find unreadable, black and frozen ones")
    REPORTER.add_options(parser)
    add(
        "--download",
        type=Path,
        metavar="DIR",
        help="download the frames; a second run downloads what is new or has changed",
    )
    add("--follow", action="store_true", help="list again every few seconds until the tasks have ended or ^C")
    add("--every", type=float, default=5.0, metavar="SECONDS", help="how often --follow lists (%(default)s)")
    return parser


def main(arguments: Sequence[str], dependencies: Dependencies | None = None) -> int:
    """Run the command; returns the exit code."""
    options = parser().parse_args(arguments)
    _refuse_contradictions(options)
    given = dependencies or Dependencies()
    listed = given.listed or count("listed", "objects")
    dependencies = replace(given, open_bucket=given.open_bucket or open_bucket, listed=listed)
    if options.download:
        prepare(options.download)
    if options.follow:
        return _follow(options, dependencies)
    report = _report(options, dependencies, _stack(options))
    shown = without_secrets(report)
    REPORTER.show(shown, options)
    REPORTER.write(shown, options)
    if options.download:
        return max(exit_code(report), _download(report, options.download))
    return exit_code(report)


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.stack and options.state:
        raise InvalidInput("--state", "cannot be used with --stack: each says what to list")
    unused = [name for name in ("json", "html", "download") if options.follow and getattr(options, name)]
    if unused:
        name = f"--{'sheet' if unused[0] == 'html' else unused[0]}"
        raise InvalidInput(name, "cannot be used with --follow, which prints each new frame as a line")
    if not 0 < options.every < math.inf:
        raise InvalidInput("--every", f"must be a number of seconds above 0, not {options.every:g}")


def _download(report: FramesReport, directory: Path) -> ExitCode:
    count, problems = download(report, directory, share("downloaded"))
    print(f"{count} frames in {directory}", *problems, sep="\n", file=sys.stderr)  # noqa: T201
    return ExitCode.FAILED if problems else ExitCode.AS_EXPECTED


def _stack(options: argparse.Namespace) -> Stack:
    stack = read_stack_file(options.state) if options.state else read_stack(options.stack, options.cwd)
    names = {name for task in stack.tasks for name in _names(task)}
    if unknown := [name for name in options.resource if name not in names]:
        raise CannotCheck(
            f"{stack.name} has no task {unknown[0]!r}; it has {', '.join(sorted(names)) or 'none at all'}"
        )
    wanted = set(options.resource)
    chosen = tuple(
        task
        for task in stack.tasks
        if (wanted & _names(task) if wanted else task.kind.frames.location_outputs)
    )
    return replace(stack, tasks=chosen)


def _names(task: RecordedResource) -> set[str]:
    """What a task can be asked for by: its name in the program, and the one in the report."""
    return {resource_name(task.urn) or task.name, task.name}


def _report(options: argparse.Namespace, dependencies: Dependencies, stack: Stack) -> FramesReport:
    report = report_of(stack, dependencies, options.prefix)
    if options.verify or options.html:
        report = verify(report, count("decoded", "frames"))
    return report


def _follow(options: argparse.Namespace, dependencies: Dependencies) -> int:
    """Print each new frame until every task has ended; ^C ends it with what is known then."""
    seen: set[tuple[str, str]] = set()
    while True:
        stack = _stack(options)
        report = _report(options, dependencies, stack)
        report = without_secrets(report)
        for task, _, frame in report.frames():
            if frame.stored and (task.name, frame.stored.key) not in seen:
                seen.add((task.name, frame.stored.key))
                print(f"{task.name}  {frame.condition.value}  {frame.stored.key}", flush=True)  # noqa: T201
        if all(task.kind.has_ended(task.properties) for task in stack.tasks):
            break
        try:
            dependencies.sleep(options.every)
        except KeyboardInterrupt:
            break
    print("\n".join(as_text(report)), flush=True)  # noqa: T201
    return exit_code(report)
