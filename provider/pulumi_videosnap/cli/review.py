"""`videosnap review`: what a change will do to a stack's tasks, before anybody approves it."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from subprocess import CompletedProcess

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.cli.progress import count
from pulumi_videosnap.errors import CannotCheck, InvalidInput, VideosnapError
from pulumi_videosnap.frames.collect import Surroundings
from pulumi_videosnap.report.base import as_json
from pulumi_videosnap.review.estimate import Given, review_of
from pulumi_videosnap.review.markdown import as_markdown
from pulumi_videosnap.review.measure import sizes_of
from pulumi_videosnap.review.model import Review
from pulumi_videosnap.review.preview import Plan, plan_of
from pulumi_videosnap.review.prices import read_prices
from pulumi_videosnap.review.risks import DAY, FLOOR, Limits
from pulumi_videosnap.review.text import as_text
from pulumi_videosnap.state import text_of
from pulumi_videosnap.storage.bucket import open_bucket

REVIEWED, RISKY, NOT_REVIEWED = 0, 1, 2
"""Exit codes: reviewed; --strict and a risk was found; there was no whole preview to review."""

EPILOG = """\
exit codes: 0 reviewed, 1 risks were found and --strict is given, 2 the preview failed or cannot be read.

Nothing is changed. `pulumi preview` asks no cloud; buckets are listed to measure the size of pictures.
"""


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="videosnap review",
        description="Say what a change will do to a stack's tasks, their pictures and their cost.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "preview",
        nargs="?",
        metavar="FILE",
        help="what `pulumi preview --json` printed (- is standard input); else it is run",
    )
    add("--stack", help="the stack; the selected one when left out")
    add("--cwd", type=Path, default=Path(), metavar="DIR", help="the project's folder")
    add(
        "--refresh",
        action="store_true",
        help="have the preview ask the clouds first, so that drift counts too",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print the review as JSON")
    shown.add_argument("--markdown", action="store_true", help="print it as Markdown, for a comment")
    add("--html", type=Path, metavar="FILE", help="write it as a page")
    add("--prices", type=Path, metavar="FILE", help="prices in JSON, for what the pictures cost")
    add(
        "--floor",
        type=int,
        default=FLOOR,
        metavar="SECONDS",
        help="an interval below is a risk (%(default)s)",
    )
    add(
        "--idle",
        type=int,
        default=DAY,
        metavar="SECONDS",
        help="a max_idle_time from here on is a risk (%(default)s)",
    )
    add("--no-measure", action="store_true", help="do not list buckets: assume the size of pictures")
    add("--strict", action="store_true", help="exit with 1 when there is a risk")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        return _run(asked)
    except VideosnapError as problem:
        print(f"videosnap review: {problem}", file=sys.stderr)  # noqa: T201
        return NOT_REVIEWED


def _run(asked: argparse.Namespace) -> int:
    _refuse_contradictions(asked)
    plan = _with_a_name(_plan(asked), asked.stack)
    review = review_of(plan, _given(asked, plan))
    if asked.html:
        _write_page(review, asked.html)
    print(_said(asked, review), flush=True)  # noqa: T201
    if review.problem:
        return NOT_REVIEWED
    return RISKY if asked.strict and review.risks else REVIEWED


def _refuse_contradictions(asked: argparse.Namespace) -> None:
    if asked.preview and asked.refresh:
        raise InvalidInput("--refresh", "is for a preview that is run here, and one is given already")
    for option in ("floor", "idle"):
        if getattr(asked, option) < 0:
            raise InvalidInput(f"--{option}", "must be 0 seconds or more")


def _plan(asked: argparse.Namespace) -> Plan:
    if asked.preview:
        return plan_of(text_of(asked.preview))
    options = [*(["--stack", asked.stack] if asked.stack else []), *(["--refresh"] if asked.refresh else [])]
    return _plan_that_ran(pulumi_cli.run(["preview", "--json", "--show-sames", *options], asked.cwd))


def _with_a_name(plan: Plan, given: str | None) -> Plan:
    """A preview that failed before the first resource does not say whose it is."""
    name = given or os.environ.get("PULUMI_STACK", "")
    return plan if plan.stack else replace(plan, stack=name.rpartition("/")[2])


def _plan_that_ran(ran: CompletedProcess[str]) -> Plan:
    """The plan in what the engine printed; where it failed early, there is none."""
    if ran.returncode != 0 and not ran.stdout.lstrip().startswith("{"):
        raise CannotCheck(f"`pulumi preview` failed: {pulumi_cli.said(ran)}")
    return plan_of(ran.stdout)


def text_of_plan(ran: CompletedProcess[str]) -> Iterator[str]:
    """A review of what the engine printed, as text; CannotCheck when it made no whole plan."""
    plan = _plan_that_ran(ran)
    if plan.problem:
        raise CannotCheck(f"`pulumi preview` failed: {plan.problem}")
    return as_text(review_of(plan, Given(datetime.now(timezone.utc))))


def _given(asked: argparse.Namespace, plan: Plan) -> Given:
    now = datetime.now(timezone.utc)
    prices = read_prices(asked.prices) if asked.prices else None
    limits = Limits(asked.floor, asked.idle)
    if asked.no_measure:
        return Given(now, {}, prices, limits)
    around = Surroundings(functools.cache(open_bucket), now, count("looked at", "objects"))
    sizes, problems = sizes_of(plan, around)
    return Given(now, sizes, prices, limits, tuple(problems))


def _said(asked: argparse.Namespace, review: Review) -> str:
    if asked.json:
        return as_json(review)
    return as_markdown(review).rstrip("\n") if asked.markdown else "\n".join(as_text(review))


def _write_page(review: Review, file: Path) -> None:
    from pulumi_videosnap.review.html import as_html  # noqa: PLC0415 - needs an extra

    file.write_text(as_html(review), encoding="utf-8")
    print(f"page: {file}", file=sys.stderr)  # noqa: T201
