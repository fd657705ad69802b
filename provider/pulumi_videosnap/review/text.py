"""A review as text for a terminal: what a change does to each task, in Pulumi's own symbols."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from pulumi_videosnap.report.formatting import (
    ARROW,
    UNKNOWN,
    byte_size,
    change,
    few,
    money,
    number,
    printable,
    quantity,
    sentence,
    span,
    titled_list,
    value,
    wrap,
)
from pulumi_videosnap.review.model import (
    Action,
    Calls,
    FieldChange,
    FrameEstimate,
    Outcome,
    Review,
    Risk,
    TaskReview,
    Totals,
)

SYMBOLS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "+-", Action.DELETE: "-"}
"""The engine's own."""
NOT_ALL = "The preview failed, so what is listed here may not be all"

PER_HOUR, ONCE, STORED, COST = "frames an hour", "frames", "storage a day", "cost a day"

Facts = Iterator[tuple[str, str]]
"""Figures that are known: a label and its text."""


def as_text(review: Review) -> Iterator[str]:
    """The review for people; one line where nothing changes."""
    if review.problem:
        yield from wrap(f"{NOT_ALL}: {sentence(review.problem)}")
    yield from wrap(f"{printable(review.stack)}: {summary(review)}")
    if review.left_out:
        yield from wrap(f"{partial_notice(review)}.")
    yield from titled_list("Risks", map(_risk, same_risks(review.risks)))
    yield from titled_list("Warnings", map(_risk, same_risks(review.warnings)))
    risky = {risk.task for risk in review.risks}
    for task in review.tasks:
        yield ""
        yield from _task(task, review.currency, task.name in risky)
    if review.tasks:
        yield from _totals(review)
        yield from titled_list("What the figures rest on", map(sentence, review.assumptions))


def summary(review: Review, arrow: str = ARROW) -> str:
    """The whole review in one line, without the stack's name."""
    parts = [_population(review)]
    if review.tasks:
        parts.extend(_headline_figures(review.totals, arrow))
    if review.left_out:
        parts.append(f"partial, {quantity(len(review.left_out), 'resource')} left out")
    for findings, word in ((review.risks, "risk"), (review.warnings, "warning")):
        if findings:
            parts.append(quantity(len(findings), word))
    return "; ".join(parts)


def partial_notice(review: Review) -> str:
    """What a preview with `--target` or `--exclude` leaves out."""
    names = few([printable(name) for name in review.left_out])
    return f"The preview is partial: --target or --exclude leaves out {names}, so this review does too"


def _population(review: Review) -> str:
    """How many tasks change, of how many where all are listed."""
    changing, staying = len(review.tasks), review.unchanged
    changes = plural(changing, "task changes", "tasks change")
    if review.problem:
        return f"as far as the preview got, {changes} and {staying:,} stay"
    if review.unlisted:
        return changes if changing else "no task changes"
    if changing:
        verb = "changes" if changing == 1 else "change"
        return f"{changing:,} of {quantity(changing + staying, 'task')} {verb}"
    kept = plural(staying, "stays as it is", "stay as they are")
    return f"no task changes, {kept}" if staying else "the stack has no snapshot task"


def plural(count: int, one: str, many: str) -> str:
    """`1 task changes`, `2 tasks change`."""
    return f"{count:,} {one if count == 1 else many}"


def _headline_figures(totals: Totals, arrow: str) -> Iterator[str]:
    before, after = totals.frames_per_hour_before, totals.frames_per_hour_after
    if number(before) != number(after):
        yield f"{number(before)} {arrow} {number(after)} frames an hour"
    elif after:
        yield f"{number(after)} frames an hour as before"
    if totals.job_frames:
        yield f"{quantity(totals.job_frames, 'frame')} by new jobs"


def same_risks(risks: Iterable[Risk]) -> list[tuple[Risk, list[str]]]:
    """Each risk or warning once, with the names of the tasks that have it."""
    groups: dict[tuple[str, str, str], tuple[Risk, list[str]]] = {}
    for risk in risks:
        _, names = groups.setdefault((risk.code, risk.field, risk.text), (risk, []))
        names.extend([risk.task] if risk.task else [])
    return list(groups.values())


def _risk(group: tuple[Risk, list[str]]) -> str:
    risk, names = group
    where = ", ".join(filter(None, (few([printable(name) for name in names]), printable(risk.field))))
    return (f"{where}: " if where else "") + f"{sentence(risk.text)} [{printable(risk.code)}]"


def _task(task: TaskReview, currency: str, risky: bool) -> Iterator[str]:
    mark = " (see its risk above)" if risky else ""
    title = f"{printable(task.name)} ({printable(task.kind)}): {outcome(task)}{mark}"
    yield from wrap(title, f"{SYMBOLS[task.action]:<3}", "   ")
    yield from wrap(sentence(task.effect), "   ")
    for field in task.fields:
        yield from wrap(_field(field), "   ", "     ")
    for label, figure in facts(task, currency):
        yield from wrap(f"{label}: {figure}", "   ", "     ")
    for note in task.notes:
        yield from wrap(f"note: {sentence(note)}", "   ", "     ")


def _field(field: FieldChange) -> str:
    replaces = " (needs a replacement)" if field.replaces else ""
    return f"{printable(field.field)}: {value(field.before)} => {value(field.after)}{replaces}"


def outcome(task: TaskReview) -> str:
    """The outcome in words."""
    return task.outcome.value.replace("pictures", "frames")


def facts(task: TaskReview, currency: str, arrow: str = ARROW) -> Facts:
    """Frames, storage, calls and cost of one task, as far as they are known."""
    if task.before or task.after:
        yield PER_HOUR if task.continuous else ONCE, frames(task, arrow)
        yield from _storage(task, arrow)
    if task.gap_seconds is not None:
        yield "longest gap", f"about {span(timedelta(seconds=task.gap_seconds))}"
    if task.calls:
        yield "calls", calls(task.calls)
    yield from _cost(task, currency, arrow)


def frames(task: TaskReview, arrow: str = ARROW, unit: str = "") -> str:
    """Frames before and after: an hour, and of which streams, or once; empty where none are taken."""
    known = task.after or task.before
    if known is None:
        return ""
    if not task.continuous:
        return _once(task, arrow)
    before, after = (0.0 if side is None else side.per_hour for side in (task.before, task.after))
    streams = " for each stream" if known.streams is None else f", {quantity(known.streams, 'stream')}"
    return change(before, after, arrow=arrow, unit=unit) + streams


def _once(task: TaskReview, arrow: str) -> str:
    """What a new job writes, or what the recorded run wrote where no other follows."""
    before, after = (None if side is None else _count(side) for side in (task.before, task.after))
    if task.outcome is not Outcome.NEW_JOB:
        return f"{before or after} by the recorded run"
    return (f"{before} {arrow} " if before not in (None, after) else "") + f"{after}, once"


def _count(side: FrameEstimate) -> str:
    return UNKNOWN if side.once is None else f"{side.once:,}{' at most' if side.at_most else ''}"


def _storage(task: TaskReview, arrow: str) -> Facts:
    sides = [side for side in (task.after, task.before) if side]
    origin = "".join([f", {sentence(side.size_from)}" for side in sides if side.size_from][:1])
    before, after = (0.0 if side is None else side.bytes_per_day for side in (task.before, task.after))
    once = sides[0].bytes_once
    if task.continuous and (before or after):
        yield STORED, change(before, after, byte_size, arrow) + origin
    elif once is not None:
        yield "storage", byte_size(once) + origin


def _cost(task: TaskReview, currency: str, arrow: str) -> Facts:
    if task.continuous and (task.cost_before, task.cost_after) != (None, None):
        before = task.cost_before if task.before else 0.0
        after = task.cost_after if task.after else 0.0
        yield COST, cost(before, after, currency, arrow)
    elif task.outcome is Outcome.NEW_JOB and task.cost_after is not None:
        yield "cost, once", cost(task.cost_after, task.cost_after, currency)


def calls(made: Iterable[Calls]) -> str:
    """`1 UpdateSnapshot, at least 2 GetSnapshotTask`."""
    return ", ".join(
        f"{'at least ' if call.at_least else ''}{call.count:,} {printable(call.action)}" for call in made
    )


def cost(before: float | None, after: float | None, currency: str, arrow: str = ARROW) -> str:
    """A cost before and after, in its currency."""
    return change(before, after, money, arrow, f" {printable(currency)}" if currency else "")


def _totals(review: Review) -> Iterator[str]:
    yield ""
    yield f"{totals_of(review)}:"
    for label, figure in total_facts(review):
        yield from wrap(f"{label}: {figure}", "  ", "    ")


def totals_of(review: Review) -> str:
    """Which tasks the totals are of."""
    if review.unlisted:
        return "The live tasks that the preview lists, together"
    return "All live tasks together, including unchanged ones"


def total_facts(review: Review, arrow: str = ARROW) -> Facts:
    """The same figures of the whole stack."""
    sides = (side for task in review.tasks if task.continuous for side in (task.before, task.after))
    takes_all = any(side.streams is None for side in sides if side)
    each = ", counting one stream of a room that takes all" if takes_all else ""
    totals = review.totals
    rate = change(totals.frames_per_hour_before, totals.frames_per_hour_after, arrow=arrow)
    yield PER_HOUR, rate + each
    yield STORED, change(totals.bytes_per_day_before, totals.bytes_per_day_after, byte_size, arrow)
    costs = totals.cost_per_day_before, totals.cost_per_day_after
    if any(amount is not None for amount in costs):
        yield COST, cost(*costs, review.currency, arrow)
    if totals.job_frames:
        yield "frames by new jobs, once", number(totals.job_frames)
    if totals.calls:
        yield "calls of this change", calls(totals.calls)
