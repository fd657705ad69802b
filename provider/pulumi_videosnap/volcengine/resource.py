"""`volcengine.SnapshotTask`: the Pulumi resource, and the provider that the engine calls for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, program_config, to_plain
from pulumi_videosnap.plugin.program import announce


@dataclass(kw_only=True)
class ImageConfigArgs:
    """Format, size and interval of the frames."""

    interval: pulumi.Input[int] | None = None
    """Seconds between two frames, 1 to 600 (default 2). The one field that changes in place."""
    format: pulumi.Input[str | int] | None = None
    """`"jpeg"` (default) or `"png"`."""
    width: pulumi.Input[int] | None = None
    """Pixels, 0 to 1920; 0 (default) keeps the stream's own width."""
    height: pulumi.Input[int] | None = None
    """Pixels, 0 to 1920; 0 (default) keeps the stream's own height."""


@dataclass(kw_only=True)
class StreamArgs:
    """One video stream of the room."""

    user_id: pulumi.Input[str]
    """Whose stream."""
    index: pulumi.Input[int] | None = None
    """Distinguishes the streams of one list; defaults to the position in it."""
    stream_type: pulumi.Input[str | int] | None = None
    """`"camera"` (default) or `"screen"`."""


@dataclass(kw_only=True)
class TargetStreamsArgs:
    """The streams to capture; an empty list is every stream of the room."""

    stream_list: pulumi.Input[Sequence[pulumi.Input[StreamArgs | Mapping[str, Any]]]] | None = None
    """At most 17 streams."""


@dataclass(kw_only=True)
class TosConfigArgs:
    """A bucket of Volcengine's object storage, TOS."""

    account_id: pulumi.Input[str]
    """The id of the main account, also when a sub-user's key signs the calls."""
    bucket: pulumi.Input[str]
    """The bucket that the frames go into."""
    region: pulumi.Input[int] | None = None
    """The vendor's number of the region (default 0, cn-beijing)."""


@dataclass(kw_only=True)
class VodConfigArgs:
    """A space of Volcengine's video on demand."""

    account_id: pulumi.Input[str]
    """The id of the main account."""
    space: pulumi.Input[str]
    """The VOD space that the frames go into."""
    region: pulumi.Input[int] | None = None
    """The vendor's number of the region (default 0, cn-north-1)."""
    storage_class: pulumi.Input[str | int] | None = None
    """`"standard"` (default), `"archive"` or `"infrequent-access"`."""
    auto_set_file_extension: pulumi.Input[bool] | None = None
    """Whether VOD sets FileExtension from the file's suffix (default False)."""


@dataclass(kw_only=True)
class CustomConfigArgs:
    """A third party's bucket, reached through the S3 protocol.

    The key pair goes to the vendor with StartSnapshot. Name it by environment variable, or give it
    as values: those are made Pulumi secrets. The vendor advises a key that cannot read.
    """

    bucket: pulumi.Input[str]
    """The bucket that the frames go into."""
    vendor: pulumi.Input[str | int] | None = None
    """`"aws"` (default), `"aliyun"`, `"huawei"`, `"tencent"` or `"qiniu"`."""
    region: pulumi.Input[int] | None = None
    """The vendor's number of the region (default 0)."""
    access_key: pulumi.Input[str] | None = None
    """The write-only access key, or `access_key_env`."""
    secret_key: pulumi.Input[str] | None = None
    """The secret of that key, or `secret_key_env`."""
    access_key_env: pulumi.Input[str] | None = None
    """Name of the environment variable that holds the access key."""
    secret_key_env: pulumi.Input[str] | None = None
    """Name of the environment variable that holds the secret key."""


@dataclass(kw_only=True)
class VeImageXConfigArgs:
    """A service of Volcengine's image platform, veImageX."""

    account_id: pulumi.Input[str]
    """The id of the main account."""
    service_id: pulumi.Input[str]
    """The veImageX service that the frames go into."""
    region: pulumi.Input[int] | None = None
    """The vendor's number of the region (default 0)."""


@dataclass(kw_only=True)
class StorageConfigArgs:
    """Where the frames go: one platform, with its block."""

    type: pulumi.Input[str | int] | None = None
    """`"tos"`, `"vod"`, `"custom"` or `"veimagex"`; defaults to the block that is set."""
    tos_config: pulumi.Input[TosConfigArgs | Mapping[str, Any]] | None = None
    """For `"tos"`."""
    vod_config: pulumi.Input[VodConfigArgs | Mapping[str, Any]] | None = None
    """For `"vod"`."""
    custom_config: pulumi.Input[CustomConfigArgs | Mapping[str, Any]] | None = None
    """For `"custom"`."""
    ve_image_x_config: pulumi.Input[VeImageXConfigArgs | Mapping[str, Any]] | None = None
    """For `"veimagex"`."""


_SECRETS = ("access_key", "secret_key")


class SnapshotTaskProvider(LifecycleProvider):
    """Drives snapshot tasks. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one snapshot task."""
        from pulumi_videosnap.volcengine.lifecycle import snapshot_task  # noqa: PLC0415 - the plugin alone

        return snapshot_task(context)


class SnapshotTask(TaskResource, module="volcengine", name="SnapshotTask"):
    """A task that takes frames of a live room at an interval, into object storage.

    Names mirror StartSnapshot (version 2023-11-01). Only `image_config.interval` changes in place;
    every other change stops the task and starts another one.
    """

    _instead_of_import = "`up` adopts a running task of the same app_id, room_id, task_id and settings"
    _outputs = ("status", "stop_reason", "start_time", "end_time", "history", "state")

    app_id: pulumi.Output[str]
    """The RTC application."""
    room_id: pulumi.Output[str]
    """The room whose streams are captured."""
    task_id: pulumi.Output[str]
    """The task's own name in the room."""
    image_config: pulumi.Output[dict[str, Any]]
    """Format, size and interval, with their defaults filled in."""
    storage_config: pulumi.Output[dict[str, Any]]
    """Where the frames go."""
    target_streams: pulumi.Output[dict[str, Any]]
    """The streams that are captured; an empty list is all of them."""
    max_idle_time: pulumi.Output[int]
    """Seconds without any stream after which the task ends by itself."""
    business_id: pulumi.Output[str | None]
    """The vendor's business tag."""
    keep_running: pulumi.Output[bool]
    """Whether a task that ended by itself is started again."""
    frame_prefix: pulumi.Output[str | None]
    """What the keys of the frames begin with, as far as you know; only `videosnap frames` asks."""
    triggers: pulumi.Output[Sequence[Any]]
    """Values whose change starts a new task."""
    profile: pulumi.Output[str | None]
    """The account, by its name in the vendor's profile file."""
    state: pulumi.Output[str]
    """`"running"`, or how the task ended if that is not what was declared."""
    status: pulumi.Output[str]
    """The service's word: not started, running, ended, failed or unknown; not confirmed where it may run."""
    stop_reason: pulumi.Output[str | None]
    """Why it ended: IdleTimeOut, StopByAPI, UserDisconnect, StartTaskFailed or UnknownStopReason."""
    start_time: pulumi.Output[str]
    """RFC 3339, UTC."""
    history: pulumi.Output[Sequence[dict[str, Any]]]
    """The starts, ends and changes of the interval that state remembers, each with its time."""
    end_time: pulumi.Output[str | None]
    """RFC 3339, UTC; None while the task has not ended."""

    def __init__(
        self,
        resource_name: str,
        *,
        app_id: pulumi.Input[str],
        room_id: pulumi.Input[str],
        storage_config: pulumi.Input[StorageConfigArgs | Mapping[str, Any]],
        task_id: pulumi.Input[str] | None = None,
        image_config: pulumi.Input[ImageConfigArgs | Mapping[str, Any]] | None = None,
        target_streams: pulumi.Input[TargetStreamsArgs | Mapping[str, Any]] | None = None,
        max_idle_time: pulumi.Input[int] | None = None,
        business_id: pulumi.Input[str] | None = None,
        keep_running: pulumi.Input[bool] | None = None,
        frame_prefix: pulumi.Input[str] | None = None,
        triggers: pulumi.Input[Sequence[Any]] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a snapshot task.

        :param app_id: the RTC application.
        :param room_id: the room whose streams are captured.
        :param storage_config: where the frames go; one of the four platforms with its block.
        :param task_id: the task's own name in the room; defaults to `<project>.<stack>.<name>`, in a
            component with a digest of its types. A default stays under another name (`aliases`).
        :param image_config: interval (1 to 600 s, default 2), format, width and height.
        :param target_streams: at most 17 streams; without any, every stream of the room.
        :param max_idle_time: seconds without any stream until the task ends (1 to 86400, default 180).
        :param business_id: the vendor's business tag.
        :param keep_running: start the task again when it ended by itself (default False).
        :param frame_prefix: what the keys of its frames begin with; the vendor documents no keys, and
            `videosnap frames` tells tasks that share a bucket apart by it.
        :param triggers: any values; a change of one starts a new task.
        :param profile: account to use, from the vendor's profile file.
        """
        props = {
            "app_id": app_id,
            "room_id": room_id,
            "task_id": task_id or f"{pulumi.get_project()}.{pulumi.get_stack()}.{resource_name}",
            "business_id": business_id,
            "target_streams": to_plain(target_streams),
            "max_idle_time": max_idle_time,
            "image_config": to_plain(image_config),
            "storage_config": _with_secrets(to_plain(storage_config)),
            "keep_running": keep_running,
            "frame_prefix": frame_prefix,
            "triggers": triggers,
            "profile": profile,
        }
        super().__init__(SnapshotTaskProvider(), resource_name, props, opts)
        if task_id is not None:
            announce([*_edition(), app_id, room_id, task_id])
            announce([*_edition(), app_id, room_id, task_id], self.former_urns())


def _edition() -> list[str]:
    """What the id of a task begins with, where it is not of the default edition."""
    from pulumi_videosnap.volcengine.auth import edition_of  # noqa: PLC0415 - not for the default one

    edition = edition_of(config=program_config)
    return [edition] if edition else []


def _with_secrets(storage: Any) -> Any:
    """Make the keys of a third party's bucket secrets; a block that is an Output becomes one as a whole."""
    if isinstance(storage, pulumi.Output):
        return pulumi.Output.secret(storage)
    if not isinstance(storage, dict) or "custom_config" not in storage:
        return storage
    custom = storage["custom_config"]
    if isinstance(custom, dict):
        keys = {name: pulumi.Output.secret(custom[name]) for name in _SECRETS if name in custom}
        return {**storage, "custom_config": {**custom, **keys}}
    return {**storage, "custom_config": pulumi.Output.secret(custom)}
