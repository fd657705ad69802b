"""Volcengine RTC: snapshot tasks on live rooms."""

from pulumi_videosnap.volcengine.args import (
    CustomConfigArgs,
    ImageConfigArgs,
    StorageConfigArgs,
    StreamArgs,
    TargetStreamsArgs,
    TosConfigArgs,
    VeImageXConfigArgs,
    VodConfigArgs,
)
from pulumi_videosnap.volcengine.data_sources import (
    SnapshotTaskResult,
    get_snapshot_task,
    get_snapshot_task_output,
)
from pulumi_videosnap.volcengine.resource import SnapshotTask

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
