"""A drift report as one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.drift.model import DriftReport, Finding, StackDrift
from pulumi_videosnap.drift.text import (
    AS_RECORDED,
    FAILED_RUNS,
    INCOMPLETE,
    REPORTED,
    UNMANAGED,
    Group,
    check_time,
    created_span,
    failed_runs,
    group_unmanaged,
    groups,
    headline,
    stack_summary,
)
from pulumi_videosnap.report.formatting import exact, quantity, utc, value
from pulumi_videosnap.report.html import chips, page, wrapping

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_VALUE = 2_000
ORDER = tuple(verdict.value for verdict in (*REPORTED, *AS_RECORDED))
"""The verdicts as a page names them: the worst first."""
_WHOLE = 1000


@dataclass(frozen=True)
class Part:
    """A part of the bar: a verdict, where it begins, and how long it is, in thousandths."""

    kind: str
    start: float
    length: float


@dataclass(frozen=True)
class StackView:
    """A stack as the template writes it."""

    stack: StackDrift
    summary: str
    groups: list[Group]
    as_recorded: list[tuple[str, list[Finding]]]


def as_html(report: DriftReport) -> str:
    """The page of one run."""
    return page(
        TEMPLATES,
        "page.html",
        report=report,
        title=report.stacks[0].stack if len(report.stacks) == 1 else quantity(len(report.stacks), "stack"),
        summary=wrapping(f"{headline(report)}."),
        checked=check_time(report).partition(" UTC")[2],
        at=exact(report.at.replace(microsecond=0)),
        iso=utc(report.at).isoformat(),
        incomplete=INCOMPLETE,
        share=_share(report.counts),
        stacks=[_stack(stack, report) for stack in report.stacks],
        chips=chips((finding.verdict.value for finding in report.findings()), ORDER),
        orphans=[
            (one, created_span(one).removeprefix(", created ")) for one in group_unmanaged(report.unmanaged)
        ],
        unmanaged=UNMANAGED,
        failed_runs=list(failed_runs(report)),
        failed_title=FAILED_RUNS,
        value=lambda shown: value(shown, LONGEST_VALUE),
    )


def _stack(stack: StackDrift, report: DriftReport) -> StackView:
    as_recorded = (
        (verdict.value, [one for one in stack.findings if one.verdict is verdict]) for verdict in AS_RECORDED
    )
    return StackView(
        stack=stack,
        summary=stack_summary(stack, report.at),
        groups=groups(stack.findings),
        as_recorded=[(verdict, findings) for verdict, findings in as_recorded if findings],
    )


def _share(counts: dict[str, int]) -> tuple[Part, ...]:
    """The verdicts as parts of one bar, the worst at its end."""
    parts, start, total = [], 0.0, sum(counts.values())
    for kind in reversed(ORDER):
        if count := counts.get(kind, 0):
            length = count / total * _WHOLE
            parts.append(Part(kind, round(start, 2), round(length, 2)))
            start += length
    return tuple(parts)
