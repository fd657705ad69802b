"""Snapshot tasks, the frames they took and the rooms they capture, as plain data that can be stored as JSON.

Times are Unix ms, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds

CAMERA, SCREEN = "camera", "screen"
DEFAULT_USERS = ("user0", "user1")


class Status(str, Enum):
    """A task's state; `api.STATUS_NUMBERS` has the vendor's numbers."""

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
    """Where frames go: `kind` is tos, vod, custom or veimagex.

    `public` is the request's block without secrets.

    `made_on_demand`: VOD spaces and veImageX services are not S3 buckets, so the emulator makes one for each.
    """

    kind: str
    bucket: str
    public: Json = field(default_factory=dict)
    made_on_demand: bool = False


@dataclass
class ImageSettings:
    """Frame settings.

    `codec` is jpeg or png, sizes in pixels (0 = as the stream), `interval` in seconds.
    """

    codec: str = "jpeg"
    width: int = 0
    height: int = 0
    interval: int = 2


@dataclass(frozen=True)
class Frame:
    """One stored frame; `kind` is the stream's, camera or screen, `size` in bytes."""

    app_id: str
    room_id: str
    task_id: str
    user_id: str
    kind: str
    bucket: str
    key: str
    time: Milliseconds
    size: int

    def matches(self, app_id: str | None, room_id: str | None, task_id: str | None) -> bool:
        """Say whether the frame is of this app, room and task; None matches any."""
        pairs = (app_id, self.app_id), (room_id, self.room_id), (task_id, self.task_id)
        return all(wanted in (None, own) for wanted, own in pairs)


@dataclass
class Task:
    """One snapshot task. `number` rises with every start, so it orders tasks whose ids were used again."""

    number: int
    app_id: str
    room_id: str
    task_id: str
    image: ImageSettings
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

    def set_interval(self, interval: int, now: Milliseconds) -> None:
        """Change the interval (s): the next round is one new interval after the last, but not before now."""
        # assumption: first-frame-after-update
        self.image.interval = interval
        if self.last_round is not None:
            self.next_frame = max(now, self.last_round + interval * 1000)

    def end(self, at: Milliseconds, reason: StopReason, status: Status = Status.ENDED) -> None:
        """End the task for good; its scheduled events become stale."""
        self.status, self.stop_reason, self.end_time = status, reason, at
        self.idle_since = self.idle_due = None


class StartRequest(NamedTuple):
    """What StartSnapshot asks for; `max_idle_time` in seconds, no streams means all of the room."""

    key: TaskKey
    image: ImageSettings
    storage: Storage
    business_id: str = ""
    streams: tuple[Stream, ...] = ()
    max_idle_time: int = 180
    automatic: bool = False


@dataclass
class User:
    """A user who is in a room: since when (ms) each kind of stream is published, None when it is not."""

    user_id: str
    camera: Milliseconds | None = None
    screen: Milliseconds | None = None

    def published_since(self, kind: str) -> Milliseconds | None:
        """Return when the stream began, or None."""
        return self.camera if kind == CAMERA else self.screen

    def publish(self, kind: str, on: bool, now: Milliseconds) -> None:
        """Switch a stream on or off; one that is on already keeps its start, so the video does not jump."""
        since = self.published_since(kind)
        setattr(self, kind, (now if since is None else since) if on else None)

    def view(self) -> Json:
        """Return the user as the control API shows it."""
        return {"userId": self.user_id, "camera": self.camera is not None, "screen": self.screen is not None}


@dataclass
class Room:
    """One room. `auto_snapshot` stands for the console's automatic snapshot setting; None is off."""

    app_id: str
    room_id: str
    users: dict[str, User] = field(default_factory=dict)
    auto_snapshot: Json | None = None

    @property
    def key(self) -> RoomKey:
        """What names the room."""
        return RoomKey(self.app_id, self.room_id)

    def view(self) -> Json:
        """Return the room as the control API shows it."""
        return {
            "appId": self.app_id,
            "roomId": self.room_id,
            "users": [user.view() for user in self.users.values()],
            "autoSnapshot": self.auto_snapshot,
        }


def default_room(key: RoomKey, since: Milliseconds) -> Room:
    """Return the room nobody configured: `user0` and `user1`, cameras on since `since`."""
    # assumption: default-room
    return Room(*key, users={name: User(name, camera=since) for name in DEFAULT_USERS})
