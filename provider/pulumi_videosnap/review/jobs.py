"""What a change does to a video file's job: whether another one runs, and how many pictures it writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.alibaba.convert import sheet_count
from pulumi_videosnap.alibaba.models import ENDED
from pulumi_videosnap.alibaba.rules import is_asynchronous
from pulumi_videosnap.core.properties import Unknown, dotted, value_at
from pulumi_videosnap.review.effects import Effect
from pulumi_videosnap.review.fields import changed_leaves, number_at, text_at
from pulumi_videosnap.review.model import Calls, Outcome, Pictures
from pulumi_videosnap.review.preview import SECRET, Plan, Step
from pulumi_videosnap.state import FILE, RecordedResource

SUBMIT, QUERY, DELETE = "SubmitSnapshotJob", "QuerySnapshotJobList", "DeleteObject"
SHARED = frozenset({QUERY})
"""One page lists many jobs, so the tasks' own questions do not add up."""

Writers = Mapping[str, str]
"""Where the new jobs of a change write, each with the name of the job that does."""


def writers_in(plan: Plan) -> Writers:
    """The places that new jobs of a plan write to."""
    new = [step for step in plan.steps if step.kind == FILE and step.operation in ("create", "replace")]
    return {place: step.name for step in new for place in _places(step.inputs)}


def effect_of(step: Step, writers: Writers) -> Effect:
    """What a step does to a video file's job."""
    if step.protected and step.operation in ("replace", "delete"):
        return Effect(Outcome.REFUSED, "the engine refuses: the job is protected, and stays as it is")
    if step.operation == "delete":
        return _delete(step, writers)
    if step.operation in ("create", "replace"):
        return _submit(step)
    return _update(step)


def pictures_of(inputs: Mapping[str, Any]) -> Pictures:
    """How many objects a job with these inputs writes; None where the video's length decides."""
    config = inputs.get("snapshotConfig")
    if not isinstance(config, Mapping):
        return Pictures()
    taken, at_most = _taken(config)
    if taken is None or _not_known(config.get("tileOut")):
        return Pictures()
    sheets = sheet_count(dict(config), taken) if "tileOutputFile" in config else 0
    kept = 0 if value_at(config, ("tileOut", "isKeepCellPic")) is False else taken
    return Pictures(once=kept + sheets, at_most=at_most)


def _not_known(value: Any) -> bool:
    """Whether a value, or one in it, is a secret or will only be known later."""
    if isinstance(value, Mapping):
        return any(_not_known(item) for item in value.values())
    return isinstance(value, Unknown) or value == SECRET


def written_keys(old: RecordedResource) -> Pictures:
    """How many pictures a recorded job has written, or is to write while it goes on."""
    if old.properties.get("state") not in ENDED:
        return pictures_of(old.inputs).model_copy(update={"at_most": True})
    if "vtt" in old.properties:
        return Pictures(once=number_at(old.properties, "count"))
    return Pictures(once=_objects_of(old))


def _objects_of(old: RecordedResource) -> int:
    """How many objects a job has written, as far as state names them."""
    lists = [old.properties.get(name) for name in ("frames", "tileFrames")]
    return sum(len(keys) for keys in lists if isinstance(keys, list)) + ("vtt" in old.properties)


def _taken(config: Mapping[str, Any]) -> tuple[int | None, bool]:
    """How many pictures are asked for, and whether there may be fewer."""
    moments = value_at(config, ("timeArray", "timePointList"))
    if isinstance(moments, list):
        return len(moments), True
    if not is_asynchronous(config):
        return 1, False
    number = number_at(config, "num")
    if number is None or value_at(config, ("subOut", "isSptFrag")) is True:
        return None, False  # how many pictures lie on a sheet of a WebVTT is not documented
    spread_exactly = config.get("interval") == 0 and config.get("frameType") == "normal"
    return number, not (spread_exactly or number == 1)


def _submit(step: Step) -> Effect:
    calls = (Calls(action=QUERY, count=1, at_least=True), Calls(action=SUBMIT, count=1), *_deletes(step.old))
    changed = ", ".join(dotted(leaf.path) for leaf in changed_leaves(step))
    because = f" with another {changed}" if changed and step.operation == "replace" else ""
    text = f"a new job{because} {_writes(pictures_of(step.inputs))}"
    return Effect(Outcome.NEW_JOB, text, calls, notes=tuple(_notes(step)))


def _writes(pictures: Pictures) -> str:
    if pictures.once is None:
        return "writes pictures, how many is not known before it runs"
    number = f"{pictures.once:,} {'object' if pictures.once == 1 else 'objects'}"
    return f"writes {'at most ' if pictures.at_most else ''}{number}"


def _notes(step: Step) -> Iterator[str]:
    if step.old is None:
        yield "a job of the last 72 hours with these very inputs is adopted in place of a new one"
        return
    count = _objects_of(step.old)
    if _deletes(step.old):
        yield f"the old job's {count:,} objects are deleted first"
    elif set(_places(step.old.inputs)) & set(_places(step.inputs)):
        yield f"it writes the same keys: the old job's {count:,} objects are overwritten"
    else:
        yield f"the old job's {count:,} objects stay in the bucket"


def _places(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Where a job writes, as far as that is known: its keys before the numbers are filled in."""
    for file in ("outputFile", "tileOutputFile"):
        parts = [text_at(inputs, "snapshotConfig", file, name) for name in ("location", "bucket", "object")]
        known = [part for part in parts if part]
        if len(known) == len(parts):
            yield "/".join(known)


def _deletes(old: RecordedResource | None) -> tuple[Calls, ...]:
    """The calls that delete what a job wrote, if it was declared so."""
    if old is None or text_at(old.inputs, "onDelete") != "delete-frames" or not _objects_of(old):
        return ()
    return (Calls(action=DELETE, count=_objects_of(old)),)


def _delete(step: Step, writers: Writers) -> Effect:
    old = step.old
    if old is None or step.retained or text_at(old.inputs, "onDelete") != "delete-frames":
        return Effect(Outcome.FORGOTTEN, "no longer managed: a job ends by itself, and its pictures stay")
    if heirs := {writers[place] for place in _places(old.inputs) if place in writers}:
        text = (
            f"no longer managed: what {', '.join(heirs)} writes in the same place stays, the rest is deleted"
        )
        return Effect(Outcome.FORGOTTEN, text)
    calls = () if old.properties.get("state") in ENDED else (Calls(action=QUERY, count=1, at_least=True),)
    text = f"its {_objects_of(old):,} objects are deleted from the bucket"
    return Effect(Outcome.PICTURES_DELETED, text, (*calls, *_deletes(old)))


def _update(step: Step) -> Effect:
    old = step.old
    ended = old is not None and old.properties.get("state") in ENDED
    if ended or text_at(step.inputs, "waitFor") == "submitted":
        return Effect(Outcome.RECORDED, "only the record changes: nothing is called")
    text = "only the record changes, and `up` waits for the end of the job"
    return Effect(Outcome.RECORDED, text, (Calls(action=QUERY, count=1, at_least=True),))
