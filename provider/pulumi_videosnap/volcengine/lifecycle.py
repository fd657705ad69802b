"""The lifecycle of a live room's snapshot task: StartSnapshot, UpdateSnapshot, StopSnapshot, GetSnapshotTask.

AppId, RoomId and TaskId identify a task and are chosen before the call, so a repeated create finds the
task instead of making a second one. That alone heals every crash: nothing else has to be remembered.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Lifecycle,
    Present,
    ReadOutcome,
)
from pulumi_videosnap.core.properties import Path, Properties, Unknown, dotted
from pulumi_videosnap.core.schema import Difference, Effect, differences, merge_inputs
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import CallFailed, NotFound, TaskConflict, TaskFailed
from pulumi_videosnap.volcengine.api import Reading, Started
from pulumi_videosnap.volcengine.convert import start_request, task_key, time_of, to_inputs, to_outputs
from pulumi_videosnap.volcengine.history import remembered
from pulumi_videosnap.volcengine.models import SnapshotTask, StartSnapshotBody, TaskKey
from pulumi_videosnap.volcengine.observed import is_over, not_found, present
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from pulumi_videosnap.volcengine.steps import INTERVAL, UpdateStep, update_step

READ_BACK_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the questions after a start; how soon a new task can be read is not documented."""


class Api(Protocol):
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
        connect: Callable[[str | None], Api],
        *,
        sleep: Callable[[float], None] = time.sleep,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._context = context
        self._connect = connect
        self._sleep = sleep
        self._environ = environ

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; two resources of one program may not declare one task."""
        task, failures = validate(SnapshotTaskInputs, declared)
        if task is None:
            return Checked(dict(declared), failures)
        return Checked(task.properties(), self._declared_twice(task))

    def _declared_twice(self, task: SnapshotTaskInputs) -> list[Failure]:
        parts: list[Any] = [task.app_id, task.room_id, task.task_id]
        if not self._context.resource or any(isinstance(part, Unknown) for part in parts):
            return []
        first = self._context.runs.register(task_key(task).id, self._context.resource)
        if first == self._context.resource:
            return []
        name = first.rpartition("::")[2]
        return [
            Failure(("taskId",), f"{task.task_id!r} is declared by resource {name!r} too; choose another")
        ]

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Everything but the interval and the provider's own switches needs another task."""
        changed = differences(SnapshotTaskInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """StartSnapshot; a task that runs already with these settings is adopted."""
        task = SnapshotTaskInputs.model_validate(inputs)
        return Created(task_key(task).id, remembered({}, self._start(task)))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetSnapshotTask, projected onto the inputs, so that drift shows on the field that drifted."""
        try:
            reading = self._connect(recorded.get("profile")).get(TaskKey.parse(task_id))
        except NotFound as unknown:
            return not_found(recorded, unknown)
        found = present(recorded, reading.task)
        return Present(found.inputs, remembered(recorded, found.outputs, reading.at))

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """UpdateSnapshot for the interval; a change to a task that has ended starts a new run."""
        task = SnapshotTaskInputs.model_validate(inputs)
        changed = {found.path for _, found in differences(SnapshotTaskInputs, recorded, inputs)}
        step = update_step(recorded, changed, task.keep_running)
        if step is UpdateStep.START_AGAIN:
            return self._restart(task, recorded)
        if step is UpdateStep.SET_INTERVAL:
            return self._change_interval(TaskKey.parse(task_id), task, recorded)
        return merge_inputs(SnapshotTaskInputs, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """StopSnapshot, unless another resource of this run has taken the task over."""
        key = TaskKey.parse(task_id)
        if self._context.runs.was_created(key.id):
            self._context.progress("left running: this run has started or adopted it under another name")
            return
        try:
            self._connect(recorded.get("profile")).stop(key, recorded.get("businessId"))
        except NotFound:
            self._context.progress("had ended already")

    def _restart(self, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        return remembered(recorded, self._start(task))

    def _start(self, task: SnapshotTaskInputs) -> Properties:
        api, key = self._connect(task.profile), task_key(task)
        self._context.progress("starting")
        started = api.start(start_request(task, self._environ))
        found = self._adopt(api, task) if started.already_running else self._confirm(api, key)
        self._context.runs.mark_created(key.id)
        if found is None:
            return self._unconfirmed(task, started)
        facts = to_outputs(found)
        if is_over(facts):
            raise TaskFailed(f"snapshot task {key.id}", _ending(facts), _AFTER_A_FAILURE)
        self._context.progress(facts["status"])
        return {**task.properties(), **facts}

    def _confirm(self, api: Api, key: TaskKey) -> SnapshotTask | None:
        """Read back a task that was just started; a task that the service took is never lost over a read."""
        try:
            return self._read_back(api, key)
        except CallFailed:
            return None

    def _read_back(self, api: Api, key: TaskKey) -> SnapshotTask:
        """Ask until the service knows the task as one that goes on; at last, take what it says."""
        for pause in READ_BACK_PAUSES:
            with contextlib.suppress(NotFound):
                found = api.get(key).task
                if not is_over(to_outputs(found)):
                    return found
            self._context.progress("waiting for the service to know the task")
            self._sleep(pause)
        return api.get(key).task

    def _adopt(self, api: Api, task: SnapshotTaskInputs) -> SnapshotTask:
        """Take over a running task whose settings are the declared ones, but for the interval."""
        key, inputs = task_key(task), task.properties()
        try:
            found = self._read_back(api, key)
        except NotFound:
            raise TaskConflict(f"snapshot task {key.id}", [_TOO_OLD], _WAYS_OUT) from None
        compared = differences(SnapshotTaskInputs, inputs, to_inputs(found, inputs))
        differing = {d.path: d for leaf, d in compared if leaf.compared}
        interval = differing.pop(INTERVAL, None)
        if differing:
            raise TaskConflict(f"snapshot task {key.id}", [_told(d) for d in differing.values()], _WAYS_OUT)
        self._context.progress("adopting the task that runs already")
        if interval is None:
            return found
        api.update(key, task.image_config.interval, task.business_id)
        return api.get(key).task

    def _change_interval(self, key: TaskKey, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api = self._connect(task.profile)
        try:
            api.update(key, task.image_config.interval, task.business_id)
        except NotFound:
            self._context.progress("has ended meanwhile: starting it again")
            return self._restart(task, recorded)
        try:
            reading = api.get(key)
            told = {**task.properties(), **to_outputs(reading.task)}
            return remembered(recorded, told, reading.at)
        except NotFound:  # older than the service can tell, yet it took the new interval
            return merge_inputs(SnapshotTaskInputs, recorded, task.properties())

    def _unconfirmed(self, task: SnapshotTaskInputs, started: Started) -> Properties:
        self._context.warn("the service accepted the task but does not list it yet; run `pulumi refresh`")
        accepted: Properties = {
            "status": "not started",
            "startTime": time_of(int(started.at.timestamp() * 1000)),
        }
        return {**task.properties(), **accepted}


_WAYS_OUT = (
    "declare the settings that it has, give this one another task_id, or stop it with StopSnapshot and run "
    "`pulumi up` again"
)
_TOO_OLD = "it runs, but the service cannot tell its settings: it started over 72 hours ago"
_AFTER_A_FAILURE = (
    "check the room, the streams, and that the service may write to the storage; then run `pulumi up` again"
)


def _told(difference: Difference) -> str:
    return f"{dotted(difference.path)}: there {difference.actual!r}, declared {difference.recorded!r}"


def _ending(facts: Properties) -> str:
    reason = facts.get("stopReason", "no reason given")
    return f"the service accepted it, but it {facts['status']} at once ({reason})"
