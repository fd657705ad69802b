"""Changes made behind the API's back.

What an operator, another program or the cloud itself might do to a task.
"""

from __future__ import annotations

from dataclasses import replace

from videosnap_emulator.asked import Reader, flag, read_fields, whole, word
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.rooms import Room, User, set_stream, streams_of
from videosnap_emulator.state import State
from videosnap_emulator.tasks import (
    CAMERA,
    SCREEN,
    Image,
    Json,
    RoomKey,
    Status,
    StopReason,
    Storage,
    Task,
    TaskKey,
)
from videosnap_emulator.world import NoSuchTask, Order, World, set_interval

_IMAGE_READERS: dict[str, Reader] = {
    "interval": whole(range(1, 86_401)),
    "width": whole(range(1921)),
    "height": whole(range(1921)),
    "format": word(("jpeg", "png")),
    "bucket": word(),
    "maxIdleTime": whole(range(1, 86_401)),
}
TASK_READERS = {
    **_IMAGE_READERS,
    "status": word(tuple(status.value for status in Status)),
    "stopReason": word(tuple(reason.value for reason in StopReason)),
}
USER_READERS = {"camera": flag, "screen": flag}


def _auto_snapshot(_name: str, value: object) -> Json | None:
    return None if value is None else read_fields(value, {**_IMAGE_READERS, "businessId": word()})


ROOM_READERS = {"autoSnapshot": _auto_snapshot}


def change_task(world: World, key: TaskKey, asked: object) -> Task:
    """Change the latest task of that name without a signature."""
    given = read_fields(asked, TASK_READERS)
    with world.at_now() as (state, now):
        task = state.find(key)
        if task is None:
            raise NoSuchTask(key)
        _apply_settings(task, given, now)
        _apply_status(task, given, now)
        world.replan(task, now)
        return task


def _apply_settings(task: Task, given: Json, now: Milliseconds) -> None:
    if "interval" in given:
        set_interval(task, given["interval"], now)
    task.image.codec = given.get("format", task.image.codec)
    task.image.width = given.get("width", task.image.width)
    task.image.height = given.get("height", task.image.height)
    task.max_idle_time = given.get("maxIdleTime", task.max_idle_time)
    if "bucket" in given:
        public = {**task.storage.public, "Bucket": given["bucket"]}
        task.storage = replace(task.storage, bucket=given["bucket"], public=public, made_on_demand=False)


def _apply_status(task: Task, given: Json, now: Milliseconds) -> None:
    status = Status(given.get("status", task.status))
    if status is not task.status:
        _move_to(task, status, now)
    if "stopReason" in given:
        task.stop_reason = StopReason(given["stopReason"])


def _move_to(task: Task, status: Status, now: Milliseconds) -> None:
    if status in (Status.ENDED, Status.FAILED):
        reason = StopReason.START_FAILED if status is Status.FAILED else StopReason.UNKNOWN
        task.end(task.end_time or now, reason, status)
        return
    task.status, task.stop_reason, task.end_time = status, StopReason.NONE, 0
    task.next_frame, task.idle_since, task.idle_due = now, None, None


def set_auto_snapshot(world: World, key: RoomKey, asked: object) -> Room:
    """Switch a room's automatic snapshots on (for those present too) or off."""
    given = read_fields(asked, ROOM_READERS)
    with world.at_now() as (state, now):
        room = state.configured(key)
        room.auto_snapshot = given.get("autoSnapshot", room.auto_snapshot)
        for user in room.users:
            _start_automatic(world, state, now, room, user)
        return room


def _start_automatic(world: World, state: State, now: Milliseconds, room: Room, user: str) -> None:
    # assumption: automatic-tasks
    if room.auto_snapshot is None:
        return
    world.start_at(_automatic_order(room, user, room.auto_snapshot), state, now)


def _automatic_order(room: Room, user: str, settings: Json) -> Order:
    bucket = settings.get("bucket", "frames")
    return Order(
        key=TaskKey(*room.key, user),
        business_id=settings.get("businessId", ""),
        streams=streams_of(user),
        max_idle_time=settings.get("maxIdleTime", 180),
        image=Image(
            settings.get("format", "jpeg"),
            settings.get("width", 0),
            settings.get("height", 0),
            settings.get("interval", 2),
        ),
        storage=Storage("tos", bucket, {"Region": 0, "Bucket": bucket}),
        automatic=True,
    )


def put_user(world: World, key: RoomKey, name: str, asked: object) -> User:
    """Let a user join, or switch the streams of one who is there; a newcomer's camera is on unless told."""
    given = read_fields(asked, USER_READERS)
    with world.at_now() as (state, now):
        room = state.configured(key)
        joins = name not in room.users
        user = room.users.setdefault(name, User(name))
        for kind in (CAMERA, SCREEN):
            on = given.get(kind, kind == CAMERA if joins else user.published_since(kind) is not None)
            set_stream(user, kind, on, now)
        if joins:
            _start_automatic(world, state, now, room, name)
        world.replan_room(room, now)
        return user


def remove_user(world: World, key: RoomKey, name: str, voluntarily: bool) -> bool:
    """Let a user leave, which ends their automatic task, or drop out; False when there is no such user."""
    with world.at_now() as (state, now):
        if name not in state.room(key).users:
            return False
        room = state.configured(key)
        del room.users[name]
        # assumption: left-involuntarily
        task = state.find(TaskKey(*key, name))
        if voluntarily and task and task.active and task.automatic:
            task.end(now, StopReason.USER_LEFT)
            state.touch(task)
        world.replan_room(room, now)
        return True
