"""What `videosnap review` says of a live room's task: effect and calls of a step, frames, risks.

The module is the kind's `ReviewRules`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_videosnap.core.properties import Unknown, dotted, value_at
from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome, Risk, TaskReview
from pulumi_videosnap.review.preview import SAME, Step, number_at, text_at
from pulumi_videosnap.review.rules import DAY, FrameForm, Limits, StepEffect, pixels_of, sum_calls
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.volcengine.auth import EDITIONS
from pulumi_videosnap.volcengine.lifecycle import UpdateStep, plan_update
from pulumi_videosnap.volcengine.outcomes import has_ended
from pulumi_videosnap.volcengine.start import INTERVAL

credentials = tuple(edition.keys for edition in EDITIONS.values())
continuous = True
price = "perThousandRoomPictures"
shared_actions: frozenset[str] = frozenset()

HOUR = 3600
RESTART_SECONDS = 1
"""ASSUMED: from StopSnapshot until the first frame of the run that StartSnapshot begins."""

START = (Calls(action="StartSnapshot", count=1), Calls(action="GetSnapshotTask", count=1, at_least=True))
STOP = (Calls(action="StopSnapshot", count=1),)
SET_INTERVAL = (Calls(action="UpdateSnapshot", count=1), Calls(action="GetSnapshotTask", count=1))

_BUCKET_FIELDS = ("bucket", "space", "service_id", "type", "region", "account_id", "vendor")

Identity = tuple[str, str, str]


def effects(steps: Sequence[Step]) -> Callable[[Step], StepEffect]:
    """A function that says what one of these steps does to a live room's task.

    A task that one resource gives up and another one of the program has, or takes over, continues. So does
    one that another entry of state has: the last of them stops it.
    """
    declared = {_identity(step.inputs): step for step in steps if step.operation != "delete"}
    deleted = {_identity(step.old.inputs): step for step in steps if step.operation == "delete" and step.old}

    def effect(step: Step) -> StepEffect:
        before = _identity(step.old.inputs) if step.old else None
        if step.operation == "create":
            ended = deleted.get(_identity(step.inputs)) if _identity(step.inputs) else None
            return _create(step, ended.old if ended else None)
        holder = (declared.get(before) or deleted.get(before)) if before else None
        if step.operation == "delete":
            return _delete(step, holder if holder is not step else None)
        if step.operation == "replace":
            return _replace(step, holder if holder and holder.urn != step.urn else None)
        return _update(step)

    return effect


def _identity(inputs: Mapping[str, Any]) -> Identity | None:
    """What makes it the same task for the service; None while not all of it is known."""
    app, room, task = (text_at(inputs, name) for name in ("appId", "roomId", "taskId"))
    return (app, room, task) if app and room and task else None


def frames(inputs: Mapping[str, Any]) -> FrameEstimate:
    """How many frames a task with these inputs takes in an hour."""
    streams = _streams(inputs)
    count = (len(streams) or None) if isinstance(streams, list) else None
    interval = number_at(inputs, "imageConfig", "interval")
    if not interval or not isinstance(streams, list):
        return FrameEstimate(streams=count)
    return FrameEstimate(per_hour=HOUR / interval * (count or 1), streams=count)


def recorded_frames(old: RecordedResource) -> FrameEstimate:
    """How many frames a recorded task takes in an hour: none when its run has ended."""
    estimate = frames(old.inputs)
    return estimate.model_copy(update={"per_hour": 0}) if has_ended(old.properties) else estimate


def form(inputs: Mapping[str, Any]) -> FrameForm:
    """Format and pixels of a task's frames."""
    return FrameForm(text_at(inputs, "imageConfig", "format") or "jpeg", pixels_of(inputs, "imageConfig"))


def assumptions(tasks: Sequence[TaskReview]) -> Iterator[str]:
    """Sentences on what the figures of these tasks rest on."""
    if any(task.gap_seconds for task in tasks):
        yield (
            f"A restart is assumed to take {RESTART_SECONDS} s, with the first frame at once: the vendor "
            "documents neither."
        )
    sides = [side for task in tasks for side in (task.before, task.after) if side]
    if any(side.per_hour and side.streams is None for side in sides):
        yield "A task that lists no stream takes every stream of its room; its figures are for one stream."


def _create(step: Step, before: RecordedResource | None) -> StepEffect:
    """`before` is the same task, where another resource gives it up."""
    if before is None or has_ended(before.properties):
        notes = ("a running task of this identity with the same settings is adopted, not restarted",)
        return StepEffect(Outcome.STARTS, "starts taking frames", START, notes=notes)
    moved = Step("update", step.urn, step.name, step.kind, before, step.inputs)
    differing = [leaf.path for leaf in moved.changed_fields() if leaf.compared]
    if set(differing) - {INTERVAL}:
        named = ", ".join(dotted(path) for path in differing)
        return StepEffect(
            Outcome.REFUSED,
            f"`pulumi up` fails: it runs as {before.name} with other settings ({named}); "
            "rename it first, then change it",
        )
    text = f"continues without a gap: it was {before.name}{_with_changes(moved)}"
    calls = (*START, *(SET_INTERVAL if INTERVAL in differing else ()))
    return StepEffect(Outcome.GOES_ON, text, sum_calls(calls), compared=moved)


def _delete(step: Step, holder: Step | None) -> StepEffect:
    """`holder` has the same task, or takes it over."""
    old = step.old
    ended = old is not None and has_ended(old.properties)
    if holder:
        is_known = holder.operation != "create"
        if ended:
            text = f"no longer managed: it had ended, and is {holder.name} now"
            return StepEffect(Outcome.FORGOTTEN, text, counted=not is_known)
        text = f"left running: {holder.name} {'has it already' if is_known else 'takes it over'}"
        return StepEffect(Outcome.GOES_ON, text, counted=not is_known)
    stop = () if step.retained else STOP
    if ended:
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: it had already ended", stop)
    if step.retained:
        return StepEffect(Outcome.FORGOTTEN, f"no longer managed: it continues to run ({step.retained})")
    return StepEffect(Outcome.STOPS, "stops: no more frames are taken", STOP)


def _replace(step: Step, holder: Step | None) -> StepEffect:
    """`holder` is another resource that has the old task."""
    calls, old = (*(() if step.retained else STOP), *START), step.old
    if holder:
        text = f"another one starts in its place; the old one is left running: {holder.name} has it"
        return StepEffect(Outcome.STARTS, text, START, counted=holder.operation == "create")
    if old is None or has_ended(old.properties):
        return StepEffect(Outcome.STARTS_AGAIN, f"a new run starts{_with_changes(step)}", calls)
    if step.retained:
        return _retain(step, old)
    if _identity(old.inputs) != _identity(step.inputs):
        text = "the running task stops, and another one starts in its place"
    else:
        text = f"stops and starts again{_with_changes(step)}"
    interval = number_at(old.inputs, "imageConfig", "interval")
    gap = interval + RESTART_SECONDS if interval else None
    longest = f": up to {gap} s between two frames instead of {interval} s" if gap else ""
    return StepEffect(Outcome.RESTART, text + longest, calls, gap)


def _retain(step: Step, old: RecordedResource) -> StepEffect:
    """A replacement that does not stop the old task."""
    if _identity(old.inputs) != _identity(step.inputs):
        text = f"another one starts; the old one continues to run, no longer managed ({step.retained})"
        return StepEffect(Outcome.STARTS, text, START)
    changed = [leaf.path for leaf in step.changed_fields() if leaf.compared]
    if set(changed) - {INTERVAL}:
        text = (
            f"`pulumi up` fails: {step.retained} keeps the old one running, with another "
            f"{', '.join(map(dotted, changed))}; remove the option with an `up` of its own, or stop the "
            "task at the service first"
        )
        return StepEffect(Outcome.REFUSED, text, START)
    text = f"the running task is adopted{_with_changes(step)}, since {step.retained} keeps it from its end"
    calls = (*START, *(SET_INTERVAL if INTERVAL in changed else ()))
    return StepEffect(Outcome.GOES_ON, text, sum_calls(calls))


def _update(step: Step) -> StepEffect:
    old = step.old
    changed = [leaf.path for leaf in step.changed_fields()]
    keep_running = value_at(step.inputs, ("keepRunning",)) is True
    decided = plan_update(dict(old.properties) if old else {}, changed, keep_running)
    if decided is UpdateStep.START_AGAIN:
        reason = (old.properties.get("stopReason") if old else None) or "no reason given"
        return StepEffect(Outcome.STARTS_AGAIN, f"a new run starts: the last one ended ({reason})", START)
    if decided is UpdateStep.SET_INTERVAL:
        return StepEffect(Outcome.IN_PLACE, _new_interval(step), SET_INTERVAL)
    return StepEffect(Outcome.RECORDED, "only the record changes: nothing is called")


def _new_interval(step: Step) -> str:
    interval = value_at(step.inputs, INTERVAL)
    if isinstance(interval, Unknown):
        return "the interval changes in place, without a gap; its value is not known yet"
    return f"a frame every {interval} s from the next one on, without a gap"


def _with_changes(step: Step) -> str:
    named = ", ".join(dotted(leaf.path) for leaf in step.changed_fields())
    return f" with another {named}" if named else ""


def risks(steps: Sequence[Step], limits: Limits) -> Iterator[Risk]:
    """What a reviewer should look at in the steps of live rooms' tasks."""
    for step in steps:
        if step.operation != SAME:
            yield from _short_interval(step, limits)
            yield from _bucket_of_a_running_task(step)
            yield from _long_idle_time(step, limits)
    yield from _two_tasks_on_one_room(steps)


def _short_interval(step: Step, limits: Limits) -> Iterator[Risk]:
    interval = number_at(step.inputs, "imageConfig", "interval")
    if interval is not None and interval < limits.floor:
        hourly = frames(step.inputs).per_hour or 0
        yield Risk(
            code="interval-below-floor",
            task=step.name,
            field="image_config.interval",
            text=f"{interval} s is below the floor of {limits.floor} s: {hourly:,.0f} frames an hour",
        )


def _bucket_of_a_running_task(step: Step) -> Iterator[Risk]:
    if step.old is None or has_ended(step.old.properties):
        return
    changed = [dotted(leaf.path) for leaf in step.changed_fields() if leaf.path[0] == "storageConfig"]
    moved = [field for field in changed if field.rpartition(".")[2] in _BUCKET_FIELDS]
    if moved:
        yield Risk(
            code="bucket-of-a-running-task",
            task=step.name,
            field=moved[0],
            text="the task is running: later frames go elsewhere, so readers of the old bucket see none",
        )


def _long_idle_time(step: Step, limits: Limits) -> Iterator[Risk]:
    idle = number_at(step.inputs, "maxIdleTime")
    if idle is not None and idle >= limits.idle:
        yield Risk(
            code="idle-for-a-day",
            task=step.name,
            field="max_idle_time",
            text=f"an empty room keeps the task running for {idle:,} s, so a forgotten one runs, and may "
            f"cost, {idle / DAY:.2g} of a day longer",
        )


def _two_tasks_on_one_room(steps: Sequence[Step]) -> Iterator[Risk]:
    """A risk for each task that changes, with one that takes the same; a room may have thousands."""
    rooms: dict[tuple[str, str], dict[tuple[str, str] | None, str]] = defaultdict(dict)
    for step in sorted(steps, key=lambda step: step.operation != SAME):
        app, room = text_at(step.inputs, "appId"), text_at(step.inputs, "roomId")
        if not (app and room):
            continue
        takers, streams = rooms[app, room], _stream_keys(step.inputs) or {None}
        same = takers.values() if None in streams else map(takers.get, (None, *streams))
        if step.operation != SAME and (other := next(filter(None, same), None)):
            yield Risk(
                code="two-tasks-one-room",
                task=step.name,
                field="room_id",
                text=f"takes the same streams of the same room as {other}: every frame twice",
            )
        for stream in streams:
            takers.setdefault(stream, step.name)


def _stream_keys(inputs: Mapping[str, Any]) -> set[tuple[str, str] | None]:
    """The streams that are listed; empty where a task takes every one."""
    listed = _streams(inputs)
    known = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return {(str(one.get("userId")), str(one.get("streamType"))) for one in known}


def _streams(inputs: Mapping[str, Any]) -> Any:
    """The streams that are listed; empty where a task takes every one, no list where it is not known."""
    return value_at(inputs, ("targetStreams", "streamList")) or []
