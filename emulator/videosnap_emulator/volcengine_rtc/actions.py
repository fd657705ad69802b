"""The four actions: each reads its request and works on the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qsl

from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.volcengine_rtc.envelope import ALREADY_STARTED
from videosnap_emulator.volcengine_rtc.errors import gateway_error, task_not_found
from videosnap_emulator.volcengine_rtc.fields import Fields
from videosnap_emulator.volcengine_rtc.models import (
    read_body,
    read_interval,
    read_key,
    read_start,
    task_answer,
)
from videosnap_emulator.wire import Request
from videosnap_emulator.world import NoSuchTask, World

VERSION = "2023-11-01"
#: "Tasks started within the last 72 hours" (GetSnapshotTask).
QUERYABLE_MS: Milliseconds = 72 * 3600 * 1000


def start_snapshot(world: World, fields: Fields) -> object:
    """StartSnapshot: a task that is active already is not an error."""
    return "ok" if world.start(read_start(fields)) else ALREADY_STARTED


def update_snapshot(world: World, fields: Fields) -> object:
    """UpdateSnapshot."""
    world.update(read_key(fields), read_interval(fields))
    return "ok"


def stop_snapshot(world: World, fields: Fields) -> object:
    """StopSnapshot."""
    world.stop(read_key(fields))
    return "ok"


def get_snapshot_task(world: World, fields: Fields) -> object:
    """GetSnapshotTask: the latest task of that name, unless it started too long ago."""
    task, now = world.find(read_key(fields))
    # assumption: 72-hours
    if task is None or now - task.start_time > QUERYABLE_MS:
        raise task_not_found()
    return {"SnapshotTask": task_answer(task)}


class Operation(NamedTuple):
    """An action's HTTP method and function."""

    method: str
    run: Callable[[World, Fields], object]


OPERATIONS = {
    "StartSnapshot": Operation("POST", start_snapshot),
    "UpdateSnapshot": Operation("POST", update_snapshot),
    "StopSnapshot": Operation("POST", stop_snapshot),
    "GetSnapshotTask": Operation("GET", get_snapshot_task),
}


def query_of(request: Request) -> dict[str, str]:
    """Return the query; the first of repeated names counts."""
    return dict(reversed(parse_qsl(request.query, keep_blank_values=True)))


def operation_of(request: Request) -> Operation:
    """Find the operation, or raise the gateway's error."""
    query = query_of(request)
    for name in ("Action", "Version"):
        if not query.get(name):
            raise gateway_error("MissingParameter", name)
    operation = OPERATIONS.get(query["Action"])
    # assumption: wrong-method
    found = operation and query["Version"] == VERSION and operation.method == request.method
    if operation is None or not found or request.path not in ("", "/"):
        raise gateway_error("InvalidActionOrVersion", query["Action"], query["Version"])
    return operation


def perform(operation: Operation, request: Request, world: World) -> object:
    """Run the operation and return its Result."""
    fields = Fields({**query_of(request)}) if operation.method == "GET" else read_body(request.body)
    try:
        return operation.run(world, fields)
    except NoSuchTask:
        raise task_not_found() from None
