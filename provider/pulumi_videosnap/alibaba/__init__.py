"""Alibaba Cloud MPS: snapshot jobs on video files."""

from pulumi_videosnap.alibaba.data_sources import (
    PipelineResult,
    SnapshotJobResult,
    get_snapshot_job,
    get_snapshot_job_output,
    search_pipelines,
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

__all__ = [
    "InputArgs",
    "NotificationArgs",
    "OutputFileArgs",
    "Pipeline",
    "PipelineResult",
    "SnapshotConfigArgs",
    "SnapshotJob",
    "SnapshotJobResult",
    "SubOutArgs",
    "TileOutArgs",
    "TileOutputFileArgs",
    "TimeArrayArgs",
    "get_snapshot_job",
    "get_snapshot_job_output",
    "search_pipelines",
]
