"""Converts inputs to a StartSnapshot request, and a response back to inputs and outputs.

Drift detection compares the inputs that come back, so a field that the response does not have keeps its
recorded value: an omitted field is never reported as a change.

The output `history` lists a task's starts, ends and intervals, from which its expected frames are computed.
Each entry has the moment `at` (RFC 3339, UTC) and an `event`: "start" and "interval" carry the `interval` in
seconds, "end" carries the vendor's stop `reason`. State of older releases has no ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pulumi_videosnap.core.properties import Properties, camel, dotted, snake, value_at
from pulumi_videosnap.core.schema import Difference
from pulumi_videosnap.core.timestamps import format_rfc3339, from_epoch, parse_rfc3339
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine import schema as declared
from pulumi_videosnap.volcengine.models import number, word
from pulumi_videosnap.volcengine.rules import BLOCKS
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs

_NAMES = {"accountId", "bucket", "space", "serviceId"}
"""The fields of a storage block that is filled in: it has at least one of them."""


def task_key(task: SnapshotTaskInputs) -> models.TaskKey:
    """The identity that the program chose for the task."""
    return models.TaskKey(task.app_id, task.room_id, task.task_id, task.edition)


def start_request(task: SnapshotTaskInputs, env: Mapping[str, str]) -> models.StartSnapshotBody:
    """The request that starts the task; NotConfigured when a named environment variable has no key."""
    image = task.image_config
    return models.StartSnapshotBody(
        app_id=task.app_id,
        business_id=task.business_id,
        room_id=task.room_id,
        task_id=task.task_id,
        target_streams=models.TargetStreams(
            stream_list=[_stream(s) for s in task.target_streams.stream_list]
        ),
        max_idle_time=task.max_idle_time,
        image_config=models.ImageConfig(
            format=number(models.FORMAT_WORDS, image.format),
            width=image.width,
            height=image.height,
            interval=image.interval,
        ),
        storage_config=_storage(task, env),
    )


def _stream(stream: declared.Stream) -> models.Stream:
    return models.Stream(
        index=stream.index,
        user_id=stream.user_id,
        stream_type=number(models.STREAM_TYPE_WORDS, stream.stream_type),
    )


def _storage(task: SnapshotTaskInputs, env: Mapping[str, str]) -> models.StorageConfig:
    storage, has_extras = task.storage_config, task.edition is None
    tos, vod, image_x = storage.tos_config, storage.vod_config, storage.ve_image_x_config
    return models.StorageConfig(
        type=number(models.STORAGE_TYPE_WORDS, storage.type),
        tos_config=tos and models.TosConfig(**tos.model_dump()),
        vod_config=vod
        and models.VodConfig(
            **vod.model_dump(exclude={"storage_class", "auto_set_file_extension"}),
            # BytePlus' version of the API has neither.
            storage_class=number(models.STORAGE_CLASS_WORDS, vod.storage_class) if has_extras else None,
            auto_set_file_extension=vod.auto_set_file_extension if has_extras else None,
        ),
        custom_config=storage.custom_config and _custom(storage.custom_config, env),
        ve_image_x_config=image_x and models.VeImageXConfig(**image_x.model_dump()),
    )


def _custom(custom: declared.CustomConfig, env: Mapping[str, str]) -> models.CustomConfig:
    return models.CustomConfig(
        vendor=number(models.VENDOR_WORDS, custom.vendor),
        region=custom.region,
        bucket=custom.bucket,
        access_key=custom.access_key or _from_environment(custom.access_key_env, "access_key_env", env),
        secret_key=custom.secret_key or _from_environment(custom.secret_key_env, "secret_key_env", env),
    )


def third_party_keys(properties: Mapping[str, Any], env: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of a third party's bucket in inputs, as far as they are known: a service may repeat them."""
    custom = value_at(properties, ("storageConfig", "customConfig"))
    if not isinstance(custom, Mapping):
        return ()
    values = [custom.get(name) for name in ("accessKey", "secretKey")]
    values += [env.get(str(custom.get(name))) for name in ("accessKeyEnv", "secretKeyEnv")]
    return tuple(value for value in values if value and isinstance(value, str))


def _from_environment(variable: str | None, field: str, env: Mapping[str, str]) -> Any:
    value = env.get(variable or "")
    if not value:
        raise NotConfigured(
            f"storage_config.custom_config.{field} names the environment variable {variable}, "
            "which is not set; export it where `pulumi` runs"
        )
    return value


def to_inputs(task: models.SnapshotTask, recorded: Properties) -> Properties:
    """The recorded inputs, with the settings that the response has in their place."""
    settings = dict(recorded)
    if task.max_idle_time:  # no task has 0, which stands for an omitted field
        settings["maxIdleTime"] = task.max_idle_time
    if task.image_config is not None:
        settings["imageConfig"] = {**recorded.get("imageConfig", {}), **_image(task.image_config)}
    if task.target_streams is not None:
        settings["targetStreams"] = _streams(task.target_streams, recorded.get("targetStreams", {}))
    if task.storage_config is not None:
        settings["storageConfig"] = _storage_inputs(task.storage_config, recorded.get("storageConfig", {}))
    return settings


def _image(image: models.ImageConfig) -> Properties:
    if image.interval == 0:  # no task has 0: the block is not filled in, its zeros are not settings
        return {}
    return _present(
        interval=image.interval,
        format=word(models.FORMAT_WORDS, image.format),
        width=image.width,
        height=image.height,
    )


def _streams(returned: models.TargetStreams, recorded: Properties) -> Properties:
    """The returned streams; the recorded ones when they match, in any order and with omitted fields."""
    if returned.stream_list is None:
        return {"streamList": [], **recorded}
    before = recorded.get("streamList", [])
    missing, streams = list(before), []
    # A stream with more fields is matched first: it is harder to mistake for another.
    for fields in sorted(map(_stream_fields, returned.stream_list), key=len, reverse=True):
        known = next((stream for stream in missing if fields.items() <= stream.items()), None)
        if known is not None:
            missing.remove(known)
        streams.append(known or {"index": 0, "streamType": "camera", **fields})
    same = not missing and len(streams) == len(before)
    return {**recorded, "streamList": before if same else streams}


def _stream_fields(stream: models.Stream) -> Properties:
    return _present(
        userId=stream.user_id,
        index=stream.index,
        streamType=word(models.STREAM_TYPE_WORDS, stream.stream_type),
    )


def _storage_inputs(returned: models.StorageConfig, recorded: Properties) -> Properties:
    """The returned storage: only the block of its type counts, the others have zeros."""
    before = recorded.get("type")
    kind = before if returned.type is None else word(models.STORAGE_TYPE_WORDS, returned.type)
    block = BLOCKS.get(str(kind))
    if block is None:
        return {"type": kind}
    known = recorded.get(block, {}) if kind == before else {}
    values = _block(returned, str(kind))
    # A block without account, bucket, space and service is not filled in: its zeros are not settings.
    if kind == before and _NAMES.isdisjoint(values):
        return recorded
    # Another block has no effect, whatever the answer has in it.
    others = recorded if kind == before else {}
    return {**others, "type": kind, block: {**known, **values}}


def _block(storage: models.StorageConfig, kind: str) -> Properties:
    block = getattr(storage, snake(BLOCKS[kind]))
    if block is None:
        return {}
    values = block.model_dump(exclude={"access_key", "secret_key"})
    if kind == "custom":
        values["vendor"] = word(models.VENDOR_WORDS, values["vendor"])
    if kind == "vod":
        values["storage_class"] = word(models.STORAGE_CLASS_WORDS, values["storage_class"] or None)
    return _present(**{camel(name): value for name, value in values.items()})


def _present(**values: Any) -> Properties:
    """The values that a response has; the vendor writes an empty string for an omitted one."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def status_word(task: models.SnapshotTask) -> str:
    """The task's status in words; an undocumented number stays visible."""
    status = word(models.STATUS_WORDS, task.status or 0)
    return status if isinstance(status, str) else f"unknown ({status})"


def format_difference(found: Difference) -> str:
    """One setting of a running task that is not the declared one."""
    return f"{dotted(found.path)}: running with {found.actual!r}, declared {found.recorded!r}"


def to_outputs(task: models.SnapshotTask) -> Properties:
    """The outputs: status, stop reason and times (RFC 3339, UTC)."""
    return {
        "status": status_word(task),
        **_present(
            stopReason=task.stop_reason,
            startTime=time_of(task.start_time),
            endTime=time_of(task.end_time),
        ),
    }


def time_of(milliseconds: int | None) -> str | None:
    """A Unix time in milliseconds as RFC 3339; None for 0, which stands for "not yet"."""
    return format_rfc3339(from_epoch(milliseconds / 1000)) if milliseconds else None


MAX_ENTRIES = 100
"""Entries that are kept; the oldest are dropped."""
SAME_START = timedelta(seconds=2)
"""Starts closer than this are one: a start is known to the second until the service lists the task."""

Entries = list[dict[str, Any]]


def with_history(recorded: Properties, outputs: Properties, at: datetime | None = None) -> Properties:
    """Outputs with the recorded history and what is new: a start, an end, another interval.

    `at` is when another interval was seen (UTC); without it no change of the interval is added.
    """
    entries: Entries = list(recorded.get("history") or [])
    _add_end(entries, recorded)
    started, interval = outputs.get("startTime"), value_at(outputs, ("imageConfig", "interval"))
    if _is_new_start(entries, started):
        entries.append({"at": started, "event": "start", "interval": interval})
    elif at and _last_interval(entries) not in (None, interval):
        entries.append({"at": format_rfc3339(at), "event": "interval", "interval": interval})
    _add_end(entries, outputs)
    return {**outputs, "history": entries[-MAX_ENTRIES:]}


def _add_end(entries: Entries, outputs: Properties) -> None:
    """Add the end of the last run in the history, if it has ended and the end is not there yet."""
    if outputs.get("endTime") and entries and entries[-1]["event"] != "end":
        reason = outputs.get("stopReason") or ""
        entries.append({"at": outputs["endTime"], "event": "end", "reason": reason})


def _is_new_start(entries: Entries, started: object) -> bool:
    start = parse_rfc3339(started)
    known = [parse_rfc3339(entry["at"]) for entry in entries if entry["event"] == "start"]
    return start is not None and not any(one and abs(start - one) < SAME_START for one in known)


def _last_interval(entries: Entries) -> Any:
    return next((entry["interval"] for entry in reversed(entries) if "interval" in entry), None)
