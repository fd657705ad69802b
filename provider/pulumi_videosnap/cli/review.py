"""`videosnap review`: what a change will do to a stack's tasks, before it is approved."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pulumi_videosnap.cli.progress import count
from pulumi_videosnap.errors import InvalidInput
from pulumi_videosnap.pulumi_cli import read_text
from pulumi_videosnap.report.base import Dependencies, ExitCode, Reporter
from pulumi_videosnap.review.estimate import read_prices, review_of
from pulumi_videosnap.review.html import as_html
from pulumi_videosnap.review.markdown import as_markdown
from pulumi_videosnap.review.model import Review
from pulumi_videosnap.review.preview import Plan, read_preview, run_preview
from pulumi_videosnap.review.rules import Limits
from pulumi_videosnap.review.text import as_text
from pulumi_videosnap.storage.bucket import open_bucket

REPORTER = Reporter[Review](text=as_text, markdown=as_markdown, html=as_html)

EPILOG = """\
exit codes: 0 reviewed, 1 risks were found and --strict is given, 2 the preview failed or cannot be read.

Nothing is changed. `pulumi preview` calls no cloud; buckets are listed to measure the size of frames.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap review",
        description="Say what a change will do to a stack's tasks, their frames and their cost.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "preview",
        nargs="?",
        metavar="FILE",
        help="output of `pulumi preview --json` (- is standard input); by default the command runs it",
    )
    add("--stack", help="the stack; by default the selected one")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's directory")
    add(
        "--refresh", action="store_true", help="have the preview query the clouds first, so that drift counts"
    )
    REPORTER.add_options(parser)
    add("--prices", type=Path, metavar="FILE", help="prices in JSON, for what the frames cost")
    limits = Limits()
    add(
        "--floor",
        type=int,
        default=limits.floor,
        metavar="SECONDS",
        help="report an interval shorter than this as a risk (%(default)s)",
    )
    add(
        "--idle",
        type=int,
        default=limits.idle,
        metavar="SECONDS",
        help="report a max_idle_time of this or longer as a risk (%(default)s)",
    )
    add("--no-measure", action="store_true", help="do not list buckets: assume the size of frames")
    add("--strict", action="store_true", help="exit with 1 when there is a risk")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    options = parser().parse_args(arguments)
    _refuse_contradictions(options)
    review = review_of(
        _plan(options),
        limits=Limits(options.floor, options.idle),
        prices=read_prices(options.prices) if options.prices else None,
        dependencies=Dependencies(
            open_bucket=None if options.no_measure else open_bucket, listed=count("listed", "objects")
        ),
    )
    REPORTER.show(review, options)
    REPORTER.write(review, options)
    if review.problem:
        return ExitCode.FAILED
    return ExitCode.FINDING if options.strict and review.risks else ExitCode.AS_EXPECTED


def _refuse_contradictions(options: argparse.Namespace) -> None:
    if options.preview and options.refresh:
        raise InvalidInput("--refresh", "needs a preview that is run here; leave out the file")
    for option in ("floor", "idle"):
        if getattr(options, option) < 0:
            raise InvalidInput(f"--{option}", "must be 0 seconds or more")


def _plan(options: argparse.Namespace) -> Plan:
    if options.preview:
        plan = read_preview(read_text(options.preview))
    else:
        stack = ["--stack", options.stack] if options.stack else []
        plan = run_preview(options.cwd, [*stack, *(["--refresh"] if options.refresh else [])])
    # A preview that failed before the first resource does not say which stack it is of.
    name = options.stack or os.environ.get("PULUMI_STACK", "")
    return plan if plan.stack else replace(plan, stack=name.rpartition("/")[2])
