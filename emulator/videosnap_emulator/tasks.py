"""Snapshot tasks and the frames they took, as plain data that can be stored as JSON.

Times are Unix ms, UTC.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from videosnap_emulator.clock import Milliseconds, rfc3339

CAMERA, SCREEN = "camera", "screen"
Json = dict[str, Any]


class Status(str, Enum):
    """A task's state; `RTC_STATUS` in `volcengine_rtc.models` has the vendor's numbers."""

    NOT_STARTED = "not started"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"


class StopReason(str, Enum):
    """Why a task ended, in the vendor's spelling (GetSnapshotTask, StopReason)."""

    NONE = ""
    UNKNOWN = "UnknownStopReason"
    BY_API = "StopByAPI"
    START_FAILED = "StartTaskFailed"
    IDLE = "IdleTimeOut"
    USER_LEFT = "UserDisconnect"


class TaskKey(NamedTuple):
    """What names a task: a task id is unique within one room of one app."""

    app_id: str
    room_id: str
    task_id: str


class RoomKey(NamedTuple):
    """What names a room."""

    app_id: str
    room_id: str


@dataclass(frozen=True)
class Stream:
    """One stream to capture; `kind` is `CAMERA` or `SCREEN`."""

    user_id: str
    index: int = 0
    kind: str = CAMERA


@dataclass(frozen=True)
class Storage:
    """Where pictures go: `kind` is tos, vod, custom or veimagex.

    `public` is the request's block without secrets.

    `made_on_demand`: VOD spaces and veImageX services are not S3 buckets, so the emulator makes one for each.
    """

    kind: str
    bucket: str
    public: Json = field(default_factory=dict)
    made_on_demand: bool = False


@dataclass
class Image:
    """Picture settings.

    `codec` is jpeg or png, sizes in pixels (0 = as the stream), `interval` in seconds.
    """

    codec: str = "jpeg"
    width: int = 0
    height: int = 0
    interval: int = 2


@dataclass(frozen=True)
class Frame:
    """One stored picture; `kind` is the stream's, camera or screen, `size` in bytes."""

    app_id: str
    room_id: str
    task_id: str
    user_id: str
    kind: str
    bucket: str
    key: str
    time: Milliseconds
    size: int

    def of(self, wanted: tuple[str | None, str | None, str | None]) -> bool:
        """Say whether the frame is of the wanted app, room and task; None matches any."""
        mine = self.app_id, self.room_id, self.task_id
        return all(want in (None, have) for want, have in zip(wanted, mine, strict=True))


@dataclass
class Task:
    """One snapshot task. `number` rises with every start, so it orders tasks whose ids were used again."""

    number: int
    app_id: str
    room_id: str
    task_id: str
    image: Image
    storage: Storage
    start_time: Milliseconds
    business_id: str = ""
    streams: tuple[Stream, ...] = ()
    max_idle_time: int = 180
    status: Status = Status.RUNNING
    stop_reason: StopReason = StopReason.NONE
    end_time: Milliseconds = 0
    automatic: bool = False
    next_frame: Milliseconds = 0
    last_round: Milliseconds | None = None
    idle_since: Milliseconds | None = None
    idle_due: Milliseconds | None = None
    frames: int = 0
    skipped_frames: int = 0
    last_frame: Frame | None = None
    last_error: str | None = None

    @property
    def key(self) -> TaskKey:
        """What names the task."""
        return TaskKey(self.app_id, self.room_id, self.task_id)

    @property
    def room(self) -> RoomKey:
        """The room it captures."""
        return RoomKey(self.app_id, self.room_id)

    @property
    def active(self) -> bool:
        """Whether it can still be updated and stopped."""
        return self.status in (Status.RUNNING, Status.NOT_STARTED)

    def end(self, at: Milliseconds, reason: StopReason, status: Status = Status.ENDED) -> None:
        """End the task for good; its scheduled events become stale."""
        self.status, self.stop_reason, self.end_time = status, reason, at
        self.idle_since = self.idle_due = None

    def to_json(self) -> Json:
        """Return everything, for `keep`."""
        return asdict(self)


def task_from_json(stored: Json) -> Task:
    """Return the task that `Task.to_json` described."""
    frame = stored["last_frame"]
    parts = {
        "image": Image(**stored["image"]),
        "storage": Storage(**stored["storage"]),
        "streams": tuple(Stream(**stream) for stream in stored["streams"]),
        "status": Status(stored["status"]),
        "stop_reason": StopReason(stored["stop_reason"]),
        "last_frame": Frame(**frame) if frame else None,
    }
    return Task(**{**stored, **parts})


def _last_frame(frame: Frame | None) -> Json | None:
    if frame is None:
        return None
    return {"bucket": frame.bucket, "key": frame.key, "time": rfc3339(frame.time), "userId": frame.user_id}


def _settings(task: Task) -> Json:
    return {
        "maxIdleTime": task.max_idle_time,
        "format": task.image.codec,
        "width": task.image.width,
        "height": task.image.height,
        "interval": task.image.interval,
        "storage": {"type": task.storage.kind, "bucket": task.storage.bucket},
        "streams": [{"userId": s.user_id, "index": s.index, "streamType": s.kind} for s in task.streams],
    }


def task_view(task: Task) -> Json:
    """Return the task as the control API shows it: no secrets, times in RFC 3339."""
    return {
        "cloud": "volcengine",
        "appId": task.app_id,
        "roomId": task.room_id,
        "taskId": task.task_id,
        "businessId": task.business_id,
        "status": task.status.value,
        "stopReason": task.stop_reason.value,
        "startTime": rfc3339(task.start_time),
        "endTime": rfc3339(task.end_time) if task.end_time else None,
        **_settings(task),
        "automatic": task.automatic,
        "frames": task.frames,
        "skippedFrames": task.skipped_frames,
        "lastFrame": _last_frame(task.last_frame),
        "lastError": task.last_error,
    }
