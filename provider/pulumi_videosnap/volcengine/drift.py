"""What drift of a live room's snapshot task means, and what brings the task back (`drift.rules`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol

from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.model import Unmanaged, Verdict
from pulumi_videosnap.drift.rules import StoredObjects, explain_other_value
from pulumi_videosnap.errors import NotFound, VideosnapError
from pulumi_videosnap.report.formatting import exact
from pulumi_videosnap.state import RecordedResource, Stack
from pulumi_videosnap.volcengine.api import Reading, RoomOnlineUsers, connect
from pulumi_videosnap.volcengine.convert import third_party_keys, to_outputs
from pulumi_videosnap.volcengine.models import TaskKey
from pulumi_videosnap.volcengine.outcomes import NOT_CONFIRMED
from pulumi_videosnap.volcengine.schema import RUNNING

service: str = "Volcengine RTC"
desired_state_input: Path = ("state",)
desired_state: str = RUNNING
can_change: bool = True
stored_fields: frozenset[str] = frozenset()

_INTERVAL = "image_config.interval"
_HOUR = 3600
_END_REASONS: Mapping[str, str] = {
    "StopByAPI": "StopSnapshot was called",
    "IdleTimeOut": "no stream was published for max_idle_time, and keep_running is set",
    "UserDisconnect": "the users left, and keep_running is set",
    "StartTaskFailed": "the service could not start it",
}
"""Stop reasons (6348/1188226) in words."""


def account(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Its profile and its edition: all tasks of an edition have one endpoint."""
    return str(properties.get("profile")), str(properties.get("edition"))


def explain_change(field: str, recorded: Any, actual: Any) -> str:
    """What another value of a setting does to the frames."""
    if explain := _CHANGES.get(field):
        return explain(recorded, actual)
    if field.startswith("storage_config."):
        return f"frames go elsewhere: {field.rpartition('.')[2]} {actual!r} instead of {recorded!r}"
    return explain_other_value(recorded, actual)


def explain_end(outputs: Mapping[str, Any]) -> str:
    """Since when, and why, no frames have been taken."""
    if outputs.get("status") == NOT_CONFIRMED:
        return "StartSnapshot was not answered, and GetSnapshotTask does not find it: it may run all the same"
    since = f" since {_time(outputs, 'endTime')}" if outputs.get("endTime") else ""
    return f"no frames have been taken{since}: {_END_REASONS.get(str(outputs.get('stopReason')), 'it ended')}"


def describe(outputs: Mapping[str, Any]) -> str:
    """When it ended, or since when it runs."""
    if outputs.get("endTime") or outputs.get("stopReason"):
        when = f"ended {_time(outputs, 'endTime')}" if outputs.get("endTime") else "ended"
        return f"{when} ({outputs.get('stopReason') or 'no reason given'})"
    interval = (outputs.get("imageConfig") or {}).get("interval")
    return f"{outputs.get('status')} since {_time(outputs, 'startTime')}, a frame every {interval} s"


def _time(outputs: Mapping[str, Any], name: str) -> str:
    at = parse_rfc3339(outputs.get(name))
    return exact(at.replace(microsecond=0)) if at else "a time that is not known"


def remedy(verdict: Verdict, fields: Collection[str]) -> str:
    """Only an interval is changed without a gap."""
    if verdict is not Verdict.CHANGED:
        return "`pulumi up --refresh` starts it again"
    if set(fields) == {_INTERVAL}:
        return "`pulumi up --refresh` sets it back without a gap (UpdateSnapshot)"
    return "`pulumi up --refresh` stops it and starts it again with the recorded settings, with a short gap"


def stored_objects(recorded: RecordedResource, outputs: Mapping[str, Any]) -> Iterator[StoredObjects]:  # noqa: ARG001
    """None: neither state nor the service says which frames a task took."""
    yield from ()


def state(outputs: Mapping[str, Any]) -> tuple[str, datetime | None]:
    """The status in words, and the start."""
    return str(outputs.get("status")), parse_rfc3339(outputs.get("startTime"))


FIRST_LOOK = (8, 24)
"""Rooms and users that are looked at first: automatic snapshots are on for an app or not, and mostly not."""
USERS_AT_MOST = 240
"""Users that are looked at where an automatic task was found: four seconds of GetSnapshotTask's quota."""
_CALLS_AT_ONCE = 16


class Api(Protocol):
    """The calls that find automatic tasks (`volcengine.api.RtcApi`)."""

    def online_users(self, app_id: str, room_id: str) -> RoomOnlineUsers: ...  # noqa: D102
    def get(self, task: TaskKey) -> Reading: ...  # noqa: D102


def _connect(profile: str | None, stack: Stack, edition: str | None = None) -> Api:
    hide = (key for task in stack.tasks for key in third_party_keys(task.properties, os.environ))
    return connect(profile, stack.setting, edition, tuple(dict.fromkeys(hide)))


def unmanaged(
    recorded: Sequence[tuple[RecordedResource, Stack]], api: Callable[..., Api] = _connect
) -> Iterator[Unmanaged | str]:
    """Running automatic tasks of the users who are in the stacks' rooms: RTC has no call that lists tasks."""
    by_account: dict[tuple[str | None, ...], tuple[Stack, dict[tuple[str, str], RecordedResource]]] = {}
    for task, stack in recorded:
        app, room, profile = (task.properties.get(name) for name in ("appId", "roomId", "profile"))
        if isinstance(app, str) and isinstance(room, str):
            edition = task.properties.get("edition")
            key = (
                task.provider,
                profile if isinstance(profile, str) else None,
                *([edition] if edition else []),
            )
            by_account.setdefault(key, (stack, {}))[1][app, room] = task
    managed = {task.id for task, _ in recorded}
    for (_, profile, *edition), (stack, rooms) in by_account.items():
        where = ", ".join([service, *(map(str, edition)), *([f"profile {profile}"] if profile else [])])
        try:
            yield from _automatic(api(profile, stack, *edition), rooms, managed, where, *edition)
        except VideosnapError as failed:
            yield f"{where}: automatic tasks are not known: {failed}"


def _automatic(
    rtc: Api,
    tasks: Mapping[tuple[str, str], RecordedResource],
    managed: Collection[str],
    where: str,
    edition: str | None = None,
) -> Iterator[Unmanaged | str]:
    """What runs under the id of a user who is there, which is what names an automatic task."""
    rooms, (some, few) = list(tasks), FIRST_LOOK
    keys_of = partial(_keys, rtc, edition)
    keys = keys_of(rooms[0])  # alone: the account may refuse it
    with ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="videosnap-rooms") as pool:
        keys += chain.from_iterable(pool.map(keys_of, rooms[1:some]))
        looked = [key for key in keys if key.id not in managed][:few]
        states = list(pool.map(partial(_state, rtc), looked))
        if any(status == RUNNING for status, _ in states):
            some, few = len(rooms), USERS_AT_MOST
            keys += chain.from_iterable(pool.map(keys_of, rooms[FIRST_LOOK[0] :]))
            looked = [key for key in keys if key.id not in managed][:few]
            states += pool.map(partial(_state, rtc), looked[len(states) :])
    for key, (status, created) in zip(looked, states, strict=True):
        if status == RUNNING:
            note = "automatic: its id is that of a user in the room (GetRoomOnlineUsers)"
            room = replace(tasks[key.app_id, key.room_id], id=f"{key.app_id}/{key.room_id}").shown_id
            shown = f"{room}/{key.task_id}"
            yield Unmanaged(id=shown, where=where, state=status, created=created, note=note)
    yield (
        f"{where}: looked for automatic tasks of {len(looked):,} users in {min(some, len(rooms)):,} of the "
        f"{len(rooms):,} declared rooms; those of users who left are not found."
    )


def _keys(rtc: Api, edition: str | None, room: tuple[str, str]) -> list[TaskKey]:
    return [TaskKey(*room, user, edition) for user in rtc.online_users(*room).users()]


def _state(rtc: Api, key: TaskKey) -> tuple[str, datetime | None]:
    try:
        return state(to_outputs(rtc.get(key).task))
    except NotFound:
        return "", None


def scope(frames: bool) -> Iterator[str]:  # noqa: ARG001
    """What neither the service nor state knows."""
    yield (
        f"{service} cannot list tasks: of those that no stack records only automatic ones are looked for, "
        "in the rooms of the stack's tasks."
    )
    yield "State does not record the frames of live rooms: check them with `videosnap frames`."


def _interval(recorded: Any, actual: Any) -> str:
    if not (_is_positive(recorded) and _is_positive(actual)):
        return explain_other_value(recorded, actual)
    return f"{_HOUR / actual:,.0f} frames an hour for each stream instead of {_HOUR / recorded:,.0f}"


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and value > 0


def _streams(recorded: Any, actual: Any) -> str:
    before, now = _users(recorded), _users(actual)
    if not now:
        return "frames are taken of every stream of the room"
    if not before:
        return f"frames are taken of {', '.join(now)} only, not of every stream"
    return f"frames are taken of {', '.join(now)} instead of {', '.join(before)}"


def _users(streams: Any) -> list[str]:
    return [str(one.get("userId")) for one in streams or [] if isinstance(one, Mapping)]


def _size(side: str) -> Callable[[Any, Any], str]:
    return lambda recorded, actual: f"frames have {_pixels(actual)} as their {side}, not {_pixels(recorded)}"


def _pixels(value: Any) -> str:
    return f"{value} pixels" if value else "the stream's own"


_CHANGES: Mapping[str, Callable[[Any, Any], str]] = {
    _INTERVAL: _interval,
    "image_config.width": _size("width"),
    "image_config.height": _size("height"),
    "image_config.format": lambda recorded, actual: f"frames are {actual} instead of {recorded}",
    "target_streams.stream_list": _streams,
    "max_idle_time": lambda recorded, actual: (
        f"an empty room ends the task after {actual} s instead of {recorded} s"
    ),
}
