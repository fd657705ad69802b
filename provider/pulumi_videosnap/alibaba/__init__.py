"""Alibaba Cloud MPS: snapshot jobs on video files."""

from pulumi_videosnap.alibaba.data_sources import (
    PipelineResult,
    SnapshotJobResult,
    get_snapshot_job,
    get_snapshot_job_output,
    search_pipelines,
)
from pulumi_videosnap.alibaba.enums import (
    SnapshotConfigFormat,
    SnapshotConfigFrameType,
    SnapshotJobOnDelete,
    SnapshotJobWaitFor,
)
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
    "OutputFileArgs",
    "PipelineResult",
    "SnapshotConfigArgs",
    "SnapshotConfigFormat",
    "SnapshotConfigFrameType",
    "SnapshotJob",
    "SnapshotJobOnDelete",
    "SnapshotJobResult",
    "SnapshotJobWaitFor",
    "SubOutArgs",
    "TileOutArgs",
    "TileOutputFileArgs",
    "TimeArrayArgs",
    "get_snapshot_job",
    "get_snapshot_job_output",
    "search_pipelines",
]
