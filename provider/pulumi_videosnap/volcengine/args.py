"""The blocks of a snapshot task as a program writes them; plain dicts with the same names do as well.

The input models (`schema.py`) explain values and ranges; these classes are for completion in editors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi


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
