"""The inputs of a snapshot task: every field with its range, default and effect.

This is the single source for validation, diff, drift and the docs' table. Ranges and defaults are
those of StartSnapshot 2023-11-01 (the vendor's page 6348/1188225 and its SDK's types). What they do not
mention is accepted, with a warning where it is likely a mistake (rules.py); where they disagree, which
only concerns `max_idle_time` (from 1 or from 10 on), a value that one of them has is accepted so too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from pulumi_videosnap.core.properties import Unknown
from pulumi_videosnap.core.schema import (
    Effect,
    Inputs,
    Mark,
    Unit,
    WholeNumber,
    read_word,
    rule,
    text,
    whole_number,
)
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.rules import BLOCKS

MAX_STREAMS = 17
"""Video streams that one task captures, at most (6348/1188225)."""

RUNNING = "running"
"""The `state` that every declared task should have."""


def _one_of(words: Mapping[int, str]) -> BeforeValidator:
    """Accept one of our words, in any case, or the vendor's number for it."""
    choices = " or ".join(f"{word!r} ({number})" for number, word in words.items())

    def read(value: Any) -> str:
        number = whole_number(value)
        return read_word(value if number is None else words.get(number, value), [*words.values()], choices)

    return BeforeValidator(read)


def _account(value: Any) -> Any:
    """An account id is a string of digits; a number is accepted too."""
    number = whole_number(value)
    # A larger float has lost digits on the way.
    return value if number is None or abs(number) > 2**53 else str(number)


Id = Annotated[str, text(r"[a-zA-Z0-9_@\-.]{1,128}", "1 to 128 letters, digits or any of @ . _ -")]
"""The vendor's rule for BusinessId, TaskId, RoomId and UserId (6348/69828)."""
AppId = Annotated[str, text(r"[^/]+", "a text without a slash, which is not empty")]
"""Part of the task's id `app/room/task`, which state shows in clear text, so an error may repeat it."""
Name = Annotated[str, text(r"(?s).+", "a text that is not empty", private=True)]
"""A name without a documented rule; it may be a Pulumi secret, so an error does not repeat it."""
Variable = Annotated[
    str, text(r"[A-Za-z_][A-Za-z0-9_]{0,254}", "the name of an environment variable", private=True)
]
AccountId = Annotated[
    str,
    text(r"(?s).+", "the number of a main account", private=True),
    BeforeValidator(_account),
    Effect.REPLACE,
    Field(description="main account id, never a sub-user's"),
]
_INT32 = 2**31 - 1
"""The vendor's type of every number: what it has no range for may be any of these."""
Region = Annotated[WholeNumber, Field(ge=0, le=_INT32)]
ImageFormat = Annotated[str, _one_of(models.FORMAT_WORDS)]
StreamType = Annotated[str, _one_of(models.STREAM_TYPE_WORDS)]
StorageType = Annotated[str, _one_of(models.STORAGE_TYPE_WORDS)]
StorageClass = Annotated[str, _one_of(models.STORAGE_CLASS_WORDS)]
Vendor = Annotated[str, _one_of(models.VENDOR_WORDS)]


class ImageConfig(Inputs):
    """Format, size and interval of the frames."""

    interval: Annotated[WholeNumber, Effect.IN_PLACE, Unit("seconds")] = Field(
        2, ge=1, le=600, description="time between two frames"
    )
    format: Annotated[ImageFormat, Effect.REPLACE] = Field("jpeg", description="frame format")
    width: Annotated[WholeNumber, Effect.REPLACE, Unit("pixels")] = Field(
        0, ge=0, le=1920, description="frame width; 0 keeps the stream's own"
    )
    height: Annotated[WholeNumber, Effect.REPLACE, Unit("pixels")] = Field(
        0, ge=0, le=1920, description="frame height; 0 keeps the stream's own"
    )


class Stream(Inputs):
    """One video stream of the room."""

    user_id: Annotated[Id, Effect.REPLACE] = Field(description="the user whose stream it is")
    index: Annotated[WholeNumber, Effect.REPLACE] = Field(
        0,
        ge=-_INT32 - 1,
        le=_INT32,
        description="distinguishes the streams of a list; defaults to the position",
    )
    stream_type: Annotated[StreamType, Effect.REPLACE] = Field("camera", description="kind of stream")


class TargetStreams(Inputs):
    """The streams to capture."""

    stream_list: Annotated[list[Stream], Effect.REPLACE] = Field(
        default_factory=lambda: [], max_length=MAX_STREAMS, description="empty means every stream of the room"
    )

    @model_validator(mode="before")
    @classmethod
    def _number_the_streams(cls, value: Any) -> Any:
        """Without an index each stream would have index 0, and an index must not repeat."""
        streams = value.get("streamList") if isinstance(value, dict) else None
        if not isinstance(streams, list):
            return value
        return {**value, "streamList": [_numbered(stream, at) for at, stream in enumerate(streams)]}

    @model_validator(mode="after")
    def _no_index_twice(self) -> TargetStreams:
        first: dict[int, int] = {}
        for at, stream in _known_streams(self.stream_list):
            index = stream.index
            if isinstance(index, Unknown):
                continue
            if first.setdefault(index, at) != at:
                raise rule("streamList", f"has index {index} twice, at {first[index]} and {at}")
        return self


def _numbered(stream: Any, at: int) -> Any:
    if isinstance(stream, dict) and stream.get("index") is None:
        return {**stream, "index": at}
    return stream


def _known_streams(streams: Any) -> list[tuple[int, Stream]]:
    """The streams that a preview knows already, with their positions."""
    listed = enumerate(streams) if isinstance(streams, list) else ()
    return [(at, stream) for at, stream in listed if isinstance(stream, Stream)]


class TosConfig(Inputs):
    """A bucket of the vendor's object storage."""

    account_id: AccountId
    bucket: Annotated[Name, Effect.REPLACE] = Field(description="bucket for the frames")
    region: Annotated[Region, Effect.REPLACE] = Field(0, description="the vendor's number of the region")


class VodConfig(Inputs):
    """A space of the vendor's video on demand."""

    account_id: AccountId
    space: Annotated[Name, Effect.REPLACE] = Field(description="VOD space for the frames")
    region: Annotated[Region, Effect.REPLACE] = Field(0, description="the vendor's number of the region")
    storage_class: Annotated[StorageClass, Effect.REPLACE] = Field("standard", description="storage class")
    auto_set_file_extension: Annotated[bool, Effect.REPLACE] = Field(
        False, description="whether VOD sets FileExtension from the file's suffix"
    )


class CustomConfig(Inputs):
    """A third party's bucket, reached through the S3 protocol."""

    bucket: Annotated[Name, Effect.REPLACE] = Field(description="bucket for the frames")
    vendor: Annotated[Vendor, Effect.REPLACE] = Field("aws", description="whose bucket it is")
    region: Annotated[Region, Effect.REPLACE] = Field(0, description="the vendor's number of the region")
    access_key: Annotated[str | None, Effect.REPLACE, Mark.SECRET] = Field(
        None, min_length=1, description="write-only key, or `access_key_env`"
    )
    secret_key: Annotated[str | None, Effect.REPLACE, Mark.SECRET] = Field(
        None, min_length=1, description="secret of that key, or `secret_key_env`"
    )
    access_key_env: Annotated[Variable | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="environment variable that holds the access key"
    )
    secret_key_env: Annotated[Variable | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="environment variable that holds the secret key"
    )

    @model_validator(mode="after")
    def _each_key_once(self) -> CustomConfig:
        pairs = (
            ("accessKey", self.access_key, "access_key_env", self.access_key_env),
            ("secretKey", self.secret_key, "secret_key_env", self.secret_key_env),
        )
        for field, value, other, variable in pairs:
            if value is None and variable is None:
                raise rule(field, f"is required, as a value or through {other}")
            if value is not None and variable is not None:
                raise rule(field, f"is set twice, as a value and through {other}")
        return self


class VeImageXConfig(Inputs):
    """A service of the vendor's image platform."""

    account_id: AccountId
    service_id: Annotated[Name, Effect.REPLACE] = Field(description="veImageX service for the frames")
    region: Annotated[Region, Effect.REPLACE] = Field(0, description="the vendor's number of the region")


class StorageConfig(Inputs):
    """Where the frames go: one platform, with its block."""

    type: Annotated[StorageType, Effect.REPLACE] = Field(
        "tos", description="storage platform; defaults to that of the block that is set"
    )
    tos_config: TosConfig | None = None
    vod_config: VodConfig | None = None
    custom_config: CustomConfig | None = None
    ve_image_x_config: VeImageXConfig | None = None

    @model_validator(mode="before")
    @classmethod
    def _type_of_the_block(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("type") is not None:
            return value
        found = [kind for kind, block in BLOCKS.items() if value.get(block) is not None]
        return {**value, "type": found[0]} if len(found) == 1 else value

    @model_validator(mode="after")
    def _the_block_of_the_type(self) -> StorageConfig:
        if isinstance(self.type, Unknown):
            return self
        present = self.properties()
        if BLOCKS[self.type] not in present:
            raise rule(BLOCKS[self.type], f"is required when the storage type is {self.type!r}")
        return self


class SnapshotTaskInputs(Inputs):
    """All inputs of one snapshot task."""

    app_id: Annotated[AppId, Effect.REPLACE] = Field(description="the RTC application")
    room_id: Annotated[Id, Effect.REPLACE] = Field(description="the room whose streams are captured")
    task_id: Annotated[Id, Effect.REPLACE] = Field(
        description="the task's own name in the room; defaults to `<project>.<stack>.<name>`, in a component "
        "with a digest of its types"
    )
    business_id: Annotated[Id | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="the vendor's business tag"
    )
    target_streams: TargetStreams = Field(default_factory=lambda: TargetStreams.model_validate({}))
    max_idle_time: Annotated[WholeNumber, Effect.REPLACE, Unit("seconds")] = Field(
        180, ge=1, le=86400, description="how long without any stream until the task ends by itself"
    )
    image_config: ImageConfig = Field(default_factory=lambda: ImageConfig.model_validate({}))
    storage_config: StorageConfig
    keep_running: Annotated[bool, Effect.IN_PLACE, Mark.NOT_RETURNED] = Field(
        False, description="whether a task that ended by itself is started again"
    )
    frame_prefix: Annotated[str | None, Effect.IN_PLACE, Mark.NOT_RETURNED] = Field(
        None, description="prefix of its frames' keys, for `videosnap frames`"
    )
    triggers: Annotated[list[Any], Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        default_factory=lambda: [], description="any values; a change of one starts a new task"
    )
    profile: Annotated[Name | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="account to use, from the vendor's profile file"
    )
    edition: Annotated[str | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="set by the provider: the vendor's cloud that has the task, if not Volcengine's own"
    )
    state: Annotated[str, Effect.IN_PLACE] = Field(
        RUNNING, description="set by the provider: the state that the task should have"
    )
