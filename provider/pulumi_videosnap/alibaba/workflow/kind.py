"""The resource kind of `alibaba.SnapshotWorkflow`, for the registry."""

from __future__ import annotations

from pulumi_videosnap.alibaba.named import has_ended
from pulumi_videosnap.alibaba.workflow import drift, frames, review
from pulumi_videosnap.alibaba.workflow.data_sources import (
    get_snapshot_workflow,
    list_workflows,
    search_snapshot_workflows,
)
from pulumi_videosnap.alibaba.workflow.lifecycle import TOKEN, snapshot_workflow
from pulumi_videosnap.alibaba.workflow.schema import SnapshotWorkflowInputs
from pulumi_videosnap.kinds import ResourceKind

KIND = ResourceKind(
    token=TOKEN,
    title="workflow",
    provider="pulumi_videosnap.alibaba.workflow.resource.SnapshotWorkflowProvider",
    inputs=SnapshotWorkflowInputs,
    lifecycle=snapshot_workflow,
    lookups=(get_snapshot_workflow, search_snapshot_workflows),
    search=list_workflows,
    has_ended=has_ended,
    review=review,
    drift=drift,
    frames=frames,
)
