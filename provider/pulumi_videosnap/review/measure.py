"""Measures how large the pictures of a stack's tasks are, from the buckets that they went into."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from pulumi_videosnap.frames.gather import Surroundings, report_of
from pulumi_videosnap.frames.model import TaskFrames
from pulumi_videosnap.recorded import Recorded, Stack
from pulumi_videosnap.review.sizes import Measured, form_of
from pulumi_videosnap.review.steps import SAME, Plan

_NAMED = 3
"""Tasks that a reason names."""


def sizes_of(plan: Plan, around: Surroundings) -> tuple[dict[str, Measured], list[str]]:
    """The mean size of each changing task's pictures, by its URN, and why some could not be measured."""
    tasks = [step.old for step in plan.steps if step.old and step.operation != SAME]
    report = report_of(Stack(plan.stack, tuple(tasks)), around)
    pairs = list(zip(tasks, report.tasks, strict=True))
    measured = {
        task.urn: Measured(fmean(sizes), len(sizes), form_of(task.kind, task.inputs))
        for task, found in pairs
        if (sizes := list(_sizes(found)))
    }
    return measured, list(_problems(pairs))


def _sizes(found: TaskFrames) -> Iterator[int]:
    for series in found.series:
        yield from (frame.stored.size for frame in series.frames if frame.stored)


def _problems(pairs: list[tuple[Recorded, TaskFrames]]) -> Iterator[str]:
    """One sentence for all tasks, with the reason of the first: the others' are mostly the same."""
    failed = [(task.name, found.problem) for task, found in pairs if found.problem]
    if not failed:
        return
    names = ", ".join(name for name, _ in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
    yield f"The pictures of {names}{more} were not measured; {failed[0][0]}: {failed[0][1]}."
