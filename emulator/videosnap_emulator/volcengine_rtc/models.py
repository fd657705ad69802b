"""The actions' requests and answers, 2023-11-01.

Read and checked field by field as the documents have them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from videosnap_emulator.rooms import MAXIMUM_STREAMS
from videosnap_emulator.tasks import CAMERA, SCREEN, Image, Json, Status, Stream, Task, TaskKey
from videosnap_emulator.volcengine_rtc.errors import invalid, rtc_error
from videosnap_emulator.volcengine_rtc.fields import ID, NAME, Fields
from videosnap_emulator.volcengine_rtc.storage import read_storage, storage_view
from videosnap_emulator.world import Order

#: GetSnapshotTask, Status. 0, "unknown", does not occur here.
RTC_STATUS = {Status.NOT_STARTED: 1, Status.RUNNING: 2, Status.ENDED: 3, Status.FAILED: 4}
CODECS = ("jpeg", "png")
STREAM_KINDS = (CAMERA, SCREEN)
#: Pixels; 0 means as the stream.
SIDES = range(1921)
#: Seconds.
INTERVALS = range(1, 601)
# assumption: max-idle-time
IDLE_TIMES = range(10, 86_401)
_INDEXES = range(2**31)


def read_body(body: bytes) -> Fields:
    """Return the body's JSON object."""
    if not body.strip():
        raise rtc_error("InvalidParameter.BodyIsEmpty", "The request body is empty.")
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise rtc_error("InvalidParameter.Unmarshal", "The request body is not a JSON object.")
    return Fields(values)


def read_key(fields: Fields) -> TaskKey:
    """Read what names the task."""
    return TaskKey(fields.text("AppId", NAME), fields.text("RoomId", ID), fields.text("TaskId", ID))


def _read_image(config: Fields) -> Image:
    return Image(
        codec=CODECS[config.integer("Format", 0, range(len(CODECS)))],
        width=config.integer("Width", 0, SIDES),
        height=config.integer("Height", 0, SIDES),
        interval=config.integer("Interval", 2, INTERVALS),
    )


def _read_streams(targets: Fields) -> tuple[Stream, ...]:
    blocks = targets.blocks("StreamList")
    if len(blocks) > MAXIMUM_STREAMS:
        raise invalid(targets.path("StreamList"), f"must not have more than {MAXIMUM_STREAMS} streams")
    taken = _given_indexes(blocks)
    # assumption: stream-index
    free = (number for number in _INDEXES if number not in taken)
    return tuple(_read_stream(block, free) for block in blocks)


def _given_indexes(blocks: list[Fields]) -> set[int]:
    taken: set[int] = set()
    for block in blocks:
        if not block.has("Index"):
            continue
        index = block.integer("Index", 0, _INDEXES)
        if index in taken:
            raise invalid(block.path("Index"), "must not repeat in StreamList")
        taken.add(index)
    return taken


def _read_stream(block: Fields, free: Iterator[int]) -> Stream:
    user_id = block.text("UserId", ID)
    kind = STREAM_KINDS[block.integer("StreamType", 0, range(len(STREAM_KINDS)))]
    index = block.integer("Index", 0, _INDEXES) if block.has("Index") else next(free)
    return Stream(user_id, index, kind)


def read_start(fields: Fields) -> Order:
    """Read StartSnapshot."""
    return Order(
        key=read_key(fields),
        business_id=fields.text("BusinessId", ID, required=False),
        streams=_read_streams(fields.block("TargetStreams")),
        max_idle_time=fields.integer("MaxIdleTime", 180, IDLE_TIMES),
        image=_read_image(fields.block("ImageConfig")),
        storage=read_storage(fields.block("StorageConfig", required=True)),
    )


def read_interval(fields: Fields) -> int | None:
    """Read UpdateSnapshot: only the interval (s) has an effect, and what has none is not checked."""
    # assumption: update-without-interval
    fields.text("BusinessId", ID, required=False)
    config = fields.block("ImageConfig")
    return config.integer("Interval", 2, INTERVALS) if config.has("Interval") else None


def task_answer(task: Task) -> Json:
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
        "Status": RTC_STATUS[task.status],
        **reason,
        "TargetStreams": {"StreamList": streams},
        "MaxIdleTime": task.max_idle_time,
        "ImageConfig": _image_answer(task.image),
        "StorageConfig": storage_view(task.storage),
    }


def _image_answer(image: Image) -> Json:
    return {
        "Format": CODECS.index(image.codec),
        "Width": image.width,
        "Height": image.height,
        "Interval": image.interval,
    }
