"""What a drift check must know of each kind of task: how it is read, and when it is as it should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_videosnap.alibaba.connected import snapshot_job
from pulumi_videosnap.alibaba.models import State
from pulumi_videosnap.alibaba.schema import SUCCESS, SnapshotJobInputs
from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.core.schema import Inputs
from pulumi_videosnap.state import FILE, LIVE
from pulumi_videosnap.volcengine.connected import snapshot_task
from pulumi_videosnap.volcengine.observed import is_over
from pulumi_videosnap.volcengine.schema import RUNNING, SnapshotTaskInputs


@dataclass(frozen=True)
class Kind:
    """One kind of task.

    `goal` is the input that says how the task is to fare and `reached` its value when it does; the record of
    it may have been overwritten by a refresh, so it is held against what was declared.
    """

    inputs: type[Inputs]
    lifecycle: Callable[[Context], Lifecycle]
    goal: Path
    reached: str
    is_over: Callable[[Mapping[str, Any]], bool]
    can_change: bool
    """Whether the service's settings of it can differ from the recorded ones."""


def _has_succeeded(outputs: Mapping[str, Any]) -> bool:
    return bool(outputs.get("state") == State.SUCCESS.value)


KINDS: Mapping[str, Kind] = {
    LIVE: Kind(
        SnapshotTaskInputs, snapshot_task, ("state",), RUNNING, lambda told: is_over(dict(told)), True
    ),
    FILE: Kind(SnapshotJobInputs, snapshot_job, ("result",), SUCCESS, _has_succeeded, False),
}
