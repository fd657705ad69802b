"""Volcengine RTC: snapshot tasks on live rooms."""

from pulumi_videosnap.volcengine.data_sources import (
    SnapshotTaskResult,
    get_snapshot_task,
    get_snapshot_task_output,
)
from pulumi_videosnap.volcengine.resource import (
    CustomConfigArgs,
    ImageConfigArgs,
    SnapshotTask,
    StorageConfigArgs,
    StreamArgs,
    TargetStreamsArgs,
    TosConfigArgs,
    VeImageXConfigArgs,
    VodConfigArgs,
)

__all__ = [
    "CustomConfigArgs",
    "ImageConfigArgs",
    "SnapshotTask",
    "SnapshotTaskResult",
    "StorageConfigArgs",
    "StreamArgs",
    "TargetStreamsArgs",
    "TosConfigArgs",
    "VeImageXConfigArgs",
    "VodConfigArgs",
    "get_snapshot_task",
    "get_snapshot_task_output",
]
