"""What a change does to a live room's task: which calls it makes, and what becomes of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_videosnap.core.properties import Unknown, dotted, value_at
from pulumi_videosnap.review.effects import Effect, added
from pulumi_videosnap.review.fields import changed_leaves, number_at, text_at
from pulumi_videosnap.review.model import Calls, Outcome, Pictures
from pulumi_videosnap.review.preview import Plan, Step
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.volcengine.observed import is_over
from pulumi_videosnap.volcengine.steps import INTERVAL, KEEP_RUNNING, UpdateStep, update_step

HOUR = 3600
RESTART_SECONDS = 1
"""ASSUMED: from StopSnapshot until the first picture of the run that StartSnapshot begins."""

START, STOP = "StartSnapshot", "StopSnapshot"
UPDATE, GET = "UpdateSnapshot", "GetSnapshotTask"

Identity = tuple[str, str, str]


@dataclass(frozen=True)
class Renames:
    """Tasks that one resource gives up and another takes over, in one change."""

    given_up: Mapping[Identity, RecordedResource]
    taken: Mapping[Identity, Step]


def renames_in(plan: Plan) -> Renames:
    """The tasks that change their resource."""
    created = {
        identity: step
        for step in plan.steps
        if step.operation == "create" and (identity := identity_of(step.inputs))
    }
    deleted = {
        identity: step.old
        for step in plan.steps
        if step.operation == "delete" and step.old and (identity := identity_of(step.old.inputs))
    }
    both = created.keys() & deleted.keys()
    return Renames({one: deleted[one] for one in both}, {one: created[one] for one in both})


def identity_of(inputs: Mapping[str, Any]) -> Identity | None:
    """What makes it the same task for the service; None while not all of it is known."""
    app, room, task = (text_at(inputs, name) for name in ("appId", "roomId", "taskId"))
    return (app, room, task) if app and room and task else None


def effect_of(step: Step, renames: Renames) -> Effect:
    """What a step does to a live room's task."""
    if step.protected and step.operation in ("replace", "delete"):
        return Effect(Outcome.REFUSED, "the engine refuses: the task is protected, and stays as it is")
    if step.operation == "create":
        return _create(step, renames)
    if step.operation == "delete":
        return _delete(step, renames)
    return _replace(step) if step.operation == "replace" else _update(step)


def pictures_of(inputs: Mapping[str, Any], *, over: bool = False) -> Pictures:
    """How many pictures a task with these inputs takes in an hour; none when its run is over."""
    streams = value_at(inputs, ("targetStreams", "streamList")) or []
    count = (len(streams) or None) if isinstance(streams, list) else None
    if over:
        return Pictures(per_hour=0, streams=count)
    interval = number_at(inputs, "imageConfig", "interval")
    if not interval or not isinstance(streams, list):
        return Pictures(streams=count)
    return Pictures(per_hour=HOUR / interval * (count or 1), streams=count)


def was_over(old: RecordedResource) -> bool:
    """Whether the last run that state knows of is over."""
    return is_over(dict(old.properties))


def _create(step: Step, renames: Renames) -> Effect:
    identity = identity_of(step.inputs)
    before = renames.given_up.get(identity) if identity else None
    if before is None or was_over(before):
        notes = ("a task of this identity that runs already with these settings is adopted, not restarted",)
        return Effect(Outcome.STARTS, "starts taking pictures", _started(), notes=notes)
    moved = Step("update", step.urn, step.kind, before, step.inputs)
    differing = [leaf.path for leaf in changed_leaves(moved) if leaf.compared]
    if set(differing) - {INTERVAL}:
        named = ", ".join(dotted(path) for path in differing)
        return Effect(
            Outcome.REFUSED,
            f"`up` fails: it runs as {before.name} with other settings ({named}); rename first, then change",
        )
    text = f"runs on without a gap: it was {before.name}{_with_changes(moved)}"
    calls = (*_started(), *(_interval_set() if INTERVAL in differing else ()))
    return Effect(Outcome.GOES_ON, text, added(calls), compared=moved)


def _delete(step: Step, renames: Renames) -> Effect:
    old = step.old
    identity = identity_of(old.inputs) if old else None
    if identity and (heir := renames.taken.get(identity)):
        if old and was_over(old):
            return Effect(Outcome.FORGOTTEN, f"no longer managed: it had ended, and is {heir.name} now")
        return Effect(Outcome.GOES_ON, f"left running: {heir.name} takes it over")
    if step.retained:
        return Effect(Outcome.FORGOTTEN, "no longer managed: it runs on (retain_on_delete)")
    if old and was_over(old):
        return Effect(Outcome.FORGOTTEN, "no longer managed: it had ended already", _stopped())
    return Effect(Outcome.STOPS, "stops: no more pictures are taken", _stopped())


def _replace(step: Step) -> Effect:
    calls = (*_stopped(), *_started())
    old = step.old
    if old is None or was_over(old):
        return Effect(Outcome.STARTS_AGAIN, f"a new run starts{_with_changes(step)}", calls)
    if identity_of(old.inputs) != identity_of(step.inputs):
        text = "the running task stops, and another one starts in its place"
    else:
        text = f"stops, and starts anew{_with_changes(step)}"
    interval = number_at(old.inputs, "imageConfig", "interval")
    gap = interval + RESTART_SECONDS if interval else None
    told = f": up to {gap} s between two pictures in place of {interval} s" if gap else ""
    return Effect(Outcome.RESTART, text + told, calls, gap)


def _update(step: Step) -> Effect:
    old = step.old
    changed = [leaf.path for leaf in changed_leaves(step)]
    keep_running = value_at(step.inputs, KEEP_RUNNING) is True
    decided = update_step(dict(old.properties) if old else {}, changed, keep_running)
    if decided is UpdateStep.START_AGAIN:
        reason = (old.properties.get("stopReason") if old else None) or "no reason given"
        return Effect(Outcome.STARTS_AGAIN, f"a new run starts: the last one ended ({reason})", _started())
    if decided is UpdateStep.SET_INTERVAL:
        return Effect(Outcome.IN_PLACE, _new_interval(step), _interval_set())
    return Effect(Outcome.RECORDED, "only the record changes: nothing is called")


def _new_interval(step: Step) -> str:
    interval = value_at(step.inputs, INTERVAL)
    if isinstance(interval, Unknown):
        return "the interval changes in place, without a gap; its value is not known yet"
    return f"a picture every {interval} s from the next one on, without a gap"


def _with_changes(step: Step) -> str:
    named = ", ".join(dotted(leaf.path) for leaf in changed_leaves(step))
    return f" with another {named}" if named else ""


def _started() -> tuple[Calls, ...]:
    return Calls(action=START, count=1), Calls(action=GET, count=1, at_least=True)


def _stopped() -> tuple[Calls, ...]:
    return (Calls(action=STOP, count=1),)


def _interval_set() -> tuple[Calls, ...]:
    return Calls(action=UPDATE, count=1), Calls(action=GET, count=1)
