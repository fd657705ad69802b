"""The service's part of the control API: tasks, rooms, users, frames.

What an operator, another program or the cloud itself might do behind the API's back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.control.responses import json_response, object_url
from videosnap_emulator.control.validation import (
    FieldError,
    NotFoundError,
    Reader,
    flag,
    query_whole,
    read_fields,
    whole,
    word,
)
from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds, rfc3339
from videosnap_emulator.core.service import ControlRoute
from videosnap_emulator.services.rtc.backend import NoSuchTaskError, RtcBackend
from videosnap_emulator.services.rtc.models import (
    CAMERA,
    SCREEN,
    Frame,
    Room,
    RoomKey,
    Status,
    StopReason,
    Task,
    TaskKey,
    User,
)

_MOST_FRAMES = 10_000
_IMAGE_READERS: dict[str, Reader] = {
    "interval": whole(range(1, 86_401)),
    "width": whole(range(1921)),
    "height": whole(range(1921)),
    "format": word(("jpeg", "png")),
    "bucket": word(),
    "maxIdleTime": whole(range(1, 86_401)),
}
_TASK_READERS = {
    **_IMAGE_READERS,
    "status": word(tuple(status.value for status in Status)),
    "stopReason": word(tuple(reason.value for reason in StopReason)),
}
_USER_READERS = {"camera": flag, "screen": flag}


def _auto_snapshot(_name: str, value: object) -> Json | None:
    return None if value is None else read_fields(value, {**_IMAGE_READERS, "businessId": word()})


_ROOM_READERS = {"autoSnapshot": _auto_snapshot}


class RtcControl:
    """The operations; each is one short method. `prefix` begins their paths."""

    def __init__(self, backend: RtcBackend, prefix: str = "", cloud: str = "volcengine"):
        self._backend, self._prefix, self._cloud = backend, prefix, cloud

    def tasks(self, request: Request, _body: Any) -> Response:
        """List the tasks, newest first."""
        wanted = request.query_params.get("status")
        if wanted is not None and wanted not in [status.value for status in Status]:
            raise FieldError("status", "is not a status")
        with self._backend.transaction():
            shown = [
                self._view(task)
                for task in self._backend.tasks.newest()
                if wanted in (None, task.status.value)
            ]
        return json_response({"tasks": shown})

    def change_task(self, request: Request, body: Any) -> Response:
        """Change the latest task of that name without a signature."""
        key, fields = _task_key(request), read_fields(body, _TASK_READERS)
        with self._backend.transaction() as now:
            task = self._backend.latest(key)
            if task is None:
                raise NoSuchTaskError(key)
            _apply_settings(task, fields, now)
            _apply_status(task, fields, now)
            self._backend.replan(task, now)
        return json_response(self._view(task))

    def stop_task(self, request: Request, _body: Any) -> Response:
        """Stop a task as StopSnapshot does."""
        return json_response(self._view(self._backend.stop(_task_key(request))))

    def rooms(self, _request: Request, _body: Any) -> Response:
        """List the rooms that were configured or that have tasks."""
        with self._backend.transaction():
            return json_response({"rooms": [room.view() for room in self._backend.known_rooms()]})

    def room(self, request: Request, _body: Any) -> Response:
        """Show one room."""
        with self._backend.transaction():
            return json_response(self._backend.room(_room_key(request)).view())

    def change_room(self, request: Request, body: Any) -> Response:
        """Switch a room's automatic snapshots on (for those present too) or off."""
        fields = read_fields(body, _ROOM_READERS)
        with self._backend.transaction() as now:
            room = self._backend.configured_room(_room_key(request))
            room.auto_snapshot = fields.get("autoSnapshot", room.auto_snapshot)
            for user in room.users:
                self._backend.start_automatic(room, user, now)
            return json_response(room.view())

    def user(self, request: Request, _body: Any) -> Response:
        """Show one user of a room."""
        with self._backend.transaction():
            return json_response(_user(self._backend.room(_room_key(request)), request).view())

    def put_user(self, request: Request, body: Any) -> Response:
        """Let a user join, with the camera on by default, or switch the streams of one who is there."""
        name, fields = request.path_params["user"], read_fields(body or {}, _USER_READERS)
        with self._backend.transaction() as now:
            room = self._backend.configured_room(_room_key(request))
            joins = name not in room.users
            user = room.users.setdefault(name, User(name))
            for kind in (CAMERA, SCREEN):
                default = kind == CAMERA if joins else user.published_since(kind) is not None
                user.publish(kind, fields.get(kind, default), now)
            if joins:
                self._backend.start_automatic(room, name, now)
            self._backend.replan_room(room, now)
            return json_response(user.view())

    def remove_user(self, request: Request, _body: Any) -> Response:
        """Let a user leave, which ends their automatic task, or drop out."""
        voluntarily = request.query_params.get("voluntarily", "true")
        if voluntarily not in ("true", "false"):
            raise FieldError("voluntarily", "must be true or false")
        key, name = _room_key(request), request.path_params["user"]
        with self._backend.transaction() as now:
            _user(self._backend.room(key), request)
            room = self._backend.configured_room(key)
            del room.users[name]
            # assumption: left-involuntarily
            task = self._backend.latest(TaskKey(*key, name))
            if voluntarily == "true" and task and task.active and task.automatic:
                task.end(now, StopReason.USER_LEFT)
                self._backend.touch(task)
            self._backend.replan_room(room, now)
        return json_response({"userId": name})

    def frames(self, request: Request, _body: Any) -> Response:
        """List stored frames, newest first."""
        wanted = [request.query_params.get(name) for name in ("app", "room", "task")]
        limit = min(_MOST_FRAMES, query_whole(request, "limit", 100))
        with self._backend.transaction():
            found = [frame for frame in self._backend.frames.newest() if frame.matches(*wanted)]
        return json_response({"frames": [_frame_view(frame) for frame in found[:limit]]})

    def _view(self, task: Task) -> Json:
        return task_view(task) | {"cloud": self._cloud}

    def routes(self) -> list[ControlRoute]:
        """Return method, path and function of each operation."""
        start = self._prefix
        task, room = start + "/tasks/{app}/{room}/{task}", start + "/rooms/{app}/{room}"
        user = room + "/users/{user}"
        return [
            ControlRoute("GET", start + "/tasks", self.tasks),
            ControlRoute("PUT", task, self.change_task),
            ControlRoute("POST", task + "/stop", self.stop_task),
            ControlRoute("GET", start + "/rooms", self.rooms),
            ControlRoute("GET", room, self.room),
            ControlRoute("PUT", room, self.change_room),
            ControlRoute("GET", user, self.user),
            ControlRoute("PUT", user, self.put_user),
            ControlRoute("DELETE", user, self.remove_user),
            ControlRoute("GET", start + "/frames", self.frames),
        ]


def _task_key(request: Request) -> TaskKey:
    names = request.path_params
    return TaskKey(names["app"], names["room"], names["task"])


def _room_key(request: Request) -> RoomKey:
    return RoomKey(request.path_params["app"], request.path_params["room"])


def _user(room: Room, request: Request) -> User:
    name = request.path_params["user"]
    if name not in room.users:
        raise NotFoundError("user")
    return room.users[name]


def _apply_settings(task: Task, fields: Json, now: Milliseconds) -> None:
    if "interval" in fields:
        task.set_interval(fields["interval"], now)
    task.image.codec = fields.get("format", task.image.codec)
    task.image.width = fields.get("width", task.image.width)
    task.image.height = fields.get("height", task.image.height)
    task.max_idle_time = fields.get("maxIdleTime", task.max_idle_time)
    if "bucket" in fields:
        public = {**task.storage.public, "Bucket": fields["bucket"]}
        task.storage = replace(task.storage, bucket=fields["bucket"], public=public, made_on_demand=False)


def _apply_status(task: Task, fields: Json, now: Milliseconds) -> None:
    status = Status(fields.get("status", task.status))
    if status is not task.status:
        _move_to(task, status, now)
    if "stopReason" in fields:
        task.stop_reason = StopReason(fields["stopReason"])


def _move_to(task: Task, status: Status, now: Milliseconds) -> None:
    if status in (Status.ENDED, Status.FAILED):
        reason = StopReason.START_FAILED if status is Status.FAILED else StopReason.UNKNOWN
        task.end(task.end_time or now, reason, status)
        return
    task.status, task.stop_reason, task.end_time = status, StopReason.NONE, 0
    task.next_frame, task.idle_since, task.idle_due = now, None, None


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


def _frame_view(frame: Frame) -> Json:
    return {
        "bucket": frame.bucket,
        "key": frame.key,
        "time": rfc3339(frame.time),
        "userId": frame.user_id,
        "streamType": frame.kind,
        "url": object_url(frame.bucket, frame.key),
        "size": frame.size,
    }
