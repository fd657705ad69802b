"""A drift report as a comment or an issue: what drifted in a table, the rest in collapsed sections."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_videosnap.drift.model import Change, DriftReport, Finding, StackDrift, Unmanaged
from pulumi_videosnap.drift.text import (
    FAILED_RUNS,
    INCOMPLETE,
    UNMANAGED,
    Group,
    check_time,
    created_span,
    failed_runs,
    group_unmanaged,
    groups,
    headline,
)
from pulumi_videosnap.report import markdown as md
from pulumi_videosnap.report.formatting import quantity, value

MARKER = "<!-- videosnap drift -->"
UNREADABLE_STACKS, ORPHANS, SENTENCES = 8_000, 10_000, 6_000
"""Characters that stacks which cannot be checked, unmanaged tasks, failed runs and the scope may take."""
LEAST_DETAILS = 1_000
SHORTER = 60
"""Characters of a value in the table."""
_CHANGES = 3


def as_markdown(report: DriftReport) -> str:
    """The comment; a script finds it again by its first line."""
    first = md.document(
        MARKER, f"### videosnap drift: {_headline(report)}", _check_time(report), _unreadable_stacks(report)
    )
    failed = _sentences(FAILED_RUNS, [*failed_runs(report)])
    last = md.document(_unmanaged(report), failed, _sentences("Scope", report.scope)).strip("\n")
    room = md.LIMIT - len(first) - len(last)
    found = [(stack, group) for stack in report.stacks for group in groups(stack.findings)]
    findings = _table(found, len(report.stacks) > 1, room - LEAST_DETAILS)
    return md.document(first.rstrip("\n"), findings, _details(found, room - len(findings)), last)


def _headline(report: DriftReport) -> str:
    return md.prose(headline(report))


def _check_time(report: DriftReport) -> str:
    return f"{check_time(report)}." + ("" if report.complete else f" **{INCOMPLETE}**")


def _unreadable_stacks(report: DriftReport) -> str:
    stacks = [stack for stack in report.stacks if stack.problem is not None]
    more = "- and {}, left out here."
    return md.fitting(
        stacks, _problem, UNREADABLE_STACKS, lambda count: more.format(quantity(count, "more stack"))
    )


def _problem(stack: StackDrift) -> str:
    return md.bullet(f"{md.code(stack.stack)} cannot be checked: {md.prose(stack.problem or '')}")


Found = tuple[StackDrift, Group]


def _table(found: Sequence[Found], several: bool, room: int) -> str:
    head = ("", *(["stack"] if several else []), "task", "recorded → actual, or why")
    blank = [""] * (len(head) - 2)
    more = md.fitting(
        found,
        lambda one: _row(*one, several),
        room - len(md.table(head, "-")),
        lambda count: md.row("", f"and {count:,} more, left out here", *blank),
    )
    return md.table(head, more)


def _row(stack: StackDrift, group: Group, several: bool) -> str:
    where = [md.code(stack.stack)] if several else []
    changes = "<br>".join(_change(change, SHORTER) for change in group.changes[:_CHANGES])
    what = changes or md.prose(group.why, md.SHORT)
    return md.row(group.verdict.value, *where, _task_names(group.findings), what)


def _task_names(findings: Sequence[Finding]) -> str:
    return md.names(finding.name for finding in findings)


def _change(change: Change, limit: int = md.SHORT) -> str:
    recorded, actual = (md.code(value(given, limit)) for given in (change.recorded, change.actual))
    return f"{md.code(change.field)}: {recorded} → {actual}"


def _details(found: Sequence[Found], room: int) -> str:
    title = "What it means, and how to fix it"
    room -= len(md.details(title, " "))
    return md.details(title, md.fitting(found, lambda one: _block(*one), room, _more_details, "\n\n"))


def _more_details(count: int) -> str:
    return f"The details of {count:,} more are left out here: the comment would be too long."


def _block(stack: StackDrift, group: Group) -> str:
    title = (
        f"**{group.verdict.value}**: {_task_names(group.findings)} of {md.code(stack.stack)} ({_kind(group)})"
    )
    points = [f"{_change(change)}: {md.prose(change.meaning)}" for change in group.changes]
    points += [f"why: {md.prose(group.why)}"] if group.why else []
    points += [f"to fix: {md.prose(group.remedy)}"] if group.remedy else []
    return f"{title}\n\n{md.bullets(points)}".rstrip("\n")


def _kind(group: Group) -> str:
    if len(group.findings) > 1:
        return md.prose(quantity(len(group.findings), group.kind))
    return f"{md.prose(group.kind)} {md.code(group.findings[0].id)}".rstrip()


def _unmanaged(report: DriftReport) -> str:
    listed = md.fitting(
        group_unmanaged(report.unmanaged), _jobs, ORPHANS, lambda count: f"- and {count:,} more."
    )
    return md.details(f"{UNMANAGED} ({len(report.unmanaged):,})", listed)


def _jobs(jobs: Sequence[Unmanaged]) -> str:
    first = jobs[0]
    count = f"{len(jobs):,} " if len(jobs) > 1 else ""
    note = f"; {md.prose(first.note)}" if first.note else ""
    ids = md.names(job.id for job in jobs)
    return md.bullet(
        f"{md.prose(first.where)}: {count}{md.code(first.state)}{created_span(jobs)}: {ids}{note}"
    )


def _sentences(title: str, texts: Sequence[str]) -> str:
    return md.details(title, md.fitting(texts, _sentence, SENTENCES, lambda count: f"- and {count:,} more."))


def _sentence(text: str) -> str:
    return md.bullet(md.prose(text))
