"""The lifecycle of a snapshot job with the account that the surroundings describe."""

from __future__ import annotations

from pulumi_videosnap.alibaba.account import absence_of_mps, open_account, region_of
from pulumi_videosnap.alibaba.snapshot_job import SnapshotJobLifecycle
from pulumi_videosnap.lifecycle import Host


def snapshot_job(host: Host) -> SnapshotJobLifecycle:
    """Drives one snapshot job for a host."""
    return SnapshotJobLifecycle(
        host,
        lambda profile, location: open_account(profile, location, host.config),
        lambda location: absence_of_mps(region_of(location), config=host.config),
    )
