"""The lifecycle of a snapshot task with the account that the surroundings describe."""

from __future__ import annotations

from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle


def snapshot_task(context: Context) -> SnapshotTaskLifecycle:
    """Drives one snapshot task for a context."""
    return SnapshotTaskLifecycle(context, lambda profile: connect(profile, context.config))
