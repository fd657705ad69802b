"""The words that fields take, as constants; a plain string does as well."""

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


class PipelineState(str, Enum):
    """`state` of a pipeline."""

    ACTIVE = "active"
    PAUSED = "paused"


class PipelineSpeed(str, Enum):
    """`speed` of a pipeline."""

    STANDARD = "standard"
    BOOST = "boost"
    NARROWBANDHDV2 = "narrowbandhdv2"
    AIVIDEOCOVER = "aivideocover"
    AIVIDEOTAG = "aivideotag"


class SnapshotWorkflowPublish(str, Enum):
    """`publish` of a workflow."""

    MANUAL = "manual"
    AUTO = "auto"


class SnapshotWorkflowTrigger(str, Enum):
    """`trigger` of a workflow."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


WorkflowSnapshotFormat = SnapshotConfigFormat
WorkflowSnapshotFrameType = SnapshotConfigFrameType
