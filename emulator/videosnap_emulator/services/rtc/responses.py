"""The vendor's response format: ResponseMetadata, then Result or an error."""

from __future__ import annotations

import json

from videosnap_emulator.core import Json
from videosnap_emulator.core.service import ApiError, HttpResponse
from videosnap_emulator.services.rtc.auth import SERVICE
from videosnap_emulator.services.rtc.errors import RtcError
from videosnap_emulator.services.rtc.models import ImageSettings, Status, Storage, Task
from videosnap_emulator.services.rtc.request import CODECS, STORAGE_TYPES, STREAM_KINDS

JSON_TYPE = "application/json; charset=utf-8"
#: GetSnapshotTask, Status. 0, "unknown", does not occur here.
STATUS_NUMBERS = {Status.NOT_STARTED: 1, Status.RUNNING: 2, Status.ENDED: 3, Status.FAILED: 4}


def metadata(request_id: str, action: str, version: str, region: str) -> Json:
    """Return ResponseMetadata; a request without an action gets an id only."""
    about = {"RequestId": request_id}
    if not action or not version:
        return about
    return {**about, "Action": action, "Version": version, "Service": SERVICE, "Region": region}


def success(metadata: Json, result: object) -> HttpResponse:
    """Return a response with a result."""
    return _encode(200, {"ResponseMetadata": metadata, "Result": result})


def failure(metadata: Json, error: ApiError) -> HttpResponse:
    """Return a response with an error; the gateway's have a number, CodeN."""
    about: Json = {"Code": error.code, "Message": error.message}
    if isinstance(error, RtcError) and error.number is not None:
        about = {"CodeN": error.number, **about}
    content: Json = {"ResponseMetadata": {**metadata, "Error": about}}
    # assumption: failure-result
    gateway = isinstance(error, RtcError) and error.gateway
    return _encode(error.status, content if gateway else {**content, "Result": None})


def _encode(status: int, content: Json) -> HttpResponse:
    # ASCII only: an odd string from a request then cannot make the response unencodable.
    return HttpResponse(status, json.dumps(content).encode(), JSON_TYPE)


def online_users(users: list[str]) -> Json:
    """Return GetRoomOnlineUsers's result; of a room that does not exist no other field."""
    if not users:
        return {"RoomExists": False}
    return {
        "RoomExists": True,
        "TotalUser": len(users),
        "TotalInvisibleUser": 0,
        "VisibleUserList": users,
        "InvisibleUserList": [],
    }


def snapshot_task(task: Task) -> Json:
    """Return GetSnapshotTask's SnapshotTask.

    Integers always, empty strings never, as in the vendor's sample.
    """
    streams = [
        {"Index": s.index, "UserId": s.user_id, "StreamType": STREAM_KINDS.index(s.kind)}
        for s in task.streams
    ]
    reason = {"StopReason": task.stop_reason.value} if task.stop_reason.value else {}
    return {
        "StartTime": task.start_time,
        "EndTime": task.end_time,
        "Status": STATUS_NUMBERS[task.status],
        **reason,
        "TargetStreams": {"StreamList": streams},
        "MaxIdleTime": task.max_idle_time,
        "ImageConfig": _image_answer(task.image),
        "StorageConfig": _storage_answer(task.storage),
    }


def _image_answer(image: ImageSettings) -> Json:
    return {
        "Format": CODECS.index(image.codec),
        "Width": image.width,
        "Height": image.height,
        "Interval": image.interval,
    }


def _storage_answer(storage: Storage) -> Json:
    """Return StorageConfig as GetSnapshotTask does: all four blocks with their integers, and no keys."""
    # assumption: returned-storage
    number = next(n for n, kind in enumerate(STORAGE_TYPES) if kind.name == storage.kind)
    blocks = {
        kind.block: dict(storage.public) if kind.name == storage.kind and storage.public else dict(kind.zero)
        for kind in STORAGE_TYPES
    }
    return {"Type": number, **blocks}
