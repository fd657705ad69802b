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
from pulumi_videosnap.volcengine.resource import SnapshotTask

__all__ = [
    "CustomConfigArgs",
    "ImageConfigArgs",
    "SnapshotTask",
    "StorageConfigArgs",
    "StreamArgs",
    "TargetStreamsArgs",
    "TosConfigArgs",
    "VeImageXConfigArgs",
    "VodConfigArgs",
]
