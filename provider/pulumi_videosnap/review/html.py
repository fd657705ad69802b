"""A review as one HTML file: risks first, then the figures of the stack, then each task."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi_videosnap.report.formatting import exact, utc, value
from pulumi_videosnap.report.html import Chip, bar, chips, page, wrapping
from pulumi_videosnap.review.model import Action, FrameEstimate, Review, TaskReview
from pulumi_videosnap.review.text import (
    COST,
    NOT_ALL,
    ONCE,
    PER_HOUR,
    STORED,
    SYMBOLS,
    facts,
    frames,
    outcome,
    partial_notice,
    plural,
    same_risks,
    summary,
    total_facts,
    totals_of,
)

TEMPLATES = Path(__file__).parent / "templates"
ARROW = "→"
OPEN_UP_TO = 12
"""Up to this number of tasks, all are expanded; of more, none is."""
LONGEST_VALUE = 2_000
RISK = "risk"


View = dict[str, Any]
"""What the template shows of one thing."""


def as_html(review: Review) -> str:
    """The page; it works from a file, a mail or a web server."""
    tasks, headline = _tasks(review), summary(review, ARROW)
    return page(
        TEMPLATES,
        "page.html",
        review=review,
        summary=wrapping(f"{headline[:1].upper()}{headline[1:]}."),
        at=exact(review.at.replace(microsecond=0)),
        iso=utc(review.at).isoformat(),
        not_all=NOT_ALL,
        partial=partial_notice(review),
        risks=same_risks(review.risks),
        warnings=same_risks(review.warnings),
        places={view["task"].name: number for number, view in enumerate(tasks, 1)},
        totals=totals_of(review),
        figures=list(_figures(review)) if tasks else [],
        tasks=tasks,
        opened=len(tasks) <= OPEN_UP_TO,
        staying=plural(review.unchanged, "other task stays as it is", "other tasks stay as they are"),
        chips=_chips(tasks),
    )


def _chips(tasks: list[View]) -> list[Chip]:
    kinds = (kind for view in tasks for kind in view["kinds"])
    return chips(kinds, (RISK, *(action.value for action in Action)))


def _tasks(review: Review) -> list[View]:
    rates = [rate for task in review.tasks for rate in (_rate(task.before), _rate(task.after)) if rate]
    return [_task(task, review, max(rates, default=0)) for task in review.tasks]


def _rate(side: FrameEstimate | None) -> float | None:
    return side.per_hour if side else 0


def _task(task: TaskReview, review: Review, largest: float) -> View:
    risks = [risk.text for risk in review.risks if risk.task == task.name]
    shows_bar = task.continuous and (task.before or task.after)
    return {
        "task": task,
        "outcome": outcome(task),
        "symbol": SYMBOLS[task.action],
        "kinds": (task.action.value, *([RISK] if risks else [])),
        "frames": frames(task, ARROW, " an hour"),
        "bar": bar(_rate(task.before), _rate(task.after), largest) if shows_bar else None,
        "fields": [
            (field, value(field.before, LONGEST_VALUE), value(field.after, LONGEST_VALUE))
            for field in task.fields
        ],
        "facts": [fact for fact in facts(task, review.currency, ARROW) if fact[0] not in (PER_HOUR, ONCE)],
        "risks": risks,
    }


def _figures(review: Review) -> Iterator[View]:
    totals = review.totals
    sides = {
        PER_HOUR: (totals.frames_per_hour_before, totals.frames_per_hour_after),
        STORED: (totals.bytes_per_day_before, totals.bytes_per_day_after),
        COST: (totals.cost_per_day_before, totals.cost_per_day_after),
    }
    for label, text in total_facts(review, ARROW):
        before, after = sides.get(label, (None, None))
        largest = max(before or 0, after or 0)
        yield {"label": label, "text": text, "bar": bar(before, after, largest)}
