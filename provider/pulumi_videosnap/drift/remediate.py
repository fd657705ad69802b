"""Brings drifted tasks back with the engine: shows the plan of `pulumi up`, asks, and runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pulumi_videosnap import pulumi_cli
from pulumi_videosnap.drift.model import DriftReport, Finding, StackDrift
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.kinds import kind_by_title
from pulumi_videosnap.review.estimate import review_of
from pulumi_videosnap.review.model import Outcome
from pulumi_videosnap.review.preview import run_preview
from pulumi_videosnap.review.text import as_text


def remediate(report: DriftReport, folder: Path, *, confirmed: bool) -> bool:
    """Run `pulumi up` on every drifted task of every stack; False when the user says no.

    InvalidInput without a terminal to confirm on; CannotCheck when `pulumi preview` or `pulumi up` fails.
    """
    if not confirmed and not (sys.stdin and sys.stdin.isatty()):
        raise InvalidInput("--heal", "needs confirmation; use --yes in non-interactive runs")
    drifted = [stack for stack in report.stacks if stack.drifted()]
    with TemporaryDirectory(prefix="videosnap-") as plans:
        shown = [
            (_show_plan(stack, folder, file := Path(plans, f"{number}.json")), file)
            for number, stack in enumerate(drifted)
        ]
        left = [(plan, file) for plan, file in shown if plan.drifted()]
        if not left or (not confirmed and not _confirm()):
            return False
        for stack, file in left:
            _run_up(stack, folder, file)
    return True


def _show_plan(stack: StackDrift, folder: Path, file: Path) -> StackDrift:
    """Show and save the plan of what can be brought back; say of the rest why `up` would fail."""
    plan = run_preview(folder, ["--refresh", "--save-plan", str(file), *_targets(stack)])
    review = review_of(plan)
    refused = {task.urn: task for task in review.tasks if task.outcome is Outcome.REFUSED}
    rest = tuple(one for one in stack.findings if one.urn not in refused)
    if len(rest) < len(stack.findings):
        for task in refused.values():
            _print(f"{task.name} is left as it is: {task.effect}.")
        left = stack.model_copy(update={"findings": rest})
        return _show_plan(left, folder, file) if left.drifted() else left
    if plan.problem:
        raise CannotCheck(f"`pulumi preview` failed: {plan.problem}")
    for line in as_text(review):
        _print(line)
    return stack


def _print(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201


def _run_up(stack: StackDrift, folder: Path, file: Path) -> None:
    """The engine refuses what is not in the plan that was shown: the program or a task changed meanwhile."""
    up = ["up", "--refresh", "--yes", "--skip-preview", "--plan", str(file), *_targets(stack)]
    if code := pulumi_cli.run_streaming(up, folder):
        raise CannotCheck(
            f"`pulumi up` of stack {stack.stack} failed with exit code {code} (see output above); if it "
            "violates the plan, something changed after the plan was shown: run the command again"
        )


def _targets(stack: StackDrift) -> list[str]:
    """The options that limit the engine to the drifted tasks."""
    return ["--stack", stack.stack, *(word for task in stack.drifted() for word in _target(task))]


def _target(task: Finding) -> Sequence[str]:
    """A task whose frames are gone is unchanged for the service: only a replacement runs it again."""
    stored = kind_by_title(task.kind).drift.stored_fields
    replace = bool(task.changes) and all(change.field in stored for change in task.changes)
    return ("--target-replace" if replace else "--target", task.urn)


def _confirm() -> bool:
    try:
        return input("Run this plan? (yes/no) ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
