"""The lifecycle of a live room's snapshot task: StartSnapshot, UpdateSnapshot, StopSnapshot, GetSnapshotTask.

AppId, RoomId and TaskId identify a task and are chosen before the call: a repeated create finds the task.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Found,
    Lifecycle,
    Present,
    ReadOutcome,
)
from pulumi_videosnap.core.properties import Path, Properties, Unknown
from pulumi_videosnap.core.schema import Effect, differences, merge_inputs
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import CallFailed, NotFound, TaskConflict, TaskFailed
from pulumi_videosnap.volcengine.convert import (
    format_difference,
    start_request,
    task_key,
    time_of,
    to_inputs,
    to_outputs,
    with_history,
)
from pulumi_videosnap.volcengine.models import SnapshotTask, StartSnapshotBody, TaskKey
from pulumi_videosnap.volcengine.outcomes import has_ended, interpret_not_found, interpret_reading, state_of
from pulumi_videosnap.volcengine.rules import doubts
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs

if TYPE_CHECKING:
    from pulumi_videosnap.volcengine.api import Reading, Started

READ_BACK_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the reads after a start; how soon a new task can be read is not documented."""
INTERVAL: Path = ("imageConfig", "interval")
KEEP_RUNNING: Path = ("keepRunning",)


class TaskApi(Protocol):
    """The four actions as the lifecycle needs them (`RtcApi`)."""

    def start(self, body: StartSnapshotBody) -> Started: ...  # noqa: D102
    def update(self, task: TaskKey, interval: int, business_id: str | None) -> None: ...  # noqa: D102
    def stop(self, task: TaskKey, business_id: str | None) -> None: ...  # noqa: D102
    def get(self, task: TaskKey) -> Reading: ...  # noqa: D102


class SnapshotTaskLifecycle(Lifecycle):
    """Drives one snapshot task; `connect` opens the API with the account of a profile."""

    def __init__(
        self,
        context: Context,
        connect: Callable[[str | None], TaskApi],
        *,
        sleep: Callable[[float], None] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._context = context
        self._connect = connect
        self._sleep = sleep or context.sleep
        self._environ = environ

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; two resources of one program may not declare one task."""
        context, given = self._context, declared.get("taskId")
        name = context.unique_name(given, context.recorded.get("taskId"), "volcengine:SnapshotTask")
        task, failures = validate(SnapshotTaskInputs, {**declared, "taskId": name})
        if task is None:
            return Checked(dict(declared), failures)
        return Checked(task.properties(), self._refuse_shared_id(task), [*doubts(task.properties())])

    def _refuse_shared_id(self, task: SnapshotTaskInputs) -> list[Failure]:
        known = not any(isinstance(part, Unknown) for part in (task.app_id, task.room_id, task.task_id))
        other = self._context.other_declaring(task_key(task).id) if known else ""
        if not other:
            return []
        both = f"{self._context.resource} and by {other}"
        return [Failure(("taskId",), f"{task.task_id!r} is declared by {both}; set another one")]

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Everything but the interval and the provider's own switches needs another task."""
        changed = differences(SnapshotTaskInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """StartSnapshot; a task that runs already with these settings is adopted."""
        task = SnapshotTaskInputs.model_validate(inputs)
        return Created(task_key(task).id, self._start(task, {}))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetSnapshotTask, projected onto the inputs, so that drift shows on the field that drifted."""
        try:
            reading = self._connect(recorded.get("profile")).get(TaskKey.parse(task_id))
        except NotFound as unknown:
            return interpret_not_found(recorded, unknown)
        found = interpret_reading(recorded, reading.task)
        return Present(found.inputs, with_history(recorded, found.outputs, reading.at))

    def find(self, import_id: str) -> Found | None:
        """GetSnapshotTask for `app/room/task`; the settings of an ended task too, with how it ended."""
        key = TaskKey.parse(import_id)
        try:
            reading = self._connect(None).get(key)
        except NotFound:
            return None
        facts = to_outputs(reading.task)
        names = {"appId": key.app_id, "roomId": key.room_id, "taskId": key.task_id}
        inputs = {**to_inputs(reading.task, names), "state": state_of(facts, keep_running=False)}
        return Found(key.id, inputs, with_history({}, {**inputs, **facts}, reading.at))

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """UpdateSnapshot for the interval; a change to a task that has ended starts a new run."""
        task = SnapshotTaskInputs.model_validate(inputs)
        changed = {found.path for _, found in differences(SnapshotTaskInputs, recorded, inputs)}
        step = plan_update(recorded, changed, task.keep_running)
        if step is UpdateStep.START_AGAIN:
            return self._start(task, recorded)
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
            self._connect(recorded.get("profile")).stop(key, recorded.get("businessId"))
        except NotFound:
            self._context.progress("had ended already")

    def _start(self, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api, key = self._connect(task.profile), task_key(task)
        self._context.progress("starting")
        started = api.start(start_request(task, self._environ))
        found: SnapshotTask | None
        if started.already_running:
            found = self._adopt(api, task)
        else:
            accepted = with_history(recorded, {**task.properties(), **_accepted(started)})
            self._context.note_existing(key.id, accepted)
            found = self._confirm(api, key)
        self._context.runs.mark_created(key.id)
        if found is None:
            self._context.warn("the service accepted the task but does not list it yet; run `pulumi refresh`")
            return accepted
        facts = to_outputs(found)
        outputs = with_history(recorded, {**task.properties(), **facts})
        if has_ended(facts):
            self._context.note_existing(key.id, outputs)
            why = f"it {facts['status']} at once ({facts.get('stopReason', 'no reason given')})"
            raise TaskFailed(f"snapshot task {key.id}", why, _ADVICE_ON_FAILURE)
        self._context.progress(facts["status"])
        return outputs

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
        key, inputs = task_key(task), task.properties()
        try:
            found = self._read_back(api, key)
        except NotFound:
            raise TaskConflict(
                f"snapshot task {key.id}", [_UNREADABLE_SETTINGS], _ADVICE_ON_CONFLICT
            ) from None
        compared = differences(SnapshotTaskInputs, inputs, to_inputs(found, inputs))
        differing = {d.path: d for leaf, d in compared if leaf.compared}
        interval = differing.pop(INTERVAL, None)
        if differing:
            raise TaskConflict(
                f"snapshot task {key.id}",
                list(map(format_difference, differing.values())),
                _ADVICE_ON_CONFLICT,
            )
        self._context.progress("adopting the running task")
        if interval is None:
            return found
        api.update(key, task.image_config.interval, task.business_id)
        return api.get(key).task

    def _change_interval(self, key: TaskKey, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api = self._connect(task.profile)
        try:
            api.update(key, task.image_config.interval, task.business_id)
        except NotFound:
            self._context.progress("has ended: starting it again")
            return self._start(task, self._with_end(api, key, recorded))
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


def _accepted(started: Started) -> Properties:
    return {"status": "not started", "startTime": time_of(int(started.at.timestamp() * 1000))}


class UpdateStep(Enum):
    """The one thing that an update does."""

    RECORD = "record"  # nothing in the cloud
    SET_INTERVAL = "set interval"  # UpdateSnapshot
    START_AGAIN = "start again"  # StartSnapshot, since the last run has ended


def plan_update(recorded: Properties, changed: Collection[Path], keep_running: bool) -> UpdateStep:
    """What to do about changed fields; a change to a task that has ended starts a new run."""
    if not has_ended(recorded):
        return UpdateStep.SET_INTERVAL if INTERVAL in changed else UpdateStep.RECORD
    only_switches = set(changed) <= {KEEP_RUNNING, ("framePrefix",), ("state",)}
    stays_ended = only_switches and state_of(recorded, keep_running) == RUNNING
    return UpdateStep.RECORD if stays_ended else UpdateStep.START_AGAIN


_ADVICE_ON_CONFLICT = (
    "declare the settings that it has, give this one another task_id, or stop it with StopSnapshot and run "
    "`pulumi up` again"
)
_UNREADABLE_SETTINGS = "it runs, but its settings cannot be read: it started over 72 hours ago"
_ADVICE_ON_FAILURE = (
    "check the room, the streams, and that the service may write to the storage; then run `pulumi up` again"
)


def snapshot_task(context: Context) -> SnapshotTaskLifecycle:
    """The lifecycle of one snapshot task, with the account that the environment configures."""

    def connect(profile: str | None) -> TaskApi:
        from pulumi_videosnap.volcengine import api  # noqa: PLC0415 - `check` does not need the HTTP stack

        return api.connect(profile, context.config)

    return SnapshotTaskLifecycle(context, connect)
