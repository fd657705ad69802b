"""The lifecycle of a live room's snapshot task: StartSnapshot, UpdateSnapshot, StopSnapshot, GetSnapshotTask.

AppId, RoomId and TaskId identify a task and are chosen before the call: a repeated create finds the task.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Gone,
    Lifecycle,
    Present,
    ReadOutcome,
    Unreadable,
)
from pulumi_videosnap.core.properties import Path, Properties, Unknown
from pulumi_videosnap.core.schema import Effect, differences, inputs_of, merge_inputs
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import CallFailed, NotFound, TaskConflict, TaskFailed
from pulumi_videosnap.volcengine.auth import edition_of
from pulumi_videosnap.volcengine.convert import (
    format_difference,
    start_request,
    task_key,
    time_of,
    to_inputs,
    to_outputs,
    with_history,
)
from pulumi_videosnap.volcengine.models import SnapshotTask, StopReason, TaskKey
from pulumi_videosnap.volcengine.rules import doubts, refusals
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs

if TYPE_CHECKING:
    from pulumi_videosnap.volcengine.api import Started, TaskApi

READ_BACK_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the reads after a start; how soon a new task can be read is not documented."""
READABLE_FOR = timedelta(hours=72)
"""How long after its start GetSnapshotTask knows a task (6348/1188226)."""

INTERVAL: Path = ("imageConfig", "interval")
_UNWANTED_ENDS = (StopReason.STOP_BY_API.value, StopReason.START_TASK_FAILED.value)
"""Ends that are drift even for a task that may end; every other end, also an unknown one, completes it."""


class SnapshotTaskLifecycle(Lifecycle):
    """Drives one snapshot task; `connect` opens the API with the account of a profile, and of an edition."""

    def __init__(
        self,
        context: Context,
        connect: Callable[..., TaskApi],
        *,
        sleep: Callable[[float], None] = time.sleep,
        environ: Mapping[str, str] = os.environ,
        edition: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._context = context
        self._connect = connect
        self._sleep = sleep
        self._environ = environ
        self._edition = edition

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; two resources of one program may not declare one task."""
        recorded = self._context.recorded.get("taskId")
        name = self._context.unique_name(declared.get("taskId"), recorded, "volcengine:SnapshotTask")
        added = {"taskId": name, "edition": self._edition()}
        task, failures = validate(SnapshotTaskInputs, {**declared, **added})
        if task is None:
            return Checked(dict(declared), failures)
        inputs = task.properties()
        return Checked(inputs, [*refusals(inputs), *self._refuse_shared_id(task)], [*doubts(inputs)])

    def _refuse_shared_id(self, task: SnapshotTaskInputs) -> list[Failure]:
        known = not any(isinstance(part, Unknown) for part in (task.app_id, task.room_id, task.task_id))
        other = self._context.other_declaring(task_key(task).id) if known else ""
        both = f"{self._context.resource} and by {other}"
        refusal = Failure(("taskId",), f"{task.task_id!r} is declared by {both}; set another one")
        return [refusal] if other else []

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Everything but the interval and the provider's own switches needs another task."""
        changed = differences(SnapshotTaskInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """StartSnapshot; a task that runs already with these settings is adopted."""
        task = SnapshotTaskInputs.model_validate(inputs)
        return Created(task_key(task).id, with_history({}, self._start(task)))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetSnapshotTask, projected onto the inputs, so that drift shows on the field that drifted."""
        try:
            reading = self._open(recorded).get(TaskKey.parse(task_id))
        except NotFound as unknown:
            return _interpret_not_found(recorded, unknown)
        found = interpret_reading(recorded, reading.task)
        return Present(found.inputs, with_history(recorded, found.outputs, reading.at))

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """UpdateSnapshot for the interval; a change to a task that has ended starts a new run."""
        task = SnapshotTaskInputs.model_validate(inputs)
        changed = {found.path for _, found in differences(SnapshotTaskInputs, recorded, inputs)}
        step = plan_update(recorded, changed, task.keep_running)
        if step is UpdateStep.START_AGAIN:
            return with_history(recorded, self._start(task))
        if step is UpdateStep.SET_INTERVAL:
            return self._change_interval(TaskKey.parse(task_id), task, recorded)
        return merge_inputs(SnapshotTaskInputs, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """StopSnapshot, unless the task stays as another resource's."""
        key = TaskKey.parse(task_id)
        if holder := self._context.holder(key.id):
            self._context.progress(f"left running: it is the task of {holder}")
            return
        try:
            self._open(recorded).stop(key, recorded.get("businessId"))
        except NotFound:
            self._context.progress("had ended already")

    def _open(self, properties: Mapping[str, Any]) -> TaskApi:
        edition = properties.get("edition")
        return self._connect(properties.get("profile"), *([edition] if edition else []))

    def _start(self, task: SnapshotTaskInputs) -> Properties:
        api, key = self._open(task.properties()), task_key(task)
        self._context.progress("starting")
        started = api.start(start_request(task, self._environ))
        found = self._adopt(api, task) if started.already_running else self._confirm(api, key)
        if found is not None and not started.is_certain:
            found = self._bring_in_line(api, task, found)
        self._context.runs.mark_created(key.id)
        if found is None:
            return self._unconfirmed(task, started)
        facts = to_outputs(found)
        if has_ended(facts):
            why = f"it {facts['status']} at once ({facts.get('stopReason', 'no reason given')})"
            raise TaskFailed(f"snapshot task {key.id}", why, _ADVICE_ON_FAILURE)
        self._context.progress(facts["status"])
        return {**task.properties(), **facts}

    def _confirm(self, api: TaskApi, key: TaskKey) -> SnapshotTask | None:
        """Read back a task that was just started; an accepted task is recorded even if this read fails."""
        with contextlib.suppress(CallFailed):
            return self._read_back(api, key)
        return None

    def _read_back(self, api: TaskApi, key: TaskKey) -> SnapshotTask:
        """Read until the service lists the task as running; the last read counts whatever it says."""
        for pause in READ_BACK_PAUSES:
            with contextlib.suppress(NotFound):
                found = api.get(key).task
                if not has_ended(to_outputs(found)):
                    return found
            self._context.progress("waiting for the service to list the task")
            self._sleep(pause)
        return api.get(key).task

    def _adopt(self, api: TaskApi, task: SnapshotTaskInputs) -> SnapshotTask:
        """Take over a running task with the declared settings; another interval is brought in line."""
        self._context.progress("adopting the running task")
        try:
            return self._bring_in_line(api, task, self._read_back(api, task_key(task)))
        except NotFound:
            raise _conflict(task, [_UNREADABLE_SETTINGS]) from None

    def _bring_in_line(self, api: TaskApi, task: SnapshotTaskInputs, found: SnapshotTask) -> SnapshotTask:
        key, inputs = task_key(task), task.properties()
        compared = differences(SnapshotTaskInputs, inputs, to_inputs(found, inputs))
        differing = {d.path: d for leaf, d in compared if leaf.compared}
        interval = differing.pop(INTERVAL, None)
        if differing:
            raise _conflict(task, list(map(format_difference, differing.values())))
        if interval is None:
            return found
        api.update(key, task.image_config.interval, task.business_id)
        return api.get(key).task

    def _change_interval(self, key: TaskKey, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api = self._open(task.properties())
        try:
            api.update(key, task.image_config.interval, task.business_id)
        except NotFound:
            self._context.progress("has ended: starting it again")
            return with_history(self._with_end(api, key, recorded), self._start(task))
        try:
            reading = api.get(key)
            return with_history(recorded, {**task.properties(), **to_outputs(reading.task)}, reading.at)
        except NotFound:  # older than 72 hours: unreadable, yet it accepted the new interval
            return merge_inputs(SnapshotTaskInputs, recorded, task.properties())

    def _with_end(self, api: TaskApi, key: TaskKey, recorded: Properties) -> Properties:
        """What is recorded, with the end of the run in its history if the service still knows it."""
        with contextlib.suppress(CallFailed):
            return with_history(recorded, {**recorded, **to_outputs(api.get(key).task)})
        return recorded

    def _unconfirmed(self, task: SnapshotTaskInputs, started: Started) -> Properties:
        self._context.warn("the service accepted the task but does not list it yet; run `pulumi refresh`")
        accepted_at = time_of(int(started.at.timestamp() * 1000))
        return {**task.properties(), "status": "not started", "startTime": accepted_at}


class UpdateStep(Enum):
    """The one thing that an update does."""

    RECORD = "record"  # nothing in the cloud
    SET_INTERVAL = "set interval"  # UpdateSnapshot
    START_AGAIN = "start again"  # StartSnapshot, since the last run has ended


def plan_update(recorded: Properties, changed: Collection[Path], keep_running: bool) -> UpdateStep:
    """What to do about changed fields; a change to a task that has ended starts a new run."""
    if not has_ended(recorded):
        return UpdateStep.SET_INTERVAL if INTERVAL in changed else UpdateStep.RECORD
    only_switches = set(changed) <= {("keepRunning",), ("framePrefix",), ("state",)}
    stays_ended = only_switches and state_of(recorded, keep_running) == RUNNING
    return UpdateStep.RECORD if stays_ended else UpdateStep.START_AGAIN


def interpret_reading(recorded: Properties, found: SnapshotTask) -> Present:
    """The recorded inputs, overwritten by the values that the service returns, and its outputs."""
    facts = to_outputs(found)
    before = inputs_of(SnapshotTaskInputs, recorded)
    # The settings of a run that has ended are history: only that it has ended can be drift.
    settings = before if has_ended(facts) else to_inputs(found, before)
    inputs = {**settings, "state": state_of(facts, bool(before.get("keepRunning", False)))}
    # An answer may leave out the start, from which the 72 hours are counted.
    start = {"startTime": recorded["startTime"]} if recorded.get("startTime") else {}
    return Present(inputs, {**inputs, **start, **facts})


def state_of(facts: Properties, keep_running: bool) -> str:
    """The `state` input as the service sees it: what is as declared counts as running."""
    status, reason = str(facts.get("status")), str(facts.get("stopReason") or StopReason.UNKNOWN.value)
    if not has_ended(facts):
        return RUNNING
    if status == "ended" and not keep_running and reason not in _UNWANTED_ENDS:
        return RUNNING  # complete: it ran until the streams ended
    return f"{status}: {reason}"


def has_ended(outputs: Mapping[str, Any]) -> bool:
    """Whether the last run that is known of has ended or failed."""
    return outputs.get("status") in ("ended", "failed")


def _interpret_not_found(recorded: Properties, unknown: NotFound) -> ReadOutcome:
    """A task that the service does not know: gone within 72 hours of its start, unreadable later."""
    started = parse_rfc3339(recorded.get("startTime"))
    if started is None:
        raise unknown  # nothing was ever recorded of it: an import or a lookup of a task that does not exist
    age = unknown.at - started
    if age < READABLE_FOR - timedelta(minutes=1):  # at the edge it may just have been forgotten
        return Gone()
    return Unreadable(
        "cannot be read any more: the service answers for 72 hours after the start, and that was "
        f"{recorded['startTime']} ({age.total_seconds() / 3600:.0f} hours ago); "
        f"kept as recorded ({recorded.get('status')})"
    )


def _conflict(task: SnapshotTaskInputs, differences: list[str]) -> TaskConflict:
    advice = (
        "declare the settings that it has, give this one another task_id, or stop it with StopSnapshot and "
        "run `pulumi up` again"
    )
    return TaskConflict(f"snapshot task {task_key(task).id}", differences, advice)


_UNREADABLE_SETTINGS = "it runs, but its settings cannot be read: it started over 72 hours ago"
_ADVICE_ON_FAILURE = (
    "check the room, the streams, and that the service may write to the storage; then run `pulumi up` again"
)


def snapshot_task(context: Context) -> SnapshotTaskLifecycle:
    """The lifecycle of one snapshot task, with the account that the environment configures."""

    def connect(profile: str | None, edition: str | None = None) -> TaskApi:
        from pulumi_videosnap.volcengine import api  # noqa: PLC0415 - `check` does not need the HTTP stack

        return api.connect(profile, context.config, edition)

    return SnapshotTaskLifecycle(context, connect, edition=lambda: edition_of(config=context.config))
