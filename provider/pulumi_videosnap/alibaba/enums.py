"""The words that fields of a snapshot job take, as constants; a plain string does as well."""

from enum import Enum


class SnapshotConfigFrameType(str, Enum):
    """`snapshot_config.frame_type`."""

    NORMAL = "normal"
    INTRA = "intra"


class SnapshotConfigFormat(str, Enum):
    """`snapshot_config.format`."""

    VTT = "vtt"


class SnapshotJobWaitFor(str, Enum):
    """`wait_for`."""

    FINISHED = "finished"
    SUBMITTED = "submitted"


class SnapshotJobOnDelete(str, Enum):
    """`on_delete`."""

    KEEP_FRAMES = "keep-frames"
    DELETE_FRAMES = "delete-frames"
