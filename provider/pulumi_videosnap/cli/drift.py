"""`videosnap drift`: what no longer matches the record, for one stack or many. Nothing is written."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TextIO

from pulumi_videosnap.alibaba.jobs import open_account
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.cli.progress import share
from pulumi_videosnap.drift import remediate
from pulumi_videosnap.drift.detect import Around, report_of
from pulumi_videosnap.drift.markdown import as_markdown
from pulumi_videosnap.drift.model import UNCHECKED, DriftReport, StackDrift
from pulumi_videosnap.drift.text import as_text
from pulumi_videosnap.errors import CannotCheck, InvalidInput, VideosnapError
from pulumi_videosnap.pulumi_cli import ask
from pulumi_videosnap.report.base import as_json
from pulumi_videosnap.state import Stack, stack_in, stack_of
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.platforms import Location

EPILOG = """\
exit codes: 0 no drift, 1 drift, 2 not everything could be checked (whatever else was found).

The record is what `pulumi stack export` says; the clouds are asked directly, and nothing is written.
`pulumi refresh` without --preview-only takes what it finds into the record, where it is no drift any more.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap drift",
        description="Hold what stacks record of their tasks against what the clouds say.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--stack",
        action="append",
        help="a stack, more than once for several; the selected one when left out",
    )
    add("--all", action="store_true", help="every stack of the project")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's folder")
    add("--state", metavar="FILE", help="read a file of `pulumi stack export` instead (- is standard input)")
    add("--no-pictures", action="store_true", help="do not look for the pictures of finished jobs")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print the report as JSON")
    shown.add_argument("--markdown", action="store_true", help="print the report as Markdown, for an issue")
    add(
        "--html",
        type=Path,
        metavar="DIR",
        help="write a dated report into a folder that keeps the earlier ones",
    )
    add("--heal", action="store_true", help="show the plan that mends what drifted, and run it on a yes")
    add("--yes", action="store_true", help="say yes to the plan of --heal")
    return parser


def main(arguments: Sequence[str], around: Around | None = None) -> int:
    """Run the command; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        _refuse_contradictions(asked)
        return _run(asked, around or _surroundings(asked))
    except VideosnapError as problem:
        print(f"videosnap drift: {problem}", file=sys.stderr)  # noqa: T201
        return UNCHECKED


def _run(asked: argparse.Namespace, around: Around) -> int:
    report = report_of(list(_stacks(asked)), around)
    if asked.heal and any(finding.drifted for finding in report.findings()):
        _print(asked, report, sys.stderr)
        if remediate.heal(report, asked.cwd, agreed=asked.yes):
            report = report_of(list(_stacks(asked)), around)
    if asked.html:
        print(f"report: {_keep(report, asked.html)}", file=sys.stderr)  # noqa: T201
    _print(asked, report, sys.stdout)
    return report.exit_code


def _refuse_contradictions(asked: argparse.Namespace) -> None:
    sources = [name for name in ("stack", "all", "state") if getattr(asked, name)]
    if len(sources) > 1:
        raise InvalidInput(f"--{sources[1]}", f"does not go with --{sources[0]}: each says what to check")
    if asked.heal and asked.state:
        raise InvalidInput("--heal", "needs the stack itself, not a file of its state")
    if asked.yes and not asked.heal:
        raise InvalidInput("--yes", "agrees to the plan of --heal, which is not asked for")


def _stacks(asked: argparse.Namespace) -> Iterator[Stack | StackDrift]:
    """The stacks to check; one of several that cannot be read does not keep the others from it."""
    if asked.state:
        yield stack_in(asked.state)
    elif asked.all or asked.stack:
        names = _all_stacks(asked.cwd) if asked.all else list(dict.fromkeys(asked.stack))
        yield from (_read(name, asked.cwd) for name in names)
    else:
        yield stack_of(None, asked.cwd, opened=True)


def _read(name: str, folder: Path) -> Stack | StackDrift:
    try:
        return stack_of(name, folder, opened=True)
    except CannotCheck as problem:
        return StackDrift(stack=name, problem=str(problem))


def _all_stacks(folder: Path) -> list[str]:
    listed = json.loads(ask(["stack", "ls", "--json"], folder))
    if not listed:
        raise CannotCheck("the project has no stack to check")
    return [str(stack["name"]) for stack in listed]


def _print(asked: argparse.Namespace, report: DriftReport, stream: TextIO) -> None:
    if asked.json:
        text = as_json(report)
    elif asked.markdown:
        text = as_markdown(report).rstrip("\n")
    else:
        text = "\n".join(as_text(report))
    print(text, file=stream, flush=True)


def _keep(report: DriftReport, folder: Path) -> Path:
    from pulumi_videosnap.drift.history import write  # noqa: PLC0415 - needs an extra

    return write(report, folder)


def _surroundings(asked: argparse.Namespace) -> Around:
    return Around(
        now=lambda: datetime.now(timezone.utc),
        open=None if asked.no_pictures else _open,
        seen=_seen,
        progress=share("checked"),
    )


def _open(place: Location, profile: str | None, stack: Stack) -> Bucket:
    return open_bucket(place, profile=profile, config=stack.setting)


def _seen(profile: str | None, location: str, stack: Stack) -> tuple[Sequence[SnapshotJob], datetime | None]:
    return open_account(profile, location, stack.setting).jobs.newest()
