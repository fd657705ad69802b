"""How large one frame is: measured in the bucket of a task that has taken some, else assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_videosnap.frames.collect import report_of
from pulumi_videosnap.frames.model import TaskFrames
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.report.formatting import few
from pulumi_videosnap.review.model import FrameEstimate
from pulumi_videosnap.review.preview import SAME, Plan
from pulumi_videosnap.review.rules import FrameForm
from pulumi_videosnap.state import RecordedResource, Stack

BYTES_PER_PIXEL = {"jpeg": 0.15, "png": 1.5}
"""ASSUMED, for a camera's frame: the vendors document neither quality nor size."""

Pair = tuple[RecordedResource, TaskFrames]


@dataclass(frozen=True)
class Measured:
    """The mean size of the frames that a task took, and their form."""

    bytes_each: float
    count: int
    form: FrameForm
    shared: bool = False
    """Whether they are those of several tasks, which share a bucket and take frames of one form."""


Sizes = Mapping[str, Measured]
"""What was measured, by the URN of the task."""


def measure(plan: Plan, dependencies: Dependencies) -> tuple[dict[str, Measured], list[str]]:
    """The mean size of each changing task's frames, by its URN, and why some could not be measured."""
    counted = [
        (step, step.old)
        for step in plan.steps
        if step.old and step.kind.review.recorded_frames(step.old) is not None
    ]
    changing = {step.urn for step, _ in counted if step.operation != SAME}
    if not changing or dependencies.open_bucket is None:
        return {}, []
    # Tasks that do not change take frames too, perhaps into the same bucket.
    tasks = [old for _, old in counted]
    stack = Stack(plan.stack, tuple(tasks), config=plan.config, provider_configs=plan.provider_configs)
    report = report_of(stack, dependencies)
    pairs = list(zip(tasks, report.tasks, strict=True))
    chosen = [pair for pair in pairs if pair[0].urn in changing]
    found = {pair[0].urn: _own(pair) or _shared(pair, pairs) for pair in chosen}
    measured = {urn: one for urn, one in found.items() if one}
    return measured, _problems([pair for pair in chosen if pair[0].urn not in measured])


def _own(pair: Pair) -> Measured | None:
    """The mean over the frames that are certainly a task's own."""
    task, found = pair
    stored = [frame.stored.size for series in found.series for frame in series.frames if frame.stored]
    return Measured(sum(stored) / len(stored), len(stored), _form(task)) if stored else None


def _shared(pair: Pair, pairs: Sequence[Pair]) -> Measured | None:
    """The mean over frames that could be several tasks', where all of these take frames of one form."""
    task, found = pair
    forms = {
        _form(other)
        for other, its in pairs
        if other.kind.review.continuous and _bucket(its) == _bucket(found)
    }
    if not found.undecided or len(forms) > 1:
        return None
    return Measured(found.undecided_bytes / found.undecided, found.undecided, _form(task), shared=True)


def _form(task: RecordedResource) -> FrameForm:
    return task.kind.review.form(task.inputs)


def _bucket(found: TaskFrames) -> tuple[str, str] | None:
    return (found.location.platform, found.location.bucket) if found.location else None


def _problems(pairs: Sequence[Pair]) -> list[str]:
    """One sentence for all tasks, with the reason of the first: the others' are mostly the same."""
    failed = [(task.name, found.problems[0]) for task, found in pairs if found.problems]
    if not failed:
        return []
    names = few([name for name, _ in failed])
    return [f"The frames of {names} were not measured; {failed[0][0]}: {failed[0][1]}."]


def with_size(frames: FrameEstimate, form: FrameForm, measured: Measured | None) -> FrameEstimate:
    """The frames of a task with the size of one."""
    size, origin = _size(form, measured)
    return frames.model_copy(update={"bytes_each": size, "size_from": origin})


def _size(form: FrameForm, measured: Measured | None) -> tuple[float, str]:
    if measured is None or measured.form.format != form.format:
        each = BYTES_PER_PIXEL[form.format]
        return form.pixels * each, f"assumed: {each} bytes per pixel of {form.format.upper()}"
    whose = " of the tasks that share its bucket" if measured.shared else ""
    origin = f"measured over {measured.count:,} frames{whose}"
    if measured.form.pixels == form.pixels:
        return measured.bytes_each, origin
    scaled = measured.bytes_each * form.pixels / measured.form.pixels
    return scaled, f"{origin}, in proportion to the pixels"
