"""Drift reports as HTML: one file for a run, with the runs before it, and an index of all that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.drift.entries import Entry, Kept
from pulumi_videosnap.drift.model import DriftReport, Finding, StackDrift
from pulumi_videosnap.drift.text import (
    AS_RECORDED,
    NOT_ALL,
    TOLD,
    UNMANAGED,
    Group,
    checked,
    created,
    groups,
    headline,
    of_stack,
    same_jobs,
)
from pulumi_videosnap.report.formatting import counted, exact, utc, value
from pulumi_videosnap.report.page import chips, page, wrapping

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_VALUE = 2_000
ORDER = tuple(verdict.value for verdict in (*TOLD, *AS_RECORDED))
"""The verdicts as a page names them: the worst first."""
IN_STRIP, LEAST_IN_STRIP = 60, 24
"""Runs that a strip shows, and for how many it has room at least."""
_TOP = 8
"""Of a strip's hundred, what is left above the columns for the sign that a run was incomplete."""


@dataclass(frozen=True)
class Part:
    """A stretch of a bar: a verdict, where it begins, and how long it is."""

    kind: str
    start: float
    length: float


@dataclass(frozen=True)
class Column:
    """One run in the strip."""

    place: int
    title: str
    parts: tuple[Part, ...]
    complete: bool


@dataclass(frozen=True)
class Strip:
    """The verdicts of many runs, the newest at the right."""

    width: int
    columns: list[Column]
    heard: str
    first: str
    last: str
    kinds: list[str]


@dataclass(frozen=True)
class StackView:
    """A stack as the template writes it."""

    stack: StackDrift
    said: str
    groups: list[Group]
    as_recorded: list[tuple[str, list[Finding]]]


def as_html(report: DriftReport, history: Sequence[Entry] = ()) -> str:
    """The page of one run; `history` holds earlier runs and this one, the oldest first."""
    return page(
        TEMPLATES,
        "page.html",
        report=report,
        title=report.stacks[0].stack if len(report.stacks) == 1 else counted(len(report.stacks), "stack"),
        summary=wrapping(f"{headline(report)}."),
        checked=checked(report).partition(" UTC")[2],
        at=exact(report.at.replace(microsecond=0)),
        iso=utc(report.at).isoformat(),
        not_all=NOT_ALL,
        share=_share(report.counts, 1000),
        stacks=[_stack(stack, report) for stack in report.stacks],
        chips=chips((finding.verdict.value for finding in report.findings()), ORDER),
        strip=strip(history) if history else None,
        jobs=[(jobs, created(jobs).removeprefix(", created ")) for jobs in same_jobs(report.unmanaged)],
        unmanaged=UNMANAGED,
        value=lambda given: value(given, LONGEST_VALUE),
    )


def _stack(stack: StackDrift, report: DriftReport) -> StackView:
    fine = (
        (verdict.value, [one for one in stack.findings if one.verdict is verdict]) for verdict in AS_RECORDED
    )
    return StackView(
        stack=stack,
        said=of_stack(stack, report.at),
        groups=groups(stack.findings),
        as_recorded=[(verdict, findings) for verdict, findings in fine if findings],
    )


def _share(counts: dict[str, int], whole: float, of: int = 0) -> tuple[Part, ...]:
    """The verdicts as stretches of a bar, of which `of` tasks would fill the whole."""
    parts, start, total = [], 0.0, of or sum(counts.values())
    for kind in reversed(ORDER):
        if count := counts.get(kind, 0):
            length = count / total * whole
            parts.append(Part(kind, round(start, 2), round(length, 2)))
            start += length
    return tuple(parts)


def strip(entries: Sequence[Entry]) -> Strip:
    """The newest of some runs, which come the oldest first."""
    shown = entries[-IN_STRIP:]
    largest = max(entry.tasks for entry in shown)
    width = max(len(shown), LEAST_IN_STRIP)
    columns = [_column(entry, width - len(shown) + at, largest) for at, entry in enumerate(shown)]
    first, last = (f"{entry.at:%Y-%m-%d %H:%M}" for entry in (shown[0], shown[-1]))
    heard = f"Verdicts of {counted(len(shown), 'run')}, {first} to {last} UTC; the last: {said(shown[-1])}"
    kinds = Counter(part.kind for column in columns for part in column.parts)
    return Strip(width, columns, heard, first, last, [kind for kind in ORDER if kinds[kind]])


def _column(entry: Entry, place: int, largest: int) -> Column:
    title = f"{exact(entry.at.replace(microsecond=0))}: {said(entry)}"
    return Column(place, title, _share(entry.counts, 100 - _TOP, largest), entry.complete)


def said(entry: Entry) -> str:
    """One run in a sentence."""
    return ", ".join(_said(entry))


def _said(entry: Entry) -> Iterator[str]:
    if not entry.complete:
        yield "INCOMPLETE"
    if entry.unreadable:
        yield f"{entry.unreadable:,} cannot be read"
    if entry.drifted:
        yield f"{entry.drifted:,} of {counted(entry.tasks, 'task')} drifted"
    elif not entry.tasks:
        yield "no tasks"
    elif entry.complete:
        yield f"{counted(entry.tasks, 'task')} as recorded"
    else:
        yield counted(entry.tasks, "task")


def index_html(kept: Kept) -> str:
    """The index of the runs in a folder."""
    newest = kept.entries[0] if kept.entries else None
    return page(
        TEMPLATES,
        "index.html",
        kept=kept,
        summary=f"The last run: {said(newest)}." if newest else "No run is kept here.",
        newest=newest and exact(newest.at.replace(microsecond=0)),
        iso=newest and newest.at.isoformat(),
        strip=strip(kept.entries[::-1]) if kept.entries else None,
        kinds=[kind for kind in ORDER if any(entry.counts.get(kind) for entry in kept.entries)],
        rows=[
            (entry, exact(entry.at.replace(microsecond=0)), _share(entry.counts, 1000), said(entry))
            for entry in kept.entries
        ],
    )
