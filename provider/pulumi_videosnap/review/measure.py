"""Measures how large the pictures of a stack's tasks are, from the buckets that they went into."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_videosnap.frames.collect import Surroundings, report_of
from pulumi_videosnap.frames.model import TaskFrames
from pulumi_videosnap.review.preview import SAME, Plan
from pulumi_videosnap.review.sizes import Measured, form_of
from pulumi_videosnap.state import LIVE, RecordedResource, Stack

_NAMED = 3
"""Tasks that a reason names."""

Pair = tuple[RecordedResource, TaskFrames]


def sizes_of(plan: Plan, around: Surroundings) -> tuple[dict[str, Measured], list[str]]:
    """The mean size of each changing task's pictures, by its URN, and why some could not be measured."""
    changing = {step.urn for step in plan.steps if step.old and step.operation != SAME}
    if not changing:
        return {}, []
    # Those that stay as they are take pictures too, perhaps into the same bucket.
    tasks = [step.old for step in plan.steps if step.old]
    pairs = list(zip(tasks, report_of(Stack(plan.stack, tuple(tasks)), around).tasks, strict=True))
    chosen = [pair for pair in pairs if pair[0].urn in changing]
    found = {pair[0].urn: _own(pair) or _shared(pair, pairs) for pair in chosen}
    measured = {urn: one for urn, one in found.items() if one}
    return measured, _problems([pair for pair in chosen if pair[0].urn not in measured])


def _own(pair: Pair) -> Measured | None:
    """The mean over the pictures that are surely a task's own."""
    task, found = pair
    stored = [frame.stored.size for series in found.series for frame in series.frames if frame.stored]
    return Measured(sum(stored) / len(stored), len(stored), _form(task)) if stored else None


def _shared(pair: Pair, pairs: Sequence[Pair]) -> Measured | None:
    """The mean over pictures that could be several tasks', where all of these take alike ones."""
    task, found = pair
    forms = {_form(other) for other, its in pairs if other.kind == LIVE and _bucket(its) == _bucket(found)}
    if not found.undecided or len(forms) > 1:
        return None
    return Measured(found.undecided_bytes / found.undecided, found.undecided, _form(task), shared=True)


def _form(task: RecordedResource) -> tuple[str, int]:
    return form_of(task.kind, task.inputs)


def _bucket(found: TaskFrames) -> tuple[str, str] | None:
    return (found.place.platform, found.place.bucket) if found.place else None


def _problems(pairs: Sequence[Pair]) -> list[str]:
    """One sentence for all tasks, with the reason of the first: the others' are mostly the same."""
    failed = [(task.name, found.problem) for task, found in pairs if found.problem]
    if not failed:
        return []
    names = ", ".join(name for name, _ in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
    return [f"The pictures of {names}{more} were not measured; {failed[0][0]}: {failed[0][1]}."]
