"""The vendor's numbers in the snapshot actions, and the words that stand for them in programs and state.

A number that has no word here is kept as a number, so that a newer service does not break an older provider.
Source: the field tables of StartSnapshot and GetSnapshotTask, version 2023-11-01.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntEnum


class Format(IntEnum):
    """ImageConfig.Format."""

    JPEG = 0
    PNG = 1


class StreamType(IntEnum):
    """Stream.StreamType: the user's camera, or the screen the user shares."""

    CAMERA = 0
    SCREEN = 1


class StorageType(IntEnum):
    """StorageConfig.Type: which of the four storage platforms receives the frames."""

    TOS = 0
    VOD = 1
    CUSTOM = 2
    VEIMAGEX = 3


class Vendor(IntEnum):
    """CustomConfig.Vendor: whose S3-protocol storage a third-party bucket is."""

    AWS = 0
    ALIYUN = 1
    HUAWEI = 2
    TENCENT = 3
    QINIU = 4


class StorageClass(IntEnum):
    """VodConfig.StorageClass. The vendor starts at 1."""

    STANDARD = 1
    ARCHIVE = 2
    INFREQUENT_ACCESS = 3


class Status(IntEnum):
    """SnapshotTask.Status."""

    UNKNOWN = 0
    NOT_STARTED = 1
    RUNNING = 2
    ENDED = 3
    FAILED = 4


class StopReason(str, Enum):
    """SnapshotTask.StopReason, in the vendor's spelling; absent or empty while the task has not ended."""

    UNKNOWN = "UnknownStopReason"
    STOP_BY_API = "StopByAPI"
    START_TASK_FAILED = "StartTaskFailed"
    IDLE_TIME_OUT = "IdleTimeOut"
    USER_DISCONNECT = "UserDisconnect"


# The words that stand for the vendor's numbers in programs and in state.
FORMAT_WORDS: Mapping[int, str] = {Format.JPEG: "jpeg", Format.PNG: "png"}
STREAM_TYPE_WORDS: Mapping[int, str] = {StreamType.CAMERA: "camera", StreamType.SCREEN: "screen"}
STORAGE_TYPE_WORDS: Mapping[int, str] = {
    StorageType.TOS: "tos",
    StorageType.VOD: "vod",
    StorageType.CUSTOM: "custom",
    StorageType.VEIMAGEX: "veimagex",
}
VENDOR_WORDS: Mapping[int, str] = {
    Vendor.AWS: "aws",
    Vendor.ALIYUN: "aliyun",
    Vendor.HUAWEI: "huawei",
    Vendor.TENCENT: "tencent",
    Vendor.QINIU: "qiniu",
}
STORAGE_CLASS_WORDS: Mapping[int, str] = {
    StorageClass.STANDARD: "standard",
    StorageClass.ARCHIVE: "archive",
    StorageClass.INFREQUENT_ACCESS: "infrequent-access",
}
STATUS_WORDS: Mapping[int, str] = {
    Status.UNKNOWN: "unknown",
    Status.NOT_STARTED: "not started",
    Status.RUNNING: "running",
    Status.ENDED: "ended",
    Status.FAILED: "failed",
}


def word(words: Mapping[int, str], number: int | None) -> str | int | None:
    """The word for one of the vendor's numbers; the number itself where there is none."""
    return number if number is None else words.get(number, number)


def number(words: Mapping[int, str], word: str) -> int | None:
    """The vendor's number for a word; None where there is none."""
    return next((number for number, known in words.items() if known == word), None)
