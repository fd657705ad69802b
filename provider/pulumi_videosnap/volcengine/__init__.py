"""Volcengine RTC: snapshot tasks on live rooms."""

from pulumi_videosnap.volcengine.data_sources import (
    RoomOnlineUsersResult,
    SnapshotTaskResult,
    get_room_online_users,
    get_room_online_users_output,
    get_snapshot_task,
    get_snapshot_task_output,
)
from pulumi_videosnap.volcengine.enums import (
    CustomConfigVendor,
    ImageConfigFormat,
    StorageConfigType,
    StreamStreamType,
    VodConfigStorageClass,
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
    "CustomConfigVendor",
    "ImageConfigArgs",
    "ImageConfigFormat",
    "RoomOnlineUsersResult",
    "SnapshotTask",
    "SnapshotTaskResult",
    "StorageConfigArgs",
    "StorageConfigType",
    "StreamArgs",
    "StreamStreamType",
    "TargetStreamsArgs",
    "TosConfigArgs",
    "VeImageXConfigArgs",
    "VodConfigArgs",
    "VodConfigStorageClass",
    "get_room_online_users",
    "get_room_online_users_output",
    "get_snapshot_task",
    "get_snapshot_task_output",
]
