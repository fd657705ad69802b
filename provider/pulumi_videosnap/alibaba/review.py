"""What `videosnap review` says of a video file's job: effect and calls of a step, frames.

The module is the kind's `ReviewRules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_videosnap.alibaba.auth import KEYS
from pulumi_videosnap.alibaba.convert import sheet_count
from pulumi_videosnap.alibaba.models import ENDED
from pulumi_videosnap.alibaba.rules import is_asynchronous
from pulumi_videosnap.core.properties import Unknown, dotted, value_at
from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome, Risk, TaskReview
from pulumi_videosnap.review.preview import Step, number_at, text_at
from pulumi_videosnap.review.rules import FrameForm, Limits, StepEffect, pixels_of
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.state import RecordedResource

SUBMIT, QUERY, DELETE = "SubmitSnapshotJob", "QuerySnapshotJobList", "DeleteObject"
WAIT = (Calls(action=QUERY, count=1, at_least=True),)

credentials = (KEYS,)
continuous = False
price = "perThousandJobPictures"
shared_actions = frozenset({QUERY})

_ENDS = ("replace", "delete")
"""The order in which the engine ends recorded jobs; all others stay."""


@dataclass(frozen=True)
class _Plan:
    """Where the jobs of a program write, with each job's name, and the steps that have a recorded object."""

    writers: Mapping[str, str]
    holders: Mapping[str, Sequence[Step]]

    def objects_of(self, step: Step) -> list[str]:
        """What ends with a step: the recorded objects of no other step that stays, or that ends later."""
        places = _places(step.old.inputs) if step.old else ()
        if step.old is None or any(self.writers.get(place, step.name) != step.name for place in places):
            return []
        return [name for name in _objects(step.old) if self.holders[name][-1] is step]


def effects(steps: Sequence[Step]) -> Callable[[Step], StepEffect]:
    """A function that says what one of these steps does to a video file's job."""
    writers = {
        place: step.name for step in steps if step.operation != "delete" for place in _places(step.inputs)
    }
    holders = defaultdict(list)
    for step in sorted(steps, key=lambda step: (*_ENDS, step.operation).index(step.operation)):
        for name in _objects(step.old) if step.old else ():
            holders[name].append(step)
    plan = _Plan(writers, holders)
    return lambda step: _effect(step, plan)


def _effect(step: Step, plan: _Plan) -> StepEffect:
    if step.operation == "delete":
        return _delete(step, plan)
    if step.operation in ("create", "replace"):
        return _submit(step, plan)
    return _update(step)


def frames(inputs: Mapping[str, Any]) -> FrameEstimate:
    """How many objects a job with these inputs writes; None where the video's length decides."""
    config = inputs.get("snapshotConfig")
    if not isinstance(config, Mapping):
        return FrameEstimate()
    taken, at_most = _taken(config)
    if taken is None or _is_not_known(config.get("tileOut")):
        return FrameEstimate()
    sheets = sheet_count(dict(config), taken) if "tileOutputFile" in config else 0
    singles = 0 if value_at(config, ("tileOut", "isKeepCellPic")) is False else taken
    return FrameEstimate(once=singles + sheets, at_most=at_most)


def _is_not_known(value: Any) -> bool:
    """Whether a value, or one in it, is a secret or will only be known later."""
    if isinstance(value, Mapping):
        return any(_is_not_known(item) for item in value.values())
    return isinstance(value, Unknown) or value == SECRET


def _taken(config: Mapping[str, Any]) -> tuple[int | None, bool]:
    """How many frames are requested, and whether there may be fewer."""
    times = value_at(config, ("timeArray", "timePointList"))
    if isinstance(times, list):
        return len(times), True
    if not is_asynchronous(config):
        return 1, False
    number = number_at(config, "num")
    if number is None or value_at(config, ("subOut", "isSptFrag")) is True:
        return None, False  # how many frames are on a sheet of a WebVTT is not documented
    spread_exactly = config.get("interval") == 0 and config.get("frameType") == "normal"
    return number, not (spread_exactly or number == 1)


def recorded_frames(old: RecordedResource) -> FrameEstimate:
    """How many frames a recorded job has written, or is to write while it runs."""
    if not _has_ended(old):
        return frames(old.inputs).model_copy(update={"at_most": True})
    if "vtt" in old.properties:
        return FrameEstimate(once=number_at(old.properties, "count"))
    return FrameEstimate(once=len(_objects(old)))


def _has_ended(old: RecordedResource) -> bool:
    return old.properties.get("state") in ENDED


def _objects(old: RecordedResource) -> list[str]:
    """The objects that a job has written, as far as state names them, each with its bucket."""
    found = []
    for name, file in (("frames", "outputFile"), ("tileFrames", "tileOutputFile"), ("vtt", "outputFile")):
        keys = old.properties.get(name)
        bucket = text_at(old.inputs, "snapshotConfig", file, "bucket")
        found += [f"{bucket}/{key}" for key in ([keys] if name == "vtt" and keys else keys or ())]
    return found


def form(inputs: Mapping[str, Any]) -> FrameForm:
    """Format and pixels of a job's frames."""
    key = text_at(inputs, "snapshotConfig", "outputFile", "object") or ""
    return FrameForm("png" if key.lower().endswith(".png") else "jpeg", pixels_of(inputs, "snapshotConfig"))


def assumptions(tasks: Sequence[TaskReview]) -> Iterator[str]:  # noqa: ARG001
    """There are none beside those of every kind."""
    yield from ()


def risks(steps: Sequence[Step], limits: Limits) -> Iterator[Risk]:  # noqa: ARG001
    """There are none beside those of every kind."""
    yield from ()


def _submit(step: Step, plan: _Plan) -> StepEffect:
    if step.retained and step.operation == "replace" and not step.changed_fields():
        # The engine makes no call before the create, which so looks like one that is repeated.
        text = f"the recorded job is adopted ({step.retained}); change triggers to submit a new one"
        return StepEffect(Outcome.RECORDED, text, WAIT)
    calls = (*WAIT, Calls(action=SUBMIT, count=1), *_deletes(step, plan))
    changed = ", ".join(dotted(leaf.path) for leaf in step.changed_fields())
    because = f" with another {changed}" if changed and step.operation == "replace" else ""
    text = f"a new job{because} {_writes(frames(step.inputs))}"
    return StepEffect(Outcome.NEW_JOB, text, calls, notes=(_note(step, plan),))


def _writes(estimate: FrameEstimate) -> str:
    if estimate.once is None:
        return "writes frames; how many is not known before it runs"
    number = f"{estimate.once:,} {'object' if estimate.once == 1 else 'objects'}"
    return f"writes {'at most ' if estimate.at_most else ''}{number}"


def _note(step: Step, plan: _Plan) -> str:
    if step.old is None:
        return "a job that this stack submitted for these inputs in the last 72 hours is adopted instead"
    count = len(_objects(step.old))
    if deletes := _deletes(step, plan):
        return f"the old job's {deletes[0].count:,} objects are deleted first"
    if set(_places(step.old.inputs)) & set(_places(step.inputs)):
        return f"it writes the same keys: the old job's {count:,} objects are overwritten"
    return f"the old job's {count:,} objects stay in the bucket"


def _places(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Where a job writes, as far as that is known: its keys before the numbers are filled in."""
    for file in ("outputFile", "tileOutputFile"):
        parts = [text_at(inputs, "snapshotConfig", file, name) for name in ("location", "bucket", "object")]
        known = [part for part in parts if part]
        if len(known) == len(parts):
            yield "/".join(known)


def _deletes(step: Step, plan: _Plan) -> tuple[Calls, ...]:
    """The calls that delete what a job wrote, if it was declared so."""
    objects = plan.objects_of(step)
    keeps = step.old is None or step.retained or text_at(step.old.inputs, "onDelete") != "delete-frames"
    if keeps or not objects:
        return ()
    return (Calls(action=DELETE, count=len(objects)),)


def _delete(step: Step, plan: _Plan) -> StepEffect:
    old = step.old
    if old is None or step.retained or text_at(old.inputs, "onDelete") != "delete-frames":
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: a job ends by itself, and its frames stay")
    if writing := {plan.writers[place] for place in _places(old.inputs) if place in plan.writers}:
        others = ", ".join(writing)
        text = f"no longer managed: what {others} writes in the same place stays, the rest is deleted"
        return StepEffect(Outcome.FORGOTTEN, text)
    deletes = _deletes(step, plan)
    if _objects(old) and not deletes:
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: its frames are another resource's too")
    text = f"its {len(plan.objects_of(step)):,} objects are deleted from the bucket"
    return StepEffect(Outcome.FRAMES_DELETED, text, (*(() if _has_ended(old) else WAIT), *deletes))


def _update(step: Step) -> StepEffect:
    if (step.old and _has_ended(step.old)) or text_at(step.inputs, "waitFor") == "submitted":
        return StepEffect(Outcome.RECORDED, "only the record changes: nothing is called")
    return StepEffect(
        Outcome.RECORDED, "only the record changes, and `up` waits for the end of the job", WAIT
    )
