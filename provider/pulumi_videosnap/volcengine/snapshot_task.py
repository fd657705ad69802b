"""The lifecycle of a live room's snapshot task: StartSnapshot, UpdateSnapshot, StopSnapshot, GetSnapshotTask.

AppId, RoomId and TaskId identify a task and are chosen before the call, so a repeated create finds the
task instead of making a second one. That alone heals every crash: nothing else has to be remembered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from pulumi_videosnap.errors import NotFound, TaskConflict, TaskFailed
from pulumi_videosnap.fields import Difference, Failure, Path, Properties, Unknown, differences, dotted, validate
from pulumi_videosnap.fields import Effect
from pulumi_videosnap.lifecycle import (
    Checked,
    Created,
    Gone,
    Host,
    Lifecycle,
    Present,
    ReadOutcome,
    Unreadable,
)
from pulumi_videosnap.volcengine.api import Reading, Started
from pulumi_videosnap.volcengine.inputs import RUNNING, SnapshotTaskInputs
from pulumi_videosnap.volcengine.mapping import facts_of, key_of, rfc3339, settings_of, start_body, status_of
from pulumi_videosnap.volcengine.models import SnapshotTask, StartSnapshotBody, TaskKey
from pulumi_videosnap.volcengine.words import StopReason

READABLE_FOR = timedelta(hours=72)
"""How long after its start GetSnapshotTask knows a task (6348/1188226)."""
_MARGIN = timedelta(minutes=1)
"""Taken off the window, so that a task on its edge is not taken for gone."""

READ_BACK_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the questions after a start; how soon a new task can be read is not documented."""

INTERVAL: Path = ("imageConfig", "interval")
KEEP_RUNNING: Path = ("keepRunning",)
STATE: Path = ("state",)

_OVER = ("ended", "failed")
_ENDED_AGAINST_OUR_WILL = (StopReason.STOP_BY_API.value, StopReason.START_TASK_FAILED.value)


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
        host: Host,
        connect: Callable[[str | None], Api],
        *,
        sleep: Callable[[float], None] = time.sleep,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._host = host
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
        if not self._host.resource or any(isinstance(part, Unknown) for part in parts):
            return []
        first = self._host.claims.declare(key_of(task).id, self._host.resource)
        if first == self._host.resource:
            return []
        name = first.rpartition("::")[2]
        return [Failure(("taskId",), f"{task.task_id!r} is declared by resource {name!r} too; choose another")]

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Everything but the interval and the provider's own switches needs another task."""
        changed = differences(SnapshotTaskInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """StartSnapshot; a task that runs already with these settings is adopted."""
        task = SnapshotTaskInputs.model_validate(inputs)
        return Created(key_of(task).id, self._start(task))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetSnapshotTask, projected onto the inputs, so that drift shows on the field that drifted."""
        try:
            reading = self._connect(recorded.get("profile")).get(TaskKey.parse(task_id))
        except NotFound as unknown:
            return _not_found(recorded, unknown)
        return _present(recorded, reading.task)

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """UpdateSnapshot for the interval; a change to a task that has ended starts a new run."""
        task = SnapshotTaskInputs.model_validate(inputs)
        changed = {found.path for _, found in differences(SnapshotTaskInputs, recorded, inputs)}
        if _is_over(recorded):
            stays_over = changed <= {KEEP_RUNNING, STATE} and _state(recorded, task.keep_running) == RUNNING
            return _kept(recorded, inputs) if stays_over else self._start(task)
        if INTERVAL not in changed:
            return _kept(recorded, inputs)
        return self._change_interval(task, recorded)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """StopSnapshot, unless another resource of this run has taken the task over."""
        key = TaskKey.parse(task_id)
        if self._host.claims.made(key.id):
            self._host.progress("left running: this run has started or adopted it under another name")
            return
        try:
            self._connect(recorded.get("profile")).stop(key, recorded.get("businessId"))
        except NotFound:
            self._host.progress("had ended already")

    def _start(self, task: SnapshotTaskInputs) -> Properties:
        api, key = self._connect(task.profile), key_of(task)
        self._host.progress("starting")
        started = api.start(start_body(task, self._environ))
        found = self._read_back(api, key)
        if started.already_running:
            found = self._adopt(api, task, found)
        self._host.claims.make(key.id)
        if found is None:
            return self._unconfirmed(task, started)
        if status_of(found) in _OVER:
            raise TaskFailed(
                f"snapshot task {key.id}",
                f"the service accepted it, but it {_ending(found)}",
                "check the room, the streams and that the service may write to the storage, then run "
                "`pulumi up` again",
            )
        self._host.progress(status_of(found))
        return _recorded(task, found)

    def _read_back(self, api: Api, key: TaskKey) -> SnapshotTask | None:
        """Ask until the service knows the task as one that goes on; at last, take what it says."""
        found: SnapshotTask | None = None
        for pause in (*READ_BACK_PAUSES, None):
            try:
                found = api.get(key).task
            except NotFound:
                found = None
            if pause is None or (found is not None and status_of(found) not in _OVER):
                break
            self._host.progress("waiting for the service to know the task")
            self._sleep(pause)
        return found

    def _adopt(self, api: Api, task: SnapshotTaskInputs, found: SnapshotTask | None) -> SnapshotTask | None:
        """Take over a running task whose settings are the declared ones, but for the interval."""
        key = key_of(task)
        if found is None:
            raise TaskConflict(
                f"snapshot task {key.id}",
                ["it runs, but it started over 72 hours ago, so its settings cannot be read"],
                _WAYS_OUT,
            )
        inputs = task.properties()
        compared = differences(SnapshotTaskInputs, inputs, settings_of(found, inputs))
        differing = {d.path: d for leaf, d in compared if leaf.compared}
        interval = differing.pop(INTERVAL, None)
        if differing:
            raise TaskConflict(f"snapshot task {key.id}", [_told(d) for d in differing.values()], _WAYS_OUT)
        self._host.progress("adopting the task that runs already")
        if interval is None:
            return found
        api.update(key, task.image_config.interval, task.business_id)
        return self._read_back(api, key)

    def _change_interval(self, task: SnapshotTaskInputs, recorded: Properties) -> Properties:
        api, key = self._connect(task.profile), key_of(task)
        try:
            api.update(key, task.image_config.interval, task.business_id)
        except NotFound:
            self._host.progress("has ended meanwhile: starting it again")
            return self._start(task)
        try:
            return _recorded(task, api.get(key).task)
        except NotFound:  # older than the service can tell, yet it took the new interval
            return _kept(recorded, task.properties())

    def _unconfirmed(self, task: SnapshotTaskInputs, started: Started) -> Properties:
        self._host.warn("the service accepted the task but does not list it yet; `pulumi refresh` will tell")
        accepted = {"status": "not started", "startTime": rfc3339(int(started.at.timestamp() * 1000))}
        return {**task.properties(), **accepted}


_WAYS_OUT = (
    "declare the settings that it has, give this one another task_id, or stop it with StopSnapshot and run "
    "`pulumi up` again"
)


def _told(difference: Difference) -> str:
    return f"{dotted(difference.path)}: there {difference.actual!r}, declared {difference.recorded!r}"


def _recorded(task: SnapshotTaskInputs, found: SnapshotTask) -> Properties:
    return {**task.properties(), **facts_of(found)}


def _kept(recorded: Properties, inputs: Properties) -> Properties:
    """New inputs beside what is known of the task already."""
    facts = {name: recorded[name] for name in ("status", "stopReason", "startTime", "endTime") if name in recorded}
    return {**inputs, **facts}


def _present(recorded: Properties, found: SnapshotTask) -> Present:
    facts = facts_of(found)
    before = {name: value for name, value in recorded.items() if name in _INPUT_NAMES}
    over = facts["status"] in _OVER
    # The settings of a run that is over are history: only that it is over can be drift.
    settings = before if over else settings_of(found, before)
    inputs = {**settings, "state": _state(facts, bool(before.get("keepRunning", False)))}
    return Present(inputs, {**inputs, **facts})


_INPUT_NAMES = frozenset(info.alias for info in SnapshotTaskInputs.model_fields.values())


def _state(facts: Properties, keep_running: bool) -> str:
    """The `state` input as the service sees it: what is as declared counts as running."""
    status, reason = str(facts.get("status")), str(facts.get("stopReason") or StopReason.UNKNOWN.value)
    if status not in _OVER:
        return RUNNING
    if status == "ended" and not keep_running and reason not in _ENDED_AGAINST_OUR_WILL:
        return RUNNING  # complete: it ran until nobody published any more
    return f"{status}: {reason}"


def _is_over(recorded: Properties) -> bool:
    return recorded.get("status") in _OVER


def _ending(found: SnapshotTask) -> str:
    return f"{status_of(found)} at once ({found.stop_reason or 'no reason given'})"


def _not_found(recorded: Properties, unknown: NotFound) -> ReadOutcome:
    started = recorded.get("startTime")
    if not started:
        raise unknown  # nothing was ever recorded of it: somebody asked for a task that is not there
    age = unknown.at - datetime.fromisoformat(str(started).replace("Z", "+00:00"))
    if age < READABLE_FOR - _MARGIN:
        return Gone()
    return Unreadable(
        f"cannot be read any more: the service answers for 72 hours after the start, and that was {started} "
        f"({age.total_seconds() / 3600:.0f} hours ago); kept as recorded ({recorded.get('status')})"
    )
