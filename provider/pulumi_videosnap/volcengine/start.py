"""Starts a live room's snapshot task, or adopts the one that runs already with the declared settings.

A start whose response got lost is read back. Where that does not tell either whether the task runs, it is
noted as `NOT_CONFIRMED`: the next `up` starts or adopts it, and `destroy` stops it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pulumi_videosnap.core.encrypted import without_encrypted
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.core.properties import Path, Properties, chosen
from pulumi_videosnap.core.run_registry import Entry
from pulumi_videosnap.core.schema import differences
from pulumi_videosnap.errors import CallFailed, NotFound, OutcomeUnknown, TaskConflict, TaskFailed
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
from pulumi_videosnap.volcengine.outcomes import NOT_CONFIRMED, has_ended
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs

if TYPE_CHECKING:
    from pulumi_videosnap.volcengine.api import Reading, Started

READ_BACK_PAUSES = (0.2, 0.4, 0.8, 1.6, 3.0)
"""Seconds between the reads after a start; how soon a new task can be read is not documented."""
TOKEN = "volcengine:SnapshotTask"  # noqa: S105 - a type, not a credential
INTERVAL: Path = ("imageConfig", "interval")

_ADVICE_ON_CONFLICT = (
    "declare the settings that it has, give this one another task_id, or stop it with StopSnapshot and run "
    "`pulumi up` again"
)
_ADVICE_ON_RENAME = (
    "it is recorded as {}: rename or move it first, and change its settings in the next `pulumi up`, or give "
    "the new resource an alias"
)
_RETURNED = ("targetStreams", "maxIdleTime", "imageConfig", "storageConfig")
"""The settings that the service would tell of."""
_UNREADABLE_SETTINGS = "it runs, but its settings cannot be read: it started over 72 hours ago"
_NO_OWNER = (
    ": an interrupted `up` or another stack started it, the service does not say who; declare one task_id in "
    "one stack only, since each stops the task when it ends"
)
_ADVICE_ON_FAILURE = (
    "check the room, the streams, and that the service may write to the storage; then run `pulumi up` again"
)


class TaskApi(Protocol):
    """The four actions as the lifecycle needs them (`RtcApi`)."""

    def start(self, body: StartSnapshotBody) -> Started: ...  # noqa: D102
    def update(self, task: TaskKey, interval: int, business_id: str | None) -> None: ...  # noqa: D102
    def stop(self, task: TaskKey, business_id: str | None) -> None: ...  # noqa: D102
    def get(self, task: TaskKey) -> Reading: ...  # noqa: D102


def start_task(
    task: SnapshotTaskInputs,
    recorded: Properties,
    api: TaskApi,
    context: Context,
    environ: Mapping[str, str],
) -> Properties:
    """Start a task or adopt it; returns what is recorded of it. OutcomeUnknown where it may run.

    `recorded` is what state has of an earlier run of the task.
    """
    if not recorded:
        context.note_creation(TOKEN, identity_of(task.properties()))
    return _Start(task, recorded, api, context).run(start_request(task, environ))


def identity_of(inputs: Properties) -> Properties:
    """What finds a task and stops it: its three ids, where it is, and the business that it is billed to."""
    return chosen(inputs, "appId", "roomId", "taskId", "profile", "edition", "businessId")


class _Start:
    """One start of one task."""

    def __init__(
        self, task: SnapshotTaskInputs, recorded: Properties, api: TaskApi, context: Context
    ) -> None:
        self._task = task
        self._recorded = recorded
        self._key = task_key(task)
        self._api = api
        self._context = context

    def run(self, request: StartSnapshotBody) -> Properties:
        self._context.progress("starting")
        started = self._send(request)
        facts = self._adopt() if started.already_running else self._start(started)
        self._context.runs.mark_created(self._key.id)
        if has_ended(facts):
            self._note(facts)
            why = f"it {facts['status']} at once ({facts.get('stopReason', 'no reason given')})"
            raise TaskFailed(f"snapshot task {self._key.id}", why, _ADVICE_ON_FAILURE)
        self._context.progress(facts["status"])
        return self._outputs(facts)

    def _start(self, started: Started) -> Properties:
        self._made()
        self._note(_accepted(started))
        found = self._confirm()
        if found is None:
            self._context.warn("the service accepted the task but does not list it yet; run `pulumi refresh`")
            return _accepted(started)
        return to_outputs(found if started.is_certain else self._bring_in_line(found))

    def _outputs(self, facts: Properties) -> Properties:
        return with_history(self._recorded, {**self._task.properties(), **facts})

    def _note(self, facts: Properties) -> None:
        self._context.note_existing(self._key.id, self._outputs(facts))

    def _made(self) -> None:
        self._context.made(lambda: self._api.stop(self._key, self._task.business_id))

    def _send(self, request: StartSnapshotBody) -> Started:
        """StartSnapshot; where its response got lost, one that runs counts as started before."""
        try:
            return self._api.start(request)
        except CallFailed as lost:
            if not lost.may_have_acted:
                raise
            if started := self._find():
                return started
            self._made()
            self._note({"status": NOT_CONFIRMED})
            raise OutcomeUnknown(f"snapshot task {self._key.id}", lost) from None

    def _find(self) -> Started | None:
        from pulumi_videosnap.volcengine.api import Started  # noqa: PLC0415 - the HTTP stack

        with contextlib.suppress(CallFailed):
            reading = self._api.get(self._key)
            if not has_ended(to_outputs(reading.task)):
                return Started(already_running=True, at=reading.at)
        return None

    def _confirm(self) -> SnapshotTask | None:
        """Read back a task that was just started; an accepted task is recorded even if this read fails."""
        with contextlib.suppress(CallFailed):
            return self._read_back()
        return None

    def _read_back(self) -> SnapshotTask:
        """Read until the service lists the task as running; the last read counts whatever it says."""
        for pause in READ_BACK_PAUSES:
            with contextlib.suppress(NotFound):
                found = self._api.get(self._key).task
                if not has_ended(to_outputs(found)):
                    return found
            self._context.progress("waiting for the service to list the task")
            self._context.sleep(pause)
        return self._api.get(self._key).task

    def _adopt(self) -> Properties:
        """Take over a running task with the declared settings; another interval is brought in line."""
        try:
            facts = to_outputs(self._bring_in_line(self._read_back()))
        except NotFound:
            facts = self._adopt_as_recorded()
        self._warn_of_adoption(facts.get("startTime") or "a time that is not known")
        return facts

    def _adopt_as_recorded(self) -> Properties:
        """Take over a task that cannot be read any more, with the settings that its former entry has."""
        former = self._former_entry()
        if former is None or former.outputs.get("status") != RUNNING:
            raise self._conflict([_UNREADABLE_SETTINGS])
        self._recorded, plain = former.outputs, without_encrypted(former.outputs)
        settings = {name: plain.get(name) for name in _RETURNED if name in former.outputs}
        self._check_settings({**self._task.properties(), **settings})
        self._set_interval()  # somebody may have set another one, which nobody can read
        return {name: plain[name] for name in ("status", "startTime") if name in plain}

    def _bring_in_line(self, found: SnapshotTask) -> SnapshotTask:
        if not self._check_settings(to_inputs(found, self._task.properties())):
            return found
        self._set_interval()
        return self._api.get(self._key).task

    def _check_settings(self, actual: Properties) -> bool:
        """Whether a running task has another interval than declared; TaskConflict for any other setting."""
        compared = differences(SnapshotTaskInputs, self._task.properties(), actual)
        differing = {d.path: d for leaf, d in compared if leaf.compared}
        interval = differing.pop(INTERVAL, None)
        if differing:
            raise self._conflict(list(map(format_difference, differing.values())))
        return interval is not None

    def _set_interval(self) -> None:
        self._api.update(self._key, self._task.image_config.interval, self._task.business_id)

    def _warn_of_adoption(self, since: str) -> None:
        """A task carries no owner. One that state has in another entry is this stack's own."""
        self._context.progress("adopting the running task")
        if not any(entry.id == self._key.id for entry in self._context.entries()):
            self._context.warn(f"snapshot task {self._key.id} runs since {since} and is adopted{_NO_OWNER}")

    def _conflict(self, differing: list[str]) -> TaskConflict:
        former = self._former_entry()
        advice = _ADVICE_ON_RENAME.format(former.resource) if former else _ADVICE_ON_CONFLICT
        return TaskConflict(f"snapshot task {self._key.id}", differing, advice)

    def _former_entry(self) -> Entry | None:
        """The entry of state that has the task under another name, where none has it under this one."""
        entries = [one for one in self._context.entries() if one.id == self._key.id]
        is_own = self._context.resource in {one.resource for one in entries}
        return entries[0] if entries and not is_own else None


def _accepted(started: Started) -> Properties:
    return {"status": "not started", "startTime": time_of(int(started.at.timestamp() * 1000))}
