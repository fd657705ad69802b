"""Between a program's words and the wire: inputs to a StartSnapshot body, an answer back to inputs.

The way back is the heart of drift detection, and it is careful: what the answer does not carry stays
as it was recorded, so that silence is never taken for a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pulumi_videosnap.core.schema import Properties
from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.volcengine import enums, models
from pulumi_videosnap.volcengine import schema as declared
from pulumi_videosnap.volcengine.enums import number, word
from pulumi_videosnap.volcengine.schema import BLOCKS, SnapshotTaskInputs

_NAMES = {"accountId", "bucket", "space", "serviceId"}
"""The fields of a storage block without any of which the block says nothing."""


def task_key(task: SnapshotTaskInputs) -> models.TaskKey:
    """The identity that the program chose for the task."""
    return models.TaskKey(task.app_id, task.room_id, task.task_id)


def start_request(task: SnapshotTaskInputs, environ: Mapping[str, str]) -> models.StartSnapshotBody:
    """The request that starts the task; NotConfigured when a named variable holds no key."""
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
            format=number(enums.FORMAT_WORDS, image.format),
            width=image.width,
            height=image.height,
            interval=image.interval,
        ),
        storage_config=_storage(task.storage_config, environ),
    )


def _stream(stream: declared.Stream) -> models.Stream:
    return models.Stream(
        index=stream.index,
        user_id=stream.user_id,
        stream_type=number(enums.STREAM_TYPE_WORDS, stream.stream_type),
    )


def _storage(storage: declared.StorageConfig, environ: Mapping[str, str]) -> models.StorageConfig:
    tos, vod, image_x = storage.tos_config, storage.vod_config, storage.ve_image_x_config
    return models.StorageConfig(
        type=number(enums.STORAGE_TYPE_WORDS, storage.type),
        tos_config=tos and models.TosConfig(**tos.model_dump()),
        vod_config=vod
        and models.VodConfig(
            **vod.model_dump(exclude={"storage_class"}),
            storage_class=number(enums.STORAGE_CLASS_WORDS, vod.storage_class),
        ),
        custom_config=storage.custom_config and _custom(storage.custom_config, environ),
        ve_image_x_config=image_x and models.VeImageXConfig(**image_x.model_dump()),
    )


def _custom(custom: declared.CustomConfig, environ: Mapping[str, str]) -> models.CustomConfig:
    return models.CustomConfig(
        vendor=number(enums.VENDOR_WORDS, custom.vendor),
        region=custom.region,
        bucket=custom.bucket,
        access_key=custom.access_key or _from_environment(custom.access_key_env, "access_key_env", environ),
        secret_key=custom.secret_key or _from_environment(custom.secret_key_env, "secret_key_env", environ),
    )


def _from_environment(variable: str | None, field: str, environ: Mapping[str, str]) -> Any:
    value = environ.get(variable or "")
    if not value:
        raise NotConfigured(
            f"storage_config.custom_config.{field} names the environment variable {variable}, "
            "which is not set; export it where `pulumi` runs"
        )
    return value


def to_inputs(task: models.SnapshotTask, recorded: Properties) -> Properties:
    """The recorded inputs with the service's settings in place of those that its answer carries."""
    settings = dict(recorded)
    if task.max_idle_time:  # no task has 0: it stands for nothing said
        settings["maxIdleTime"] = task.max_idle_time
    if task.image_config is not None:
        settings["imageConfig"] = {**recorded.get("imageConfig", {}), **_image(task.image_config)}
    if task.target_streams is not None:
        settings["targetStreams"] = _streams(task.target_streams, recorded.get("targetStreams", {}))
    if task.storage_config is not None:
        settings["storageConfig"] = _store(task.storage_config, recorded.get("storageConfig", {}))
    return settings


def _image(image: models.ImageConfig) -> Properties:
    if image.interval == 0:  # no task has that: the block is not filled in, its zeros are no settings
        return {}
    return _carried(
        interval=image.interval,
        format=word(enums.FORMAT_WORDS, image.format),
        width=image.width,
        height=image.height,
    )


def _streams(answered: models.TargetStreams, recorded: Properties) -> Properties:
    """The answered streams; the recorded ones where they are the same, in whatever order or with gaps."""
    if answered.stream_list is None:
        return {"streamList": [], **recorded}
    before = recorded.get("streamList", [])
    missing, streams = list(before), []
    # A stream of which more is said is harder to mistake for another.
    for carried in sorted(map(_carried_stream, answered.stream_list), key=len, reverse=True):
        known = next((stream for stream in missing if carried.items() <= stream.items()), None)
        if known is not None:
            missing.remove(known)
        streams.append(known or {"index": 0, "streamType": "camera", **carried})
    same = not missing and len(streams) == len(before)
    return {**recorded, "streamList": before if same else streams}


def _carried_stream(stream: models.Stream) -> Properties:
    return _carried(
        userId=stream.user_id,
        index=stream.index,
        streamType=word(enums.STREAM_TYPE_WORDS, stream.stream_type),
    )


def _store(answered: models.StorageConfig, recorded: Properties) -> Properties:
    """The storage that the answer names: only the block of its type counts, the others hold zeros."""
    before = recorded.get("type")
    kind = before if answered.type is None else word(enums.STORAGE_TYPE_WORDS, answered.type)
    block = BLOCKS.get(str(kind))
    if block is None:
        return {"type": kind}
    kept = recorded.get(block, {}) if kind == before else {}
    values = _block(answered, str(kind))
    # A block that names no account, bucket, space or service is not filled in: its zeros are no settings.
    if kind == before and _NAMES.isdisjoint(values):
        return recorded
    return {"type": kind, block: {**kept, **values}}


def _block(storage: models.StorageConfig, kind: str) -> Properties:
    tos, vod, custom, image_x = (
        storage.tos_config,
        storage.vod_config,
        storage.custom_config,
        storage.ve_image_x_config,
    )
    if kind == "tos" and tos is not None:
        return _carried(accountId=tos.account_id, bucket=tos.bucket, region=tos.region)
    if kind == "vod" and vod is not None:
        return _carried(
            accountId=vod.account_id,
            space=vod.space,
            region=vod.region,
            storageClass=word(enums.STORAGE_CLASS_WORDS, vod.storage_class or None),
            autoSetFileExtension=vod.auto_set_file_extension,
        )
    if kind == "custom" and custom is not None:
        vendor = word(enums.VENDOR_WORDS, custom.vendor)
        return _carried(vendor=vendor, bucket=custom.bucket, region=custom.region)
    if kind == "veimagex" and image_x is not None:
        return _carried(accountId=image_x.account_id, serviceId=image_x.service_id, region=image_x.region)
    return {}


def _carried(**values: Any) -> Properties:
    """The values that an answer really carries; empty strings are the vendor's way to leave one out."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def status_word(task: models.SnapshotTask) -> str:
    """The task's status in words; a number that the vendor has not explained stays visible."""
    status = word(enums.STATUS_WORDS, task.status or 0)
    return status if isinstance(status, str) else f"unknown ({status})"


def to_outputs(task: models.SnapshotTask) -> Properties:
    """What only the service knows: status, stop reason and times (RFC 3339, UTC)."""
    return {
        "status": status_word(task),
        **_carried(
            stopReason=task.stop_reason,
            startTime=rfc3339(task.start_time),
            endTime=rfc3339(task.end_time),
        ),
    }


def rfc3339(milliseconds: int | None) -> str | None:
    """A Unix time in milliseconds as text; None for 0, which stands for "not yet"."""
    if not milliseconds:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    return format_rfc3339(moment)
