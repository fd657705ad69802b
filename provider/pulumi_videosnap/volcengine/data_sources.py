"""Lookups: a task that nobody manages, automatic ones included, and the users of a room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_videosnap.dynamic.resource import call_later, program_config, snake_keys
from pulumi_videosnap.errors import InvalidInput


@dataclass(frozen=True)
class SnapshotTaskResult:
    """What the service says of a task; None where it says nothing."""

    app_id: str
    room_id: str
    task_id: str
    status: str
    """not started, running, ended, failed or unknown."""
    stop_reason: str | None
    start_time: str | None
    """RFC 3339, UTC."""
    end_time: str | None
    """RFC 3339, UTC; None while the task has not ended."""
    max_idle_time: int | None
    """Seconds."""
    image_config: dict[str, Any]
    storage_config: dict[str, Any]
    """Never with keys: the service does not return them."""
    target_streams: dict[str, Any]


def get_snapshot_task(
    app_id: str, room_id: str, task_id: str, *, profile: str | None = None
) -> SnapshotTaskResult:
    """Ask for a task that started within the last 72 hours (GetSnapshotTask).

    For an automatic task, which the console sets up for every user of a room, `task_id` is the UserId.

    :raises NotFound: the service does not know the task (any more).
    :raises CallFailed: the call failed.
    """
    # Imported here: a program that only declares resources does not need the HTTP stack.
    from pulumi_videosnap.volcengine.api import connect  # noqa: PLC0415
    from pulumi_videosnap.volcengine.auth import edition_of  # noqa: PLC0415
    from pulumi_videosnap.volcengine.convert import to_inputs, to_outputs  # noqa: PLC0415
    from pulumi_videosnap.volcengine.models import TaskKey  # noqa: PLC0415

    key = TaskKey(*_require_texts(app_id=app_id, room_id=room_id, task_id=task_id))
    reading = connect(profile, program_config, edition_of(config=program_config)).get(key)
    facts, settings = to_outputs(reading.task), to_inputs(reading.task, {})
    return SnapshotTaskResult(
        app_id=key.app_id,
        room_id=key.room_id,
        task_id=key.task_id,
        status=facts["status"],
        stop_reason=facts.get("stopReason"),
        start_time=facts.get("startTime"),
        end_time=facts.get("endTime"),
        max_idle_time=settings.get("maxIdleTime"),
        image_config=snake_keys(settings.get("imageConfig", {})),
        storage_config=snake_keys(settings.get("storageConfig", {})),
        target_streams=snake_keys(settings.get("targetStreams", {})),
    )


def get_snapshot_task_output(
    app_id: pulumi.Input[str],
    room_id: pulumi.Input[str],
    task_id: pulumi.Input[str],
    *,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[SnapshotTaskResult]:
    """`get_snapshot_task` for values that are only known later."""
    return call_later(get_snapshot_task, app_id=app_id, room_id=room_id, task_id=task_id, profile=profile)


@dataclass(frozen=True)
class RoomOnlineUsersResult:
    """Who is in a room now. For a room that does not exist the lists are empty."""

    app_id: str
    room_id: str
    room_exists: bool
    total_user: int
    """How many users are visible to others."""
    total_invisible_user: int
    visible_user_list: list[str]
    """User ids."""
    invisible_user_list: list[str]
    """User ids, at most 10,000."""


def get_room_online_users(app_id: str, room_id: str, *, profile: str | None = None) -> RoomOnlineUsersResult:
    """Ask who is in a room now (GetRoomOnlineUsers).

    With automatic snapshots, each of them may have a task whose id is the user's: see `get_snapshot_task`.

    :raises CallFailed: the call failed.
    """
    from pulumi_videosnap.volcengine.api import connect  # noqa: PLC0415
    from pulumi_videosnap.volcengine.auth import edition_of  # noqa: PLC0415

    app_id, room_id = _require_texts(app_id=app_id, room_id=room_id)
    found = connect(profile, program_config, edition_of(config=program_config)).online_users(app_id, room_id)
    return RoomOnlineUsersResult(
        app_id=app_id,
        room_id=room_id,
        room_exists=found.room_exists,
        total_user=found.total_user or 0,
        total_invisible_user=found.total_invisible_user or 0,
        visible_user_list=found.visible_user_list or [],
        invisible_user_list=found.invisible_user_list or [],
    )


def get_room_online_users_output(
    app_id: pulumi.Input[str],
    room_id: pulumi.Input[str],
    *,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[RoomOnlineUsersResult]:
    """`get_room_online_users` for values that are only known later."""
    return call_later(get_room_online_users, app_id=app_id, room_id=room_id, profile=profile)


def _require_texts(**parts: str) -> list[str]:
    for name, value in parts.items():
        if not isinstance(value, str) or not value or "/" in value:
            raise InvalidInput(name, "must be a text that is not empty and holds no slash")
    return list(parts.values())
