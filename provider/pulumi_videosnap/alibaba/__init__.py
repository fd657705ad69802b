"""Alibaba Cloud MPS: snapshot jobs on video files, workflows on uploads, and their pipelines."""

from pulumi_videosnap.alibaba.data_sources import (
    PipelineResult,
    SnapshotJobResult,
    get_snapshot_job,
    get_snapshot_job_output,
    object_version,
    object_version_output,
    search_pipelines,
)
from pulumi_videosnap.alibaba.enums import (
    PipelineSpeed,
    PipelineState,
    SnapshotConfigFormat,
    SnapshotConfigFrameType,
    SnapshotJobOnDelete,
    SnapshotJobWaitFor,
    SnapshotWorkflowPublish,
    SnapshotWorkflowTrigger,
    WorkflowSnapshotFormat,
    WorkflowSnapshotFrameType,
)
from pulumi_videosnap.alibaba.pipeline.resource import NotificationArgs, Pipeline
from pulumi_videosnap.alibaba.resource import (
    InputArgs,
    OutputFileArgs,
    SnapshotConfigArgs,
    SnapshotJob,
    SubOutArgs,
    TileOutArgs,
    TileOutputFileArgs,
    TimeArrayArgs,
)
from pulumi_videosnap.alibaba.workflow.resource import (
    SnapshotWorkflow,
    WorkflowInputArgs,
    WorkflowSnapshotArgs,
)

__all__ = [
    "InputArgs",
    "NotificationArgs",
    "OutputFileArgs",
    "Pipeline",
    "PipelineResult",
    "PipelineSpeed",
    "PipelineState",
    "SnapshotConfigArgs",
    "SnapshotConfigFormat",
    "SnapshotConfigFrameType",
    "SnapshotJob",
    "SnapshotJobOnDelete",
    "SnapshotJobResult",
    "SnapshotJobWaitFor",
    "SnapshotWorkflow",
    "SnapshotWorkflowPublish",
    "SnapshotWorkflowTrigger",
    "SubOutArgs",
    "TileOutArgs",
    "TileOutputFileArgs",
    "TimeArrayArgs",
    "WorkflowInputArgs",
    "WorkflowSnapshotArgs",
    "WorkflowSnapshotFormat",
    "WorkflowSnapshotFrameType",
    "get_snapshot_job",
    "get_snapshot_job_output",
    "object_version",
    "object_version_output",
    "search_pipelines",
]
