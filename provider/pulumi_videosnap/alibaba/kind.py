"""The resource kind of `alibaba.SnapshotJob`, for the registry."""

from __future__ import annotations

from pulumi_videosnap.alibaba import drift, frames, review
from pulumi_videosnap.alibaba.data_sources import get_snapshot_job, list_jobs
from pulumi_videosnap.alibaba.lifecycle import snapshot_job
from pulumi_videosnap.alibaba.outcomes import has_ended
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.kinds import ResourceKind

KIND = ResourceKind(
    token="alibaba:SnapshotJob",  # noqa: S106 - no secret
    title="video file",
    provider="pulumi_videosnap.alibaba.resource.SnapshotJobProvider",
    inputs=SnapshotJobInputs,
    lifecycle=snapshot_job,
    lookups=(get_snapshot_job,),
    search=list_jobs,
    has_ended=has_ended,
    review=review,
    drift=drift,
    frames=frames,
)
