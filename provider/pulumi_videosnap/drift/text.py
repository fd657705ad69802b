"""A drift report as text for a terminal: what differs from the record, why, and what brings it back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pulumi_videosnap.drift.model import DRIFTED, Change, DriftReport, Finding, StackDrift, Unmanaged, Verdict
from pulumi_videosnap.report.formatting import (
    exact,
    few,
    printable,
    quantity,
    sentence,
    span,
    titled_list,
    value,
    wrap,
)

AS_RECORDED = (Verdict.IN_SYNC, Verdict.COMPLETE)
"""What is only counted."""
REPORTED = (Verdict.FAILED, Verdict.MISSING, Verdict.STOPPED, Verdict.CHANGED, Verdict.UNREADABLE)
"""What is reported for each task, the worst first."""
INCOMPLETE = "The check is INCOMPLETE: what could not be read may have drifted."
UNMANAGED = "Unmanaged tasks, which a cloud has and no checked stack records"
FAILED_RUNS = "Failed runs, which Pulumi does not repeat"

_LONG = 90
"""Seconds from which on tenths are not shown."""
_REQUEST = re.compile(r" \(RequestId [^)\s]*\)")


@dataclass
class Group:
    """Tasks with the same verdict, reason, changes and remedy."""

    verdict: Verdict
    kind: str
    why: str
    remedy: str
    changes: tuple[Change, ...]
    findings: list[Finding] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The tasks' names, to be shown."""
        return [printable(finding.name) for finding in self.findings]


def as_text(report: DriftReport) -> Iterator[str]:
    """The report for people."""
    yield from wrap(f"{headline(report)}.")
    yield from wrap(f"{check_time(report)}.")
    if not report.complete:
        yield from wrap(INCOMPLETE)
    for stack in report.stacks:
        yield from _stack(stack, report)
    yield from titled_list(UNMANAGED, map(_unmanaged, group_unmanaged(report.unmanaged)))
    yield from titled_list(FAILED_RUNS, map(sentence, failed_runs(report)))
    yield from titled_list("Scope", map(sentence, report.scope))


def headline(report: DriftReport) -> str:
    """The whole report in one sentence; only a complete check may find no drift."""
    parts = list(_findings(report))
    if report.unmanaged:
        parts.append(quantity(len(report.unmanaged), "unmanaged task"))
    if failed := sum(one.failed for one in report.failed_runs):
        parts.append(quantity(failed, "failed run"))
    return ("" if report.complete else "INCOMPLETE: ") + "; ".join(parts)


def _findings(report: DriftReport) -> Iterator[str]:
    closed = [printable(stack.stack) for stack in report.stacks if stack.problem is not None]
    if closed:
        yield f"{few(closed)} cannot be checked"
    tasks = sum(report.counts.values())
    if tasks:
        yield from _verdicts(report, f"{quantity(tasks, 'task')} of {_checked_stacks(report)}")
    elif not closed:
        yield _nothing(report)


def _verdicts(report: DriftReport, population: str) -> Iterator[str]:
    unreadable, drifted = (_count(report, kinds) for kinds in ((Verdict.UNREADABLE,), DRIFTED))
    fine = verdict_counts(report.counts, AS_RECORDED)
    if unreadable:
        yield f"{unreadable:,} of {population} cannot be read"
    if drifted:
        of = "" if unreadable else f" of {population}"
        yield f"{drifted:,}{of} drifted: {verdict_counts(report.counts, REPORTED[:-1])}"
    if not (unreadable or drifted):
        yield f"{'No drift in ' if report.complete else ''}{population}: {fine}"
    elif fine:
        yield fine


def _count(report: DriftReport, verdicts: Iterable[Verdict]) -> int:
    return sum(report.counts[verdict.value] for verdict in verdicts)


def verdict_counts(counts: Mapping[str, int], verdicts: Iterable[Verdict] = (*REPORTED, *AS_RECORDED)) -> str:
    """`2 changed, 1 missing`: the verdicts that occur."""
    named = ((counts[verdict.value], verdict.value) for verdict in verdicts)
    return ", ".join(f"{count:,} {name}" for count, name in named if count)


def _nothing(report: DriftReport) -> str:
    if not report.stacks:
        return "Nothing to check: no stack was named"
    verb = "records" if len(report.stacks) == 1 else "record"
    return f"Nothing to check: {_checked_stacks(report)} {verb} no snapshot task"


def _checked_stacks(report: DriftReport) -> str:
    readable = [stack for stack in report.stacks if stack.problem is None]
    return printable(readable[0].stack) if len(readable) == 1 else quantity(len(readable), "stack")


def check_time(report: DriftReport) -> str:
    """When the check was made, how long it took, and the age of the state."""
    took = f"{report.seconds:.1f} s" if report.seconds < _LONG else span(timedelta(seconds=report.seconds))
    text = f"Checked {exact(report.at.replace(microsecond=0))} in {took}"
    ages = [report.at - stack.written for stack in report.stacks if stack.written]
    return f"{text}; {_written(ages)}" if ages else text


def _written(ages: Sequence[timedelta]) -> str:
    youngest, oldest = age_before(min(ages)), age_before(max(ages))
    if youngest == oldest:
        return f"state written {youngest}"
    return f"states written {youngest.removesuffix(' before')} to {oldest}"


def age_before(age: timedelta) -> str:
    """`2 h before`; a state that was written during the check is new."""
    return f"{span(age)} before" if age > timedelta() else "just then"


def _stack(stack: StackDrift, report: DriftReport) -> Iterator[str]:
    if stack.problem is not None:
        yield ""
        yield from wrap(f"{printable(stack.stack)} cannot be checked: {sentence(stack.problem)}", rest="  ")
    elif len(report.stacks) > 1:
        yield ""
        yield from wrap(f"{printable(stack.stack)}: {stack_summary(stack, report.at)}")
    for group in groups(stack.findings):
        yield ""
        yield from _group(group)


def stack_summary(stack: StackDrift, at: datetime) -> str:
    """One stack in a sentence: its tasks, and how old its state was."""
    tasks = len(stack.findings)
    counts = Counter(finding.verdict.value for finding in stack.findings)
    summary = f"{quantity(tasks, 'task')} ({verdict_counts(counts)})" if tasks else "no snapshot task"
    return f"{summary}; state written {age_before(at - stack.written)}" if stack.written else summary


def groups(findings: Iterable[Finding]) -> list[Group]:
    """What is not as recorded, the worst first; tasks of which the same is reported are one group."""
    found: dict[tuple[str, ...], Group] = {}
    for finding in findings:
        if finding.verdict not in AS_RECORDED:
            group = Group(
                finding.verdict,
                finding.kind,
                _without_own_names(finding.why, finding),
                _without_own_names(finding.remedy, finding),
                finding.changes,
            )
            found.setdefault(_key(group), group).findings.append(finding)
    return sorted(map(_with_exact_text, found.values()), key=lambda group: REPORTED.index(group.verdict))


def _key(group: Group) -> tuple[str, ...]:
    changes = [change.model_dump(mode="json") for change in group.changes]
    return group.verdict.value, group.kind, group.why, group.remedy, json.dumps(changes, default=str)


def _without_own_names(text: str, finding: Finding) -> str:
    """A text without the task's own names, so that equal texts of many tasks are one group."""
    for own, stands in ((finding.urn, "<urn>"), (finding.id, "<id>"), (finding.name, "<name>")):
        if own and own in text:
            text = re.sub(rf"(?<![\w-]){re.escape(own)}(?![\w-])", stands, text)
    return _REQUEST.sub("", text)


def _with_exact_text(group: Group) -> Group:
    if len(group.findings) == 1:
        group.why, group.remedy = group.findings[0].why, group.findings[0].remedy
    return group


def _group(group: Group) -> Iterator[str]:
    yield from wrap(f"{group.verdict.value}: {task_names(group)}", "", "  ")
    for change in group.changes:
        yield from wrap(_change(change), "  ", "    ")
        yield from wrap(sentence(change.meaning), "    ")
    if group.why:
        yield from wrap(f"why: {sentence(group.why)}", "  ", "    ")
    if group.remedy:
        yield from wrap(f"to fix: {sentence(group.remedy)}", "  ", "    ")


def task_names(group: Group) -> str:
    """`lobby (live room) app/room/task`, or `a, b, c and 197 more (200 live rooms)`."""
    count = len(group.findings)
    if count == 1:
        return f"{group.names[0]} ({printable(group.kind)}) {printable(group.findings[0].id)}".rstrip()
    return f"{few(group.names)} ({quantity(count, printable(group.kind))})"


def _change(change: Change) -> str:
    return f"{printable(change.field)}: recorded {value(change.recorded)} -> actual {value(change.actual)}"


def group_unmanaged(jobs: Iterable[Unmanaged]) -> list[list[Unmanaged]]:
    """Those of one service, state and note together."""
    found: dict[tuple[str, str, str], list[Unmanaged]] = {}
    for job in jobs:
        found.setdefault((job.where, job.state, job.note), []).append(job)
    return list(found.values())


def _unmanaged(jobs: Sequence[Unmanaged]) -> str:
    first = jobs[0]
    count = f"{len(jobs):,} " if len(jobs) > 1 else ""
    text = f"{printable(first.where)}: {count}{printable(first.state)}{created_span(jobs)}: "
    return (
        text + few([printable(job.id) for job in jobs]) + (f"; {sentence(first.note)}" if first.note else "")
    )


def created_span(jobs: Sequence[Unmanaged]) -> str:
    """`, created … to …`, where that is known."""
    moments = sorted(job.created.replace(microsecond=0) for job in jobs if job.created)
    if not moments:
        return ""
    first, last = exact(moments[0]), exact(moments[-1])
    return f", created {first}" + ("" if first == last else f" to {last}")


def failed_runs(report: DriftReport) -> Iterator[str]:
    """Sentences on the failed runs of each resource: how many, the latest ones, and where the others are."""
    for one in report.failed_runs:
        name = f"{one.stack}: {one.name}" if len(report.stacks) > 1 else one.name
        since = f" since {exact(one.since)}" if one.since else ", as far back as the service lists them"
        yield f"{name}: {one.failed:,} of {quantity(one.runs, 'run')} failed{since}."
        yield from (f"{name}: {why}." for why in one.latest)
        if more := one.failed - len(one.latest):
            yield f"{name}: and {more:,} more, which `videosnap frames {one.name}` lists."
