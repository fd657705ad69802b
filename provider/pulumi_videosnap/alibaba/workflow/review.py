"""What `videosnap review` says of a workflow: effect and calls of a step, and uploads that are missed.

The module is the kind's `ReviewRules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from pulumi_videosnap.alibaba import review as of_a_job
from pulumi_videosnap.alibaba.auth import KEYS
from pulumi_videosnap.alibaba.workflow.drift import overlaps
from pulumi_videosnap.alibaba.workflow.lifecycle import NOT_IN_TOPOLOGY
from pulumi_videosnap.alibaba.workflow.rules import snapshots_of
from pulumi_videosnap.core.properties import dotted, value_at
from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome, Risk, TaskReview
from pulumi_videosnap.review.preview import Step, text_at
from pulumi_videosnap.review.rules import FrameForm, Limits, StepEffect, sum_calls
from pulumi_videosnap.state import RecordedResource

SECONDS_A_CALL = 1.0
"""ASSUMED: how long a call takes, by which the time without a workflow is estimated."""
credentials = (KEYS,)
continuous = False
price = "perThousandJobPictures"
shared_actions: frozenset[str] = frozenset({"SearchMediaWorkflow"})

Values = Mapping[str, Any]


def effects(steps: Sequence[Step]) -> Callable[[Step], StepEffect]:  # noqa: ARG001
    """A function that says what one of these steps does."""
    return _effect


def frames(inputs: Values) -> FrameEstimate | None:  # noqa: ARG001
    """None: how many frames there are depends on the uploads."""
    return None


def recorded_frames(old: RecordedResource) -> FrameEstimate | None:  # noqa: ARG001
    """None: how many frames there are depends on the uploads."""
    return None


def form(inputs: Values) -> FrameForm:
    """Format and pixels of the frames of its first activity."""
    config = next((config for _, config in snapshots_of(inputs)), {})
    return of_a_job.form({"snapshotConfig": config})


def assumptions(tasks: Sequence[TaskReview]) -> Iterator[str]:
    """How long a workflow is inactive."""
    if any(task.gap_seconds for task in tasks):
        yield (
            f"A call of MPS is assumed to take {SECONDS_A_CALL:g} s, and longer where it is repeated. "
            "Uploads while a workflow is inactive are not processed; AddMedia processes them afterwards."
        )


def risks(steps: Sequence[Step], limits: Limits) -> Iterator[Risk]:  # noqa: ARG001
    """Workflows that process the same uploads, so that each upload is paid for twice."""
    there = [step for step in steps if step.operation != "delete" and _is_active(step.inputs)]
    for one, other in combinations(there, 2):
        sources = [step.inputs.get("input") for step in (one, other)]
        if all(isinstance(source, Mapping) for source in sources) and overlaps(*sources):  # type: ignore[arg-type]
            yield Risk(
                code="overlapping-workflows",
                task=other.name,
                field="input.prefix",
                text=f"{one.name} processes the same uploads: both run, and both are charged",
            )


def _is_active(inputs: Values) -> bool:
    return inputs.get("active") is not False


def _call(action: str) -> Calls:
    return Calls(action=action, count=1)


def _query(count: int) -> Calls:
    return Calls(action="QueryMediaWorkflowList", count=count)


def _effect(step: Step) -> StepEffect:
    if step.operation == "delete":
        return _delete(step)
    if step.operation == "create":
        return _create(step)
    if step.operation == "replace":
        return _replace(step)
    return _update(step)


def _create(step: Step) -> StepEffect:
    active = _is_active(step.inputs)
    added = (Calls(action="SearchMediaWorkflow", count=1, at_least=True), _call("AddMediaWorkflow"))
    calls = (*added, _query(1)) if active else (*added, _call("DeactivateMediaWorkflow"), _query(2))
    text = f"{_what(step.inputs)} of every upload {_where(step.inputs)}"
    if not active:
        return StepEffect(Outcome.STARTS, f"a workflow that is inactive: it would take {text}", calls)
    by_hand = text_at(step.inputs, "trigger") == "manual"
    text = f"takes {text}" + (" that AddMedia names" if by_hand else "")
    note = "a workflow of this name with the same topology is adopted; no new one is added"
    return StepEffect(Outcome.STARTS, text, calls, notes=(note,))


def _what(inputs: Values) -> str:
    estimates = [of_a_job.frames({"snapshotConfig": config}) for _, config in snapshots_of(inputs)]
    if not estimates or any(one.once is None for one in estimates):
        return "frames"
    count = sum(one.once or 0 for one in estimates)
    at_most = "at most " if any(one.at_most for one in estimates) else ""
    return f"{at_most}{count:,} {'frame' if count == 1 else 'frames'}"


def _where(inputs: Values) -> str:
    bucket, prefix = text_at(inputs, "input", "bucket"), text_at(inputs, "input", "prefix")
    return f"to {bucket or 'a bucket'}" + (f" below {prefix!r}" if prefix else "")


def _delete(step: Step) -> StepEffect:
    if step.old is None or step.retained:
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: it goes on processing uploads")
    stops = (_call("DeactivateMediaWorkflow"),) if _is_active(step.old.inputs) else ()
    text = "uploads are not processed any more; runs that have begun go on, and the frames stay"
    return StepEffect(Outcome.STOPS, text, (_query(1), *stops, _call("DeleteMediaWorkflow")))


def _replace(step: Step) -> StepEffect:
    ended, made = _delete(step), _create(step)
    changed = ", ".join(dotted(leaf.path) for leaf in step.changed_fields())
    because = f" with another {changed}" if changed else ""
    gap = SECONDS_A_CALL * 3 if _was_and_stays_active(step) and not step.retained else None
    text = f"another workflow{because}, after the old one is deleted; {_missed(gap)}"
    if step.retained:
        goes_on = f"the old one goes on ({step.retained}), so uploads are processed twice"
        text = f"another workflow{because}; {goes_on}"
    return StepEffect(Outcome.RESTART, text, sum_calls((*ended.calls, *made.calls)), gap)


def _was_and_stays_active(step: Step) -> bool:
    return step.old is not None and _is_active(step.old.inputs) and _is_active(step.inputs)


def _missed(gap: float | None) -> str:
    return f"uploads in about {gap:g} s between are not processed" if gap else "it is not active meanwhile"


def _update(step: Step) -> StepEffect:
    changed = {leaf.path for leaf in step.changed_fields()}
    steps = (
        *(("UpdateMediaWorkflow",) if changed - {*NOT_IN_TOPOLOGY} else ()),
        *(("UpdateMediaWorkflowTriggerMode",) if ("trigger",) in changed else ()),
    )
    was, stays = (_is_active(inputs) for inputs in (step.old.inputs if step.old else {}, step.inputs))
    if not steps and was == stays:
        return StepEffect(Outcome.RECORDED, "only the record changes", (_query(1),))
    before = ("DeactivateMediaWorkflow",) if was else ()
    after = ("ActivateMediaWorkflow",) if stays else ()
    calls = (*(_call(action) for action in (*before, *steps, *after)), _query(2))
    if was and stays:
        gap = SECONDS_A_CALL * (len(steps) + 1)
        uploads = "what AddMedia names" if _by_hand(step) else "uploads"
        text = (
            f"is deactivated, changed and activated: {uploads} in about {gap:g} s between are not processed"
        )
        return StepEffect(Outcome.RESTART, text, calls, gap)
    if was:
        return StepEffect(Outcome.STOPS, "is deactivated: uploads are not processed any more", calls)
    if stays:
        text = "is activated: uploads are processed from then on, and none that came before"
        return StepEffect(Outcome.STARTS_AGAIN, text, calls)
    return StepEffect(Outcome.IN_PLACE, "is changed while it is inactive", calls)


def _by_hand(step: Step) -> bool:
    return step.old is not None and value_at(step.old.inputs, ("trigger",)) == "manual"
