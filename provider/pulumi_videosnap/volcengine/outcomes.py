"""What the service says of a task, as the outcomes of a read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pulumi_videosnap.core.lifecycle import Gone, Present, ReadOutcome, Unreadable
from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.core.schema import inputs_of
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import NotFound
from pulumi_videosnap.volcengine.convert import to_inputs, to_outputs
from pulumi_videosnap.volcengine.models import SnapshotTask, StopReason
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs

READABLE_FOR = timedelta(hours=72)
"""How long after its start GetSnapshotTask knows a task (6348/1188226)."""
NOT_CONFIRMED = "not confirmed"
"""The status of a task that may run: StartSnapshot was sent, and no response said whether it acted."""
_UNWANTED_ENDS = (StopReason.STOP_BY_API.value, StopReason.START_TASK_FAILED.value)
"""Ends that are drift even for a task that may end; every other end, also an unknown one, completes it."""


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


def interpret_not_found(recorded: Properties, unknown: NotFound) -> ReadOutcome:
    """A task that the service does not know: gone within 72 hours of its start, unreadable later."""
    if recorded.get("status") == NOT_CONFIRMED:  # it may run for over 72 hours: an `up` or a delete finds out
        inputs = {**inputs_of(SnapshotTaskInputs, recorded), "state": NOT_CONFIRMED}
        return Present(inputs, {**recorded, **inputs})
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
