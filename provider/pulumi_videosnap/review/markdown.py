"""A review as one comment on a change request: risks and a table, and the rest in closed sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from pulumi_videosnap.report import markdown as md
from pulumi_videosnap.report.formatting import quantity, value
from pulumi_videosnap.review.model import FieldChange, Review, Risk, TaskReview
from pulumi_videosnap.review.text import (
    NOT_ALL,
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

ARROW = "→"
RISKS, WARNINGS, BASIS = 14_000, 6_000, 6_000
"""Characters that risks, warnings and assumptions may take; table and details take what is left."""
LEAST_DETAILS = 1_000
DETAILS = "Fields, storage, calls"


def as_markdown(review: Review) -> str:
    """The comment; a script finds it again by its first line."""
    first = md.document(marker(review.stack), _headline(review), _problem(review), *_findings(review))
    last = _basis(review)
    room = md.LIMIT - len(first) - len(last)
    tasks = _table(review, room - LEAST_DETAILS) if review.tasks else ""
    return md.document(first.rstrip("\n"), tasks, _details(review, room - len(tasks)), last)


def marker(stack: str) -> str:
    """The hidden line that names the stack; what could end it is written as in an address."""
    return f"<!-- videosnap review: {quote(stack, safe='/').replace('--', '-%2D')} -->"


def _headline(review: Review) -> str:
    return f"### videosnap review of {md.code(review.stack)}: {summary(review, ARROW)}"


def _problem(review: Review) -> str:
    return f"> **{NOT_ALL}:** {md.prose(review.problem)}" if review.problem else ""


def _findings(review: Review) -> Iterator[str]:
    yield f"> {md.prose(partial_notice(review))}." if review.left_out else ""
    yield _list_risks("Risk", review.risks, RISKS)
    yield _list_risks("Warning", review.warnings, WARNINGS)


def _list_risks(word: str, risks: Sequence[Risk], room: int) -> str:
    def more(count: int) -> str:
        return f"- and {quantity(count, f'more {word.lower()}')}, left out here."

    listed = md.fitting(same_risks(risks), _risk, room, more)
    return f"**{word if len(risks) == 1 else f'{word}s'}**\n\n{listed}" if listed else ""


def _risk(group: tuple[Risk, list[str]]) -> str:
    risk, names = group
    where = ", ".join(filter(None, (md.names(names), md.code(risk.field))))
    text = f"{md.prose(risk.text)} ({md.code(risk.code)})"
    return md.bullet(f"{where}: {text}" if where else text)


def _table(review: Review, room: int) -> str:
    head = ("", "task", "effect", "frames an hour")
    more = md.fitting(review.tasks, _row, room - len(md.table(head, "-")), _more_rows)
    staying = plural(review.unchanged, "other task stays as it is.", "other tasks stay as they are.")
    return md.document(md.table(head, more), staying if review.unchanged else "").rstrip("\n")


def _more_rows(count: int) -> str:
    return md.row("", f"and {quantity(count, 'more task')}, left out here", "", "")


def _row(task: TaskReview) -> str:
    symbol = f"`{SYMBOLS[task.action]}`"
    return md.row(symbol, md.code(task.name), outcome(task), frames(task, ARROW))


def _details(review: Review, room: int) -> str:
    if not review.tasks:
        return ""
    totals = md.bullets(f"{label}: {md.prose(figure)}" for label, figure in total_facts(review, ARROW))
    head, comma, rest = totals_of(review).partition(",")
    first = f"**{head}**{comma}{rest}\n\n{totals}\n\n"
    room -= len(md.details(DETAILS, first))
    tasks = md.fitting(review.tasks, lambda task: _task(task, review.currency), room, _more_details, "\n\n")
    return md.details(DETAILS, first + tasks)


def _more_details(count: int) -> str:
    return f"The details of {quantity(count, 'more task')} are left out here: the comment would be too long."


def _task(task: TaskReview, currency: str) -> str:
    title = (
        f"**`{SYMBOLS[task.action]}`** {md.code(task.name)} ({md.prose(task.kind)}): {md.prose(task.effect)}"
    )
    figures = (f"{label}: {md.prose(figure)}" for label, figure in facts(task, currency, ARROW))
    points = (*map(_field, task.fields), *figures, *map(md.prose, task.notes))
    return f"{title}\n\n{md.bullets(points)}".rstrip("\n")


def _field(field: FieldChange) -> str:
    replaces = " (needs a replacement)" if field.replaces else ""
    before, after = (md.code(value(side, md.SHORT)) for side in (field.before, field.after))
    return f"{md.code(field.field)}: {before} {ARROW} {after}{replaces}"


def _basis(review: Review) -> str:
    if not review.tasks:
        return ""
    body = md.fitting(review.assumptions, _assumption, BASIS, lambda count: f"- and {count:,} more.")
    return md.details("What the figures rest on", body)


def _assumption(sentence: str) -> str:
    return md.bullet(md.prose(sentence))
