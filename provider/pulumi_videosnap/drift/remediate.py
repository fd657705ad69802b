"""Mends what a drift run found, with the engine: shows what `pulumi up` is going to do, asks, and runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.drift.model import DriftReport, Finding, StackDrift
from pulumi_videosnap.drift.pictures import WRITTEN
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.review.estimate import review_of
from pulumi_videosnap.review.preview import run_preview
from pulumi_videosnap.review.text import as_text

_PICTURES = {field for _, field, _ in WRITTEN}


def heal(report: DriftReport, folder: Path, *, agreed: bool) -> bool:
    """Mend every drifted task of every stack; False when the user did not agree.

    InvalidInput when nobody can be asked; CannotCheck when the engine makes no plan, or fails.
    """
    if not agreed and not sys.stdin.isatty():
        raise InvalidInput("--heal", "asks before it acts, and nobody can answer here: add --yes")
    drifted = [stack for stack in report.stacks if stack.drifted()]
    for stack in drifted:
        _show_plan(stack, folder)
    if not agreed and not _yes():
        return False
    for stack in drifted:
        _mend(stack, folder)
    return True


def _show_plan(stack: StackDrift, folder: Path) -> None:
    plan = run_preview(folder, ["--refresh", *_aimed_at(stack)])
    if plan.problem:
        raise CannotCheck(f"`pulumi preview` failed: {plan.problem}")
    for line in as_text(review_of(plan)):
        print(line, file=sys.stderr)  # noqa: T201


def _mend(stack: StackDrift, folder: Path) -> None:
    up = ["up", "--refresh", "--yes", "--skip-preview", *_aimed_at(stack)]
    if code := pulumi_cli.run_streaming(up, folder):
        raise CannotCheck(f"`pulumi up` of stack {stack.stack} failed with exit code {code}, as told above")


def _aimed_at(stack: StackDrift) -> list[str]:
    """The options that keep the engine to the drifted tasks."""
    return ["--stack", stack.stack, *(word for task in stack.drifted() for word in _target(task))]


def _target(task: Finding) -> Sequence[str]:
    """A job whose pictures are gone runs as it should for the service, so it must be told to run again."""
    again = bool(task.changes) and all(change.field in _PICTURES for change in task.changes)
    return ("--target-replace" if again else "--target", task.urn)


def _yes() -> bool:
    return input("Run this plan? (yes/no) ").strip().lower() in ("y", "yes")
