"""What the service holds: the settings of a snapshot job, jobs, the objects that they wrote, and pipelines.

Names, units and defaults of the settings are those of the vendor's page "parameter details", section
SnapshotConfig. All of it is plain data that can be stored as JSON. Times are Unix ms, UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Literal

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds


@dataclass(frozen=True)
class Readings:
    """Which page of the vendor's documents to follow where two contradict each other.

    `frame_type_default`: FrameType of a request without one. The newest SDK's comments say "normal".
    `missing_interval`: what Num without Interval means: a frame every ten seconds, or, as the FAQ of about
    2022 and the console have it, Num frames spread over the video. Both defaults are those of the page
    "parameter details".
    """

    frame_type_default: Literal["intra", "normal"] = "intra"
    missing_interval: Literal["ten-seconds", "average"] = "ten-seconds"


@dataclass(frozen=True)
class ObjectRef:
    """One object of the store; `key` is decoded and may hold placeholders such as `{Count}`."""

    bucket: str
    location: str
    key: str


@dataclass(frozen=True)
class TileOut:
    """How frames are laid out on a sheet, in pixels; no cell size means the frame's own."""

    lines: int = 10
    columns: int = 10
    cell_width: int | None = None
    cell_height: int | None = None
    margin: int = 0
    padding: int = 0
    color: str = "black"
    keep_cell_pictures: bool = True
    cell_step: int = 1


@dataclass(frozen=True)
class SnapshotConfig:
    """One job's settings: `time` in milliseconds, `interval` in seconds, None where the request has none."""

    output: ObjectRef
    time: int = 0
    interval: int | None = None
    num: int | None = None
    width: int | None = None
    height: int | None = None
    frame_type: str = "intra"
    tile_output: ObjectRef | None = None
    tile: TileOut | None = None
    format: str = ""
    sprite_fragments: bool = False
    black_level: int | None = None
    pixel_black_threshold: int | None = None
    time_points: tuple[int, ...] | None = None

    @property
    def asynchronous(self) -> bool:
        """Whether the call answers before the frames exist."""
        multiple = (self.interval, self.num, self.tile_output, self.tile, self.time_points)
        return bool(self.format) or any(value is not None for value in multiple)

    @property
    def single_frame(self) -> bool:
        """Whether the job takes one frame: only Num, Interval and time points ask for more than one."""
        # assumption: mps-one-picture
        if self.time_points is not None:
            return False
        return self.num == 1 or (self.num is None and self.interval is None)

    @property
    def needs_numbered_names(self) -> bool:
        """Whether the names of the outputs must tell several frames apart."""
        # assumption: mps-several
        if self.time_points is not None:
            return True
        multiple = (self.interval, self.num, self.tile_output)
        return self.num != 1 and (bool(self.format) or any(value is not None for value in multiple))


@dataclass(frozen=True)
class OutputObject:
    """One object that a job writes; `kind` is picture, sheet or vtt.

    `source_ms` is when the frame is shown in the video, `source_frame` its number; None for sheets and text.
    """

    kind: str
    bucket: str
    key: str
    content_type: str
    size: int
    width: int = 0
    height: int = 0
    source_ms: Milliseconds | None = None
    source_frame: int | None = None


@dataclass(frozen=True)
class RenderedObject(OutputObject):
    """An object with its contents, before it is written."""

    body: bytes = field(default=b"", repr=False)

    def without_body(self) -> OutputObject:
        """Return what a job remembers of it."""
        return OutputObject(**{one.name: getattr(self, one.name) for one in fields(OutputObject)})


@dataclass(frozen=True)
class SnapshotResult:
    """Everything that a job writes, in order; `count` frames were taken and `tile_count` sheets made."""

    frames: tuple[RenderedObject, ...]
    sheets: tuple[RenderedObject, ...] = ()
    vtt: RenderedObject | None = None
    count: int = 0
    tile_count: int = 0

    @property
    def objects(self) -> tuple[RenderedObject, ...]:
        """All objects."""
        return (*self.frames, *self.sheets, *((self.vtt,) if self.vtt else ()))


class JobState(str, Enum):
    """A job's state, in the vendor's spelling."""

    SUBMITTED = "Submitted"
    SNAPSHOTING = "Snapshoting"
    SUCCESS = "Success"
    FAIL = "Fail"


@dataclass
class Job:
    """One snapshot job. `number` rises with every submission, so it orders jobs of one second.

    `start_due` and `end_due` are when it begins and ends; None while it waits for a paused pipeline.
    `notification` is MNSMessageResult: what became of the message at its end. `run`, `activity` and
    `workflow` (its name) say which run of a media workflow made it; 0 and empty: none.
    """

    number: int
    job_id: str
    input: ObjectRef
    config: SnapshotConfig
    created: Milliseconds
    echo_input: Json = field(default_factory=dict)
    echo_config: Json = field(default_factory=dict)
    pipeline_id: str = ""
    user_data: str = ""
    state: JobState = JobState.SUBMITTED
    start_due: Milliseconds | None = None
    end_due: Milliseconds | None = None
    ended: Milliseconds | None = None
    code: str = ""
    message: str = ""
    count: int | None = None
    tile_count: int | None = None
    objects: tuple[OutputObject, ...] = ()
    notification: Json = field(default_factory=dict)
    run: int = 0
    activity: str = ""
    workflow: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in (JobState.SUCCESS, JobState.FAIL)

    def fail(self, at: Milliseconds, code: str, message: str) -> None:
        """End the job with the vendor's code and message."""
        self._end(JobState.FAIL, at, code, message)

    def succeed(self, at: Milliseconds, result: SnapshotResult) -> None:
        """End the job with everything that it wrote."""
        self._end(JobState.SUCCESS, at)
        # assumption: mps-counts
        self.count, self.tile_count = result.count, result.tile_count or None
        self.objects = tuple(one.without_body() for one in result.objects)

    def _end(self, state: JobState, at: Milliseconds, code: str = "", message: str = "") -> None:
        self.state, self.ended, self.code, self.message = state, at, code, message
        self.start_due = self.end_due = None


ACTIVE, PAUSED = "Active", "Paused"
PIPELINE_STATES = (ACTIVE, PAUSED)
STANDARD, DEFAULT_ROLE = "Standard", "AliyunMTSDefaultRole"
#: "Speed" of AddPipeline, and what else responses may have.
NEW_SPEEDS = (STANDARD, "Boost", "NarrowBandHDV2", "AIVideoCover", "AIVideoTag")
SPEEDS = (
    *NEW_SPEEDS, "AIVideoFPShot", "AIVideoCensor", "AIVideoMCU", "AIVideoSummary", "AIVideoPorn",
    "AIAudioKWS", "AIAudioASR",
)  # fmt: skip
#: What NotifyConfig names.
NOTIFY_FIELDS = ("QueueName", "Topic", "MqTopic", "MqTag")
#: The pipeline that every account has from the start; the id is the emulator's own.
DEFAULT_PIPELINE_ID = "51de0000c0de4f0a9a7e51de0c4a11ba"
#: The form of the ids of jobs and pipelines.
ID = re.compile(r"[0-9a-f]{32}")
_MNS_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,255}")


@dataclass
class Pipeline:
    """What a job may name in PipelineId; a paused one holds its waiting jobs back."""

    pipeline_id: str
    name: str
    created: Milliseconds
    state: str = ACTIVE
    speed: str = STANDARD
    notify: Json = field(default_factory=dict)
    speed_level: int = 1
    role: str = DEFAULT_ROLE


def notify_refusal(notify: Json) -> Json:
    """Return why no message can be sent to the queue or topic that NotifyConfig names; empty if one can."""
    # assumption: mps-notification
    for name, code in (("QueueName", "InvalidQueueName"), ("Topic", "TopicNameInvalid")):
        if (value := notify.get(name)) and not _MNS_NAME.fullmatch(str(value)):
            return {"ErrorCode": code, "ErrorMessage": f"The {name} {value} is invalid."}
    return {}


def default_pipeline(created: Milliseconds) -> Pipeline:
    """Return the pipeline that every account has."""
    return Pipeline(DEFAULT_PIPELINE_ID, "mts-service-pipeline", created)
