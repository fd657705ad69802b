"""The resource kind of `volcengine.SnapshotTask`, for the registry."""

from __future__ import annotations

from pulumi_videosnap.kinds import ResourceKind
from pulumi_videosnap.volcengine import drift, frames, review
from pulumi_videosnap.volcengine.data_sources import get_room_online_users, get_snapshot_task
from pulumi_videosnap.volcengine.lifecycle import snapshot_task
from pulumi_videosnap.volcengine.outcomes import has_ended
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs

KIND = ResourceKind(
    token="volcengine:SnapshotTask",  # noqa: S106 - no secret
    title="live room",
    provider="pulumi_videosnap.volcengine.resource.SnapshotTaskProvider",
    inputs=SnapshotTaskInputs,
    lifecycle=snapshot_task,
    lookups=(get_room_online_users, get_snapshot_task),
    has_ended=has_ended,
    review=review,
    drift=drift,
    frames=frames,
)
