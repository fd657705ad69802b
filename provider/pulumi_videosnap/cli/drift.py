"""`videosnap drift`: what is no longer as recorded, for one stack or many. Nothing is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pulumi_videosnap.cli.progress import share
from pulumi_videosnap.drift.detect import detect_drift
from pulumi_videosnap.drift.html import as_html
from pulumi_videosnap.drift.markdown import as_markdown
from pulumi_videosnap.drift.model import DriftReport, StackDrift
from pulumi_videosnap.drift.remediate import remediate
from pulumi_videosnap.drift.text import as_text
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.pulumi_cli import parse_document, read_output
from pulumi_videosnap.report.base import Dependencies, Reporter
from pulumi_videosnap.state import Stack, read_stack, read_stack_file
from pulumi_videosnap.storage.bucket import open_bucket

EPILOG = """\
exit codes: 0 no drift, 1 drift, 2 not everything could be checked (whatever else was found).
Unmanaged tasks and failed runs are reported, and are no drift: they leave the exit code as it is.

What is recorded comes from `pulumi stack export`; the clouds are called directly. Nothing is changed without
--heal. `pulumi refresh` without --preview-only records what it finds, and then it is no drift any more.
"""
REPORTER: Reporter[DriftReport] = Reporter(text=as_text, markdown=as_markdown, html=as_html)


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap drift",
        description="Compare what stacks record of their tasks with what the clouds say.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--stack", action="append", help="a stack; repeat it for several (default: the selected one)")
    add("--all", action="store_true", help="every stack of the project")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's directory")
    add("--state", metavar="FILE", help="read a file of `pulumi stack export` instead (- is standard input)")
    add(
        "--no-frames",
        "--no-pictures",
        action="store_true",
        help="do not look for the frames of finished jobs",
    )
    REPORTER.add_options(parser)
    add("--heal", action="store_true", help="show the plan that fixes the drift, ask, and run it")
    add("--yes", action="store_true", help="run the plan of --heal without asking")
    return parser


def main(arguments: Sequence[str], dependencies: Dependencies | None = None) -> int:
    """Run the command; returns the exit code."""
    options = parser().parse_args(arguments)
    _refuse_contradictions(options)
    dependencies = dependencies or Dependencies(
        open_bucket=None if options.no_frames else open_bucket, checked=share("checked")
    )
    report = detect_drift(list(_stacks(options)), dependencies)
    if options.heal and any(finding.drifted for finding in report.findings()):
        REPORTER.show(report, options, sys.stderr)
        if remediate(report, options.cwd, confirmed=options.yes):
            report = detect_drift(list(_stacks(options)), dependencies)
    REPORTER.show(report, options)
    REPORTER.write(report, options)
    return report.exit_code


def _refuse_contradictions(options: argparse.Namespace) -> None:
    sources = [name for name in ("stack", "all", "state") if getattr(options, name)]
    if len(sources) > 1:
        raise InvalidInput(f"--{sources[1]}", f"cannot be used with --{sources[0]}: each says what to check")
    if options.heal and options.state:
        raise InvalidInput("--heal", "needs the stack itself, not a file of its state")
    if options.yes and not options.heal:
        raise InvalidInput("--yes", "confirms the plan of --heal, which is not given")


def _stacks(options: argparse.Namespace) -> Iterator[Stack | StackDrift]:
    """The stacks to check; one of several that cannot be read does not prevent the check of the others."""
    if options.state:
        yield read_stack_file(options.state)
    elif options.all or options.stack:
        names = _all_stacks(options.cwd) if options.all else list(dict.fromkeys(options.stack))
        yield from (_read(name, options.cwd) for name in names)
    else:
        yield read_stack(None, options.cwd, show_secrets=True)


def _read(name: str, folder: Path) -> Stack | StackDrift:
    try:
        return read_stack(name, folder, show_secrets=True)
    except CannotCheck as problem:
        return StackDrift(stack=name, problem=str(problem))


def _all_stacks(folder: Path) -> list[str]:
    listed = parse_document(read_output(["stack", "ls", "--json"], folder))
    if not listed:
        raise CannotCheck("the project has no stack to check")
    return [str(stack["name"]) for stack in listed]
