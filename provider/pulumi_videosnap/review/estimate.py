"""Puts a review together: each step's effect, its pictures before and after, what they weigh and cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pulumi_videosnap.review import jobs, rooms
from pulumi_videosnap.review.effects import Effect, added
from pulumi_videosnap.review.fields import field_changes
from pulumi_videosnap.review.model import (
    Action,
    Calls,
    Outcome,
    Pictures,
    Review,
    TaskReview,
    Totals,
)
from pulumi_videosnap.review.preview import SAME, Plan, Step
from pulumi_videosnap.review.prices import Prices
from pulumi_videosnap.review.risks import Limits, risks_of
from pulumi_videosnap.review.sizes import BYTES_A_PIXEL, STREAM_SIZE, Sizes, with_size
from pulumi_videosnap.state import LIVE, RecordedResource


@dataclass(frozen=True)
class Given:
    """What a review rests on beside the preview: sizes that were measured, prices, limits.

    `notes` are sentences on how the sizes were come by.
    """

    at: datetime
    sizes: Sizes = field(default_factory=dict)
    prices: Prices | None = None
    limits: Limits = field(default_factory=Limits)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Others:
    """What a task must know of the other steps: who takes whose task over, and who writes where."""

    renames: rooms.Renames
    writers: jobs.Writers


@dataclass(frozen=True)
class _Told:
    """A step with its pictures and its effect."""

    step: Step
    effect: Effect
    before: Pictures | None
    after: Pictures | None


def review_of(plan: Plan, given: Given) -> Review:
    """What a plan does to the tasks of a stack."""
    others = _Others(rooms.renames_in(plan), jobs.writers_in(plan))
    told = [_told(step, others, given) for step in plan.steps]
    changing = [one for one in told if one.step.operation != SAME]
    return Review(
        stack=plan.stack,
        at=given.at,
        tasks=tuple(_task(one, given) for one in changing),
        unchanged=len(told) - len(changing),
        unlisted=plan.unlisted,
        risks=tuple(risks_of(plan, given.limits)),
        totals=_totals(told, given),
        currency=given.prices.currency if given.prices else "",
        assumptions=tuple(_assumptions(plan, changing, given)),
        problem=plan.problem,
    )


def _told(step: Step, others: _Others, given: Given) -> _Told:
    if step.kind == LIVE:
        effect = rooms.effect_of(step, others.renames)
        before = rooms.pictures_of(step.old.inputs, over=rooms.was_over(step.old)) if step.old else None
        after = _after_of_a_room(step, effect, before)
    else:
        effect = jobs.effect_of(step, others.writers)
        before = jobs.written_keys(step.old) if step.old else None
        after = _after_of_a_job(effect, step, before)
    return _Told(step, effect, _weighed(step, before, given, step.old), _weighed(step, after, given, None))


def _after_of_a_room(step: Step, effect: Effect, before: Pictures | None) -> Pictures | None:
    if effect.outcome is Outcome.REFUSED or (before and effect.outcome is Outcome.RECORDED):
        return before
    return rooms.pictures_of(step.inputs) if step.inputs else None


def _after_of_a_job(effect: Effect, step: Step, before: Pictures | None) -> Pictures | None:
    if effect.outcome is Outcome.NEW_JOB:
        return jobs.pictures_of(step.inputs)
    return before if step.inputs or effect.outcome is Outcome.REFUSED else None


def _weighed(
    step: Step, pictures: Pictures | None, given: Given, old: RecordedResource | None
) -> Pictures | None:
    if pictures is None:
        return None
    inputs = old.inputs if old else step.inputs or (step.old.inputs if step.old else {})
    return with_size(pictures, step.kind, inputs, given.sizes.get(step.urn))


def _task(told: _Told, given: Given) -> TaskReview:
    step, effect, prices = told.step, told.effect, given.prices
    return TaskReview(
        name=step.name,
        urn=step.urn,
        kind=step.kind,
        action=Action(step.operation),
        outcome=effect.outcome,
        effect=effect.text,
        gap_seconds=effect.gap,
        fields=tuple(field_changes(effect.compared or step)),
        before=told.before,
        after=told.after,
        calls=effect.calls,
        cost_before=prices.of(told.before, step.kind) if prices else None,
        cost_after=prices.of(told.after, step.kind) if prices else None,
        notes=effect.notes,
    )


def _totals(told: list[_Told], given: Given) -> Totals:
    live = [one for one in told if one.step.kind == LIVE]
    before, after = [one.before for one in live], [one.after for one in live]
    new = [one.after for one in told if one.effect.outcome is Outcome.NEW_JOB]
    return Totals(
        pictures_per_hour_before=_sum(pictures.per_hour for pictures in before if pictures),
        pictures_per_hour_after=_sum(pictures.per_hour for pictures in after if pictures),
        bytes_per_day_before=_sum(pictures.bytes_per_day for pictures in before if pictures),
        bytes_per_day_after=_sum(pictures.bytes_per_day for pictures in after if pictures),
        cost_per_day_before=_cost(before, given),
        cost_per_day_after=_cost(after, given),
        job_pictures=int(_sum(pictures.once for pictures in new if pictures)),
        calls=added(_calls(told), jobs.SHARED),
    )


def _calls(told: list[_Told]) -> Iterator[Calls]:
    for one in told:
        if one.step.operation != SAME:
            yield from one.effect.calls


def _sum(numbers: Iterator[float | None]) -> float:
    return sum(number for number in numbers if number is not None)


def _cost(pictures: list[Pictures | None], given: Given) -> float | None:
    prices = given.prices
    return _sum(prices.of(one, LIVE) for one in pictures) if prices else None


def _assumptions(plan: Plan, changing: list[_Told], given: Given) -> Iterator[str]:
    if plan.unlisted:
        yield (
            f"The preview does not list {plan.unlisted:,} resources that stay as they are, so totals and "
            "shared rooms leave them out: make it with `pulumi preview --json --show-sames`."
        )
    pictures = [one for told in changing for one in (told.before, told.after) if one]
    if any(told.effect.gap for told in changing):
        yield (
            f"A restart is taken to last {rooms.RESTART_SECONDS} s, and the first picture to come at once: "
            "the vendor documents neither."
        )
    if any(one.per_hour and one.streams is None for one in pictures):
        yield "A task that lists no stream takes every stream of its room; its figures are for one stream."
    if any(one.size_from.startswith("assumed") for one in pictures):
        sizes = ", ".join(f"{size} bytes a pixel of {form.upper()}" for form, size in BYTES_A_PIXEL.items())
        width, height = STREAM_SIZE
        yield f"Where nothing was measured, {sizes} are assumed, and streams of {width}x{height}."
    if given.prices:
        yield "Costs are of a day's pictures by the given prices: taking them, and keeping them for a month."
    yield from given.notes
