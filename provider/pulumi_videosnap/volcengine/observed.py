"""What a reading of a snapshot task means: present with which drift, gone, or not readable any more.

These are the rows of the drift table in the docs, as pure functions.
"""

from __future__ import annotations

from datetime import timedelta

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
_MARGIN = timedelta(minutes=1)
"""Taken off the window, so that a task on its edge is not taken for gone."""

_AGAINST_THE_DECLARATION = (StopReason.STOP_BY_API.value, StopReason.START_TASK_FAILED.value)
"""Ends that are drift even for a task that may end; every other end, also an unknown one, completes it."""


def present(recorded: Properties, found: SnapshotTask) -> Present:
    """The recorded inputs with what the service says instead, and everything that only it knows."""
    facts = to_outputs(found)
    before = inputs_of(SnapshotTaskInputs, recorded)
    # The settings of a run that is over are history: only that it is over can be drift.
    settings = before if is_over(facts) else to_inputs(found, before)
    inputs = {**settings, "state": state_of(facts, bool(before.get("keepRunning", False)))}
    return Present(inputs, {**inputs, **_start(recorded), **facts})


def _start(recorded: Properties) -> Properties:
    """When the task started, for an answer that does not say: the 72 hours are counted from there."""
    return {"startTime": recorded["startTime"]} if recorded.get("startTime") else {}


def state_of(facts: Properties, keep_running: bool) -> str:
    """The `state` input as the service sees it: what is as declared counts as running."""
    status, reason = str(facts.get("status")), str(facts.get("stopReason") or StopReason.UNKNOWN.value)
    if not is_over(facts):
        return RUNNING
    if status == "ended" and not keep_running and reason not in _AGAINST_THE_DECLARATION:
        return RUNNING  # complete: it ran until nobody published any more
    return f"{status}: {reason}"


def is_over(facts: Properties) -> bool:
    """Whether the last run that is known of has ended or failed."""
    return facts.get("status") in ("ended", "failed")


def not_found(recorded: Properties, unknown: NotFound) -> ReadOutcome:
    """A task that the service does not know: gone within 72 hours of its start, not readable later."""
    started = parse_rfc3339(recorded.get("startTime"))
    if started is None:
        raise unknown  # nothing was ever recorded of it: somebody asked for a task that is not there
    age = unknown.at - started
    if age < READABLE_FOR - _MARGIN:
        return Gone()
    return Unreadable(
        "cannot be read any more: the service answers for 72 hours after the start, and that was "
        f"{recorded['startTime']} ({age.total_seconds() / 3600:.0f} hours ago); "
        f"kept as recorded ({recorded.get('status')})"
    )
