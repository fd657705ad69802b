"""Puts a review together: each step's effect, its frames before and after, their size and their cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.alias_generators import to_camel

from pulumi_videosnap.core.encrypted import is_encrypted
from pulumi_videosnap.core.properties import Unknown, dotted, value_at
from pulumi_videosnap.core.schema import Effect, FieldFacts, Mark, differences
from pulumi_videosnap.errors import CannotCheck, InvalidInput
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.review.model import (
    HOURS_A_DAY,
    Action,
    FieldChange,
    FrameEstimate,
    Outcome,
    Review,
    Risk,
    TaskReview,
    Totals,
)
from pulumi_videosnap.review.preview import SAME, Plan, Step
from pulumi_videosnap.review.risks import risks_of
from pulumi_videosnap.review.rules import STREAM_SIZE, Limits, ReviewRules, StepEffect, sum_calls
from pulumi_videosnap.review.sizes import BYTES_PER_PIXEL, Sizes, measure, with_size
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.state import RecordedResource

GIGABYTE = 1e9
REFUSED = StepEffect(Outcome.REFUSED, "the engine refuses: the task is protected, and stays as it is")


class Prices(BaseModel):
    """A file of prices, in JSON, with a price for a thousand frames of each kind; what is absent is 0."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, extra="forbid", strict=True, allow_inf_nan=False
    )

    currency: str = Field(min_length=1, max_length=8)
    per_gigabyte_month: float = Field(0, ge=0, description="storing 10^9 bytes for a month")

    def cost(self, frames: FrameEstimate | None, price: str) -> float | None:
        """What the frames of a day cost, or those of one job: taking them, and storing them for a month."""
        if frames is None:
            return None
        count = frames.once if frames.per_hour is None else frames.per_hour * HOURS_A_DAY
        if count is None:
            return None
        per_thousand: float = getattr(self, price)
        stored = count * (frames.bytes_each or 0) / GIGABYTE
        return count / 1000 * per_thousand + stored * self.per_gigabyte_month


def prices_model() -> type[Prices]:
    """Prices with the keys of all kinds."""
    keys: dict[str, Any] = {
        kind.review.price: (float, Field(0, alias=kind.review.price, ge=0)) for kind in kinds()
    }
    return create_model("Prices", __base__=Prices, **keys)


def read_prices(file: Path) -> Prices:
    """The prices in a file; InvalidInput names the field that is wrong."""
    try:
        return prices_model().model_validate_json(file.read_bytes())
    except OSError as unreadable:
        raise CannotCheck(f"{file} cannot be read ({type(unreadable).__name__})") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{file}" + (f", {field}" if field else ""), str(first["msg"])) from None


@dataclass(frozen=True)
class _Estimate:
    """A step with its effect and its frames."""

    step: Step
    effect: StepEffect
    before: FrameEstimate | None
    after: FrameEstimate | None

    @property
    def rules(self) -> ReviewRules:
        """What its kind contributes."""
        return self.step.kind.review

    @property
    def sides(self) -> Iterator[FrameEstimate]:
        """Its frames before and after, as far as there are any."""
        return (side for side in (self.before, self.after) if side)


def review_of(
    plan: Plan,
    *,
    limits: Limits | None = None,
    prices: Prices | None = None,
    dependencies: Dependencies | None = None,
) -> Review:
    """What a plan does to the tasks of a stack; sizes are measured where buckets can be opened."""
    dependencies = dependencies or Dependencies()
    sizes, notes = measure(plan, dependencies)
    effects = {kind.token: kind.review.effects(plan.steps_of(kind)) for kind in kinds()}
    estimates = [_estimate(step, effects[step.kind.token], sizes) for step in plan.steps]
    changing = [one for one in estimates if one.step.operation != SAME]
    tasks = tuple(_task(one, prices) for one in changing)
    return Review(
        stack=plan.stack,
        at=dependencies.now(),
        tasks=tasks,
        unchanged=sum(one.step.operation == SAME and not one.step.left_out for one in estimates),
        unlisted=plan.unlisted,
        left_out=plan.left_out,
        risks=tuple(risks_of(plan, limits or Limits())),
        warnings=tuple(Risk(code="warning", task=name, text=text) for name, text in plan.warnings),
        totals=_totals(estimates, changing, prices),
        currency=prices.currency if prices else "",
        assumptions=(*_assumptions(plan, changing, tasks, prices), *notes),
        problem=plan.problem,
    )


def _estimate(step: Step, effect_of: Callable[[Step], StepEffect], sizes: Sizes) -> _Estimate:
    rules = step.kind.review
    effect = REFUSED if step.refused else effect_of(step)
    before = rules.recorded_frames(step.old) if step.old and effect.counted else None
    if effect.outcome is Outcome.REFUSED or (before and effect.outcome is Outcome.RECORDED):
        after = before
    else:
        after = rules.frames(step.inputs) if step.inputs else None
    return _Estimate(step, effect, _sized(step, before, sizes, step.old), _sized(step, after, sizes))


def _sized(
    step: Step, frames: FrameEstimate | None, sizes: Sizes, old: RecordedResource | None = None
) -> FrameEstimate | None:
    if frames is None:
        return None
    inputs = old.inputs if old else step.inputs or (step.old.inputs if step.old else {})
    return with_size(frames, step.kind.review.form(inputs), sizes.get(step.urn))


def _task(estimate: _Estimate, prices: Prices | None) -> TaskReview:
    step, effect, rules = estimate.step, estimate.effect, estimate.rules
    return TaskReview(
        name=step.name,
        urn=step.urn,
        kind=step.kind.title,
        continuous=rules.continuous,
        action=Action(step.operation),
        outcome=effect.outcome,
        effect=effect.text,
        gap_seconds=effect.gap,
        fields=tuple(_field_changes(effect.compared or step)),
        before=estimate.before,
        after=estimate.after,
        calls=effect.calls,
        cost_before=prices.cost(estimate.before, rules.price) if prices else None,
        cost_after=prices.cost(estimate.after, rules.price) if prices else None,
        notes=effect.notes,
    )


def _field_changes(step: Step) -> Iterator[FieldChange]:
    recorded = step.old.inputs if step.old else {}
    within = defaultdict(list)
    for leaf, found in differences(step.kind.inputs, recorded, step.inputs):
        within[leaf.path].append(found.path)
    for leaf in step.changed_fields():
        for path in within[leaf.path] or [leaf.path]:
            yield FieldChange(
                field=dotted(path),
                before=_redacted(leaf, value_at(recorded, path)),
                after=_redacted(leaf, value_at(step.inputs, path)),
                replaces=leaf.effect is Effect.REPLACE,
            )


def _redacted(leaf: FieldFacts, value: Any) -> Any:
    if value is not None and (Mark.SECRET in leaf.marks or is_encrypted(value)):
        return SECRET
    return _to_json(value)


def _to_json(value: Any) -> Any:
    if isinstance(value, Unknown):
        return "[unknown]"
    if isinstance(value, Mapping):
        return {name: _to_json(item) for name, item in value.items()}
    return [_to_json(item) for item in value] if isinstance(value, list) else value


def _totals(estimates: list[_Estimate], changing: list[_Estimate], prices: Prices | None) -> Totals:
    live = [one for one in estimates if one.rules.continuous]
    before = [one.before for one in live if one.before]
    after = [one.after for one in live if one.after]
    shared = frozenset[str]().union(*(kind.review.shared_actions for kind in kinds()))
    new = [one.after for one in estimates if one.effect.outcome is Outcome.NEW_JOB]
    return Totals(
        frames_per_hour_before=_sum(frames.per_hour for frames in before),
        frames_per_hour_after=_sum(frames.per_hour for frames in after),
        bytes_per_day_before=_sum(frames.bytes_per_day for frames in before),
        bytes_per_day_after=_sum(frames.bytes_per_day for frames in after),
        cost_per_day_before=_sum(prices.cost(one.before, one.rules.price) for one in live)
        if prices
        else None,
        cost_per_day_after=_sum(prices.cost(one.after, one.rules.price) for one in live) if prices else None,
        job_frames=int(_sum(frames.once for frames in new if frames)),
        calls=sum_calls((call for one in changing for call in one.effect.calls), shared),
    )


def _sum(numbers: Iterable[float | None]) -> float:
    return sum(number for number in numbers if number is not None)


def _assumptions(
    plan: Plan, changing: list[_Estimate], tasks: tuple[TaskReview, ...], prices: Prices | None
) -> Iterator[str]:
    if plan.unlisted:
        yield (
            f"The preview does not list {plan.unlisted:,} resources that stay as they are, or that --target "
            "or --exclude leaves out, so totals and risks do not have them: create it with "
            "`pulumi preview --json --show-sames`."
        )
    for kind in kinds():
        yield from kind.review.assumptions([task for task in tasks if task.kind == kind.title])
    if any(side.size_from.startswith("assumed") for one in changing for side in one.sides):
        sizes = ", ".join(
            f"{size} bytes per pixel of {form.upper()}" for form, size in BYTES_PER_PIXEL.items()
        )
        width, height = STREAM_SIZE
        yield f"Where nothing was measured, {sizes} are assumed, and streams of {width}x{height}."
    if prices:
        yield "Costs are of a day's frames by the given prices: taking them, and storing them for a month."
