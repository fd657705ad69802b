"""The lifecycle of a snapshot task with the account that the surroundings describe."""

from __future__ import annotations

from pulumi_videosnap.lifecycle import Host
from pulumi_videosnap.volcengine.account import connect
from pulumi_videosnap.volcengine.snapshot_task import SnapshotTaskLifecycle


def snapshot_task(host: Host) -> SnapshotTaskLifecycle:
    """Drives one snapshot task for a host."""
    return SnapshotTaskLifecycle(host, lambda profile: connect(profile, host.config))
