"""Rooms and the users in them. A room nobody configured holds two users who publish sample videos."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import NamedTuple
from zlib import crc32

from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.tasks import CAMERA, SCREEN, Json, RoomKey, Stream, Task

DEFAULT_USERS = ("user0", "user1")
#: "At most 17 video streams" of one task (StartSnapshot, TargetStreams; docs/6348/1188225).
MAXIMUM_STREAMS = 17


@dataclass
class User:
    """A user who is in a room: since when (ms) each kind of stream is published, None when it is not."""

    user_id: str
    camera: Milliseconds | None = None
    screen: Milliseconds | None = None

    def published_since(self, kind: str) -> Milliseconds | None:
        """Return when the stream began, or None."""
        return self.camera if kind == CAMERA else self.screen

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

    def to_json(self) -> Json:
        """Return everything, for `keep`."""
        return asdict(self)

    def view(self) -> Json:
        """Return the room as the control API shows it."""
        return {
            "appId": self.app_id,
            "roomId": self.room_id,
            "users": [user.view() for user in self.users.values()],
            "autoSnapshot": self.auto_snapshot,
        }


def room_from_json(stored: Json) -> Room:
    """Return the room that `Room.to_json` described."""
    users = {name: User(**user) for name, user in stored["users"].items()}
    return Room(**{**stored, "users": users})


def default_room(key: RoomKey, since: Milliseconds) -> Room:
    """Return the room nobody configured: `user0` and `user1`, cameras on since `since`."""
    # assumption: default-room
    return Room(*key, users={name: User(name, camera=since) for name in DEFAULT_USERS})


def set_stream(user: User, kind: str, on: bool, now: Milliseconds) -> None:
    """Switch a stream on or off; a stream that is on already keeps its start, so the video does not jump."""
    since = (user.published_since(kind) if user.published_since(kind) is not None else now) if on else None
    if kind == CAMERA:
        user.camera = since
    else:
        user.screen = since


class Publication(NamedTuple):
    """A stream that is being published, since when, and which sample video it shows."""

    user_id: str
    kind: str
    since: Milliseconds

    @property
    def video(self) -> str:
        """Name the sample: `user1` shows number 1, everybody else the one their name hashes to."""
        number = (
            DEFAULT_USERS.index(self.user_id)
            if self.user_id in DEFAULT_USERS
            else crc32(self.user_id.encode())
        )
        return f"{self.kind}{number % 2}"


def _all_streams(room: Room) -> list[tuple[str, str]]:
    return [(name, kind) for name in sorted(room.users) for kind in (CAMERA, SCREEN)]


def _wanted(task: Task, room: Room) -> list[tuple[str, str]]:
    """Return (user, kind) of every target, each once: two entries may name the same stream."""
    if not task.streams:
        return _all_streams(room)
    return list(dict.fromkeys((stream.user_id, stream.kind) for stream in task.streams))


def publications(task: Task, room: Room) -> list[Publication]:
    """Return the target streams that are published now, in the order in which their frames are taken."""
    found = []
    for name, kind in _wanted(task, room):
        user = room.users.get(name)
        since = user.published_since(kind) if user else None
        if since is not None:
            found.append(Publication(name, kind, since))
    # assumption: streams-over-17
    return found[:MAXIMUM_STREAMS]


def streams_of(user_id: str) -> tuple[Stream, ...]:
    """Return the target of an automatic task: everything the user publishes."""
    return Stream(user_id, 0, CAMERA), Stream(user_id, 1, SCREEN)
