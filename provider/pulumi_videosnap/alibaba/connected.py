"""The lifecycle of a snapshot job with the account that the surroundings describe."""

from __future__ import annotations

from pulumi_videosnap.alibaba.auth import region_of, unavailable_in
from pulumi_videosnap.alibaba.jobs import open_account
from pulumi_videosnap.alibaba.lifecycle import SnapshotJobLifecycle
from pulumi_videosnap.core.lifecycle import Context


def snapshot_job(context: Context) -> SnapshotJobLifecycle:
    """Drives one snapshot job for a context."""
    return SnapshotJobLifecycle(
        context,
        lambda profile, location: open_account(profile, location, context.config),
        lambda location: unavailable_in(region_of(location), config=context.config),
    )
