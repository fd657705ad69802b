"""The lifecycle of a live room's snapshot task: StartSnapshot, UpdateSnapshot, StopSnapshot, GetSnapshotTask.

AppId, RoomId and TaskId identify a task and are chosen before the call: a repeated create finds the task.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

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
from pulumi_videosnap.errors import CallFailed, InvalidInput, NotFound
from pulumi_videosnap.volcengine.auth import edition_of
from pulumi_videosnap.volcengine.convert import (
    task_key,
    third_party_keys,
    to_inputs,
    to_outputs,
    with_history,
)
from pulumi_videosnap.volcengine.models import TaskKey
from pulumi_videosnap.volcengine.outcomes import (
    NOT_CONFIRMED,
    has_ended,
    interpret_not_found,
    interpret_reading,
    state_of,
)
from pulumi_videosnap.volcengine.rules import doubts, refusals
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs
from pulumi_videosnap.volcengine.start import INTERVAL, TOKEN, TaskApi, identity_of, start_task

_OTHER_EDITION = (
    "is of another edition than VOLCENGINE_EDITION names; ids are byteplus/app/room/task there, else "
    "app/room/task"
)


class SnapshotTaskLifecycle(Lifecycle):
    """Drives one snapshot task; `connect` opens the API with the account of a profile."""

    token = TOKEN

    def __init__(
        self,
        context: Context,
        connect: Callable[..., TaskApi],
        *,
        sleep: Callable[[float], None] | None = None,
        environ: Mapping[str, str] = os.environ,
        edition: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._context = context
        self._connect = connect
        self._sleep = sleep or context.sleep
        self._environ = environ
        self._edition = edition

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs; two resources of one program may not declare one task."""
        recorded = self._context.recorded.get("taskId")
        name = self._context.unique_name(declared.get("taskId"), recorded, TOKEN)
        added = {"taskId": name, "edition": self._edition()}
        task, failures = validate(SnapshotTaskInputs, {**declared, **added})
        if task is None:
            failures = self._context.with_origin(failures, declared.get("taskId"), "taskId")
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
        return Created(task_key(task).id, self._start(task, {}))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetSnapshotTask, projected onto the inputs, so that drift shows on the field that drifted."""
        try:
            reading = self._open(recorded).get(TaskKey.parse(task_id))
        except NotFound as unknown:
            return interpret_not_found(recorded, unknown)
        found = interpret_reading(recorded, reading.task)
        return Present(found.inputs, with_history(recorded, found.outputs, reading.at))

    def find(self, import_id: str) -> Found | None:
        """GetSnapshotTask for `app/room/task`; the settings of an ended task too, with how it ended."""
        key = TaskKey.parse(import_id)
        if key.edition != self._edition():
            raise InvalidInput("id", f"{import_id!r} {_OTHER_EDITION}")
        names = {"appId": key.app_id, "roomId": key.room_id, "taskId": key.task_id}
        names |= {"edition": key.edition} if key.edition else {}
        try:
            reading = self._open(names).get(key)
        except NotFound:
            return None
        facts = to_outputs(reading.task)
        inputs = {**to_inputs(reading.task, names), "state": state_of(facts, keep_running=False)}
        return Found(key.id, inputs, with_history({}, {**inputs, **facts}, reading.at))

    def identity(self, inputs: Properties) -> Properties:
        """The three ids that were chosen before the call, and the account."""
        return identity_of(inputs)

    def find_created(self, identity: Properties) -> Found | None:
        """GetSnapshotTask: a task that has ended left nothing to stop."""
        key = TaskKey(identity["appId"], identity["roomId"], identity["taskId"], identity.get("edition"))
        try:
            facts = to_outputs(self._open(identity).get(key).task)
        except NotFound:
            return None
        return None if has_ended(facts) else Found(key.id, identity, {**identity, **facts})

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
            self._open(recorded).stop(key, recorded.get("businessId"))
        except NotFound:
            self._context.progress("had ended already")

    def _open(self, properties: Mapping[str, Any]) -> TaskApi:
        more = {"edition": properties.get("edition"), "hide": third_party_keys(properties, self._environ)}
        return self._connect(properties.get("profile"), **{name: one for name, one in more.items() if one})

    def _start(self, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api, context = self._open(task.properties()), replace(self._context, sleep=self._sleep)
        return start_task(task, recorded, api, context, self._environ)

    def _change_interval(self, key: TaskKey, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api = self._open(task.properties())
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


class UpdateStep(Enum):
    """The one thing that an update does."""

    RECORD = "record"  # nothing in the cloud
    SET_INTERVAL = "set interval"  # UpdateSnapshot
    START_AGAIN = "start again"  # StartSnapshot, since the last run has ended


def plan_update(recorded: Properties, changed: Collection[Path], keep_running: bool) -> UpdateStep:
    """What to do about changed fields; a change to a task that has ended starts a new run."""
    if recorded.get("status") == NOT_CONFIRMED:
        return UpdateStep.START_AGAIN
    if not has_ended(recorded):
        return UpdateStep.SET_INTERVAL if INTERVAL in changed else UpdateStep.RECORD
    only_switches = set(changed) <= {("keepRunning",), ("framePrefix",), ("state",)}
    stays_ended = only_switches and state_of(recorded, keep_running) == RUNNING
    return UpdateStep.RECORD if stays_ended else UpdateStep.START_AGAIN


def snapshot_task(context: Context) -> SnapshotTaskLifecycle:
    """The lifecycle of one snapshot task, with the account that the environment configures."""

    def connect(profile: str | None, edition: str | None = None, hide: tuple[str, ...] = ()) -> TaskApi:
        from pulumi_videosnap.volcengine import api  # noqa: PLC0415 - `check` does not need the HTTP stack

        return api.connect(profile, context.config, edition, hide)

    return SnapshotTaskLifecycle(context, connect, edition=lambda: edition_of(config=context.config))
