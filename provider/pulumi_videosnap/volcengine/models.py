"""The four snapshot actions of Volcengine RTC, version 2023-11-01, as requests and responses.

Names are the vendor's in snake_case; the JSON carries them in PascalCase. Requests are written without
nulls. Responses are read leniently: a field that the service does not send is None, an unknown field is
ignored, and a number without a word in the tables below stays a number.

Sources: the vendor's pages docs/6348/1188223 to 1188226 and the types of its Go SDK (service/rtc/v20231101).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    field_serializer,
    field_validator,
)
from pydantic.alias_generators import to_pascal

from pulumi_videosnap.core.schema import words_in
from pulumi_videosnap.core.timestamps import PLAUSIBLE_YEARS
from pulumi_videosnap.errors import InvalidInput
from pulumi_videosnap.volcengine import enums
from pulumi_videosnap.volcengine.editions import BYTEPLUS

# The words that stand for the vendor's numbers in programs and in state (the field tables of StartSnapshot
# and GetSnapshotTask). A number without a word here stays a number, so that a newer service does not break an
# older provider. The storage classes start at 1.
FORMAT_WORDS: Mapping[int, str] = dict(enumerate(words_in(enums.ImageConfigFormat)))
STREAM_TYPE_WORDS: Mapping[int, str] = dict(enumerate(words_in(enums.StreamStreamType)))
STORAGE_TYPE_WORDS: Mapping[int, str] = dict(enumerate(words_in(enums.StorageConfigType)))
VENDOR_WORDS: Mapping[int, str] = dict(enumerate(words_in(enums.CustomConfigVendor)))
STORAGE_CLASS_WORDS: Mapping[int, str] = dict(enumerate(words_in(enums.VodConfigStorageClass), 1))
STATUS_WORDS: Mapping[int, str] = {0: "unknown", 1: "not started", 2: "running", 3: "ended", 4: "failed"}


_LATEST = int(datetime(PLAUSIBLE_YEARS[-1], 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
"""The last time that is believed, in Unix milliseconds."""


class StopReason(str, Enum):
    """SnapshotTask.StopReason, in the vendor's spelling; absent or empty while the task has not ended."""

    UNKNOWN = "UnknownStopReason"
    STOP_BY_API = "StopByAPI"
    START_TASK_FAILED = "StartTaskFailed"
    IDLE_TIME_OUT = "IdleTimeOut"
    USER_DISCONNECT = "UserDisconnect"


def word(words: Mapping[int, str], number: int | None) -> str | int | None:
    """The word for one of the vendor's numbers; the number itself where there is none."""
    return number if number is None else words.get(number, number)


def number(words: Mapping[int, str], word: str) -> int | None:
    """The vendor's number for a word; None where there is none."""
    return next((number for number, known in words.items() if known == word), None)


@dataclass(frozen=True)
class TaskKey:
    """What identifies a snapshot task: a task id is unique within one room of one app."""

    app_id: str
    room_id: str
    task_id: str
    edition: str | None = None

    @property
    def id(self) -> str:
        """The resource id, `app/room/task`; none of the three may contain a slash by the vendor's rule.

        In another edition than the default one it begins with the edition's name.
        """
        parts = (self.edition, self.app_id, self.room_id, self.task_id)
        return "/".join(part for part in parts if part is not None)

    @classmethod
    def parse(cls, id: str) -> TaskKey:
        """The key behind a resource id; InvalidInput when it is not of the form `app/room/task`."""
        parts = id.split("/")
        named = parts[0] == BYTEPLUS.name and len(parts) > len(("app", "room", "task"))
        edition = parts.pop(0) if named else None
        if len(parts) != len(("app", "room", "task")) or not all(parts):
            raise InvalidInput("id", f"{id!r} is not of the form app/room/task")
        app, room, task = parts
        return cls(app, room, task, edition)


class Wire(BaseModel):
    """Part of a request or response: PascalCase in JSON, snake_case here."""

    model_config = ConfigDict(
        alias_generator=to_pascal,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        coerce_numbers_to_str=True,
        # A refused value may be a third party's key.
        hide_input_in_errors=True,
        defer_build=True,
    )


class ImageConfig(Wire):
    """Format, size in pixels (0: as the stream), and seconds between two frames."""

    format: int | None = None
    width: int | None = None
    height: int | None = None
    interval: int | None = Field(None, ge=0, lt=2**31)


class Stream(Wire):
    """One stream to capture: a user's camera or screen. `index` is unique within its list."""

    index: int | None = None
    user_id: str | None = None
    stream_type: int | None = None


class TargetStreams(Wire):
    """The streams to capture; no list, or an empty one, means every stream of the room."""

    stream_list: list[Stream] | None = None

    @field_validator("stream_list", mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        return [item for item in value if item is not None] if isinstance(value, list) else value


class TosConfig(Wire):
    """A bucket of Volcengine's object storage."""

    account_id: str | None = None
    region: int | None = None
    bucket: str | None = None


class VodConfig(Wire):
    """A space of Volcengine's video on demand."""

    account_id: str | None = None
    region: int | None = None
    space: str | None = None
    storage_class: int | None = None
    auto_set_file_extension: bool | None = None


class CustomConfig(Wire):
    """A third party's S3-protocol bucket; the service never returns the two keys."""

    vendor: int | None = None
    region: int | None = None
    bucket: str | None = None
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None

    @field_serializer("access_key", "secret_key", mode="wrap")
    def _revealed_on_the_wire_only(
        self, value: SecretStr | None, handler: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> Any:
        on_the_wire = isinstance(info.context, dict) and info.context.get("on_the_wire") is True
        return value.get_secret_value() if value is not None and on_the_wire else handler(value)


class VeImageXConfig(Wire):
    """A service of Volcengine's image hosting."""

    account_id: str | None = None
    region: int | None = None
    service_id: str | None = None


class StorageConfig(Wire):
    """Where frames go: `type` says which of the four platforms counts."""

    type: int | None = None
    tos_config: TosConfig | None = None
    vod_config: VodConfig | None = None
    custom_config: CustomConfig | None = None
    ve_image_x_config: VeImageXConfig | None = None


class Body(Wire):
    """What every request has: the task, and optionally its business tag."""

    app_id: str
    business_id: str | None = None
    room_id: str
    task_id: str

    def to_json(self) -> bytes:
        """The bytes to send, without nulls; the only place where a third party's keys are in clear text."""
        text = self.model_dump_json(by_alias=True, exclude_none=True, context={"on_the_wire": True})
        return text.encode()


class StartSnapshotBody(Body):
    """StartSnapshot. `max_idle_time` in seconds; `storage_config` is required."""

    target_streams: TargetStreams | None = None
    max_idle_time: int | None = None
    image_config: ImageConfig | None = None
    storage_config: StorageConfig

    @property
    def key(self) -> TaskKey:
        """The identity that the program chose for the task."""
        return TaskKey(self.app_id, self.room_id, self.task_id)


class UpdateSnapshotBody(Body):
    """UpdateSnapshot. Of `image_config` only `interval` takes effect."""

    image_config: ImageConfig | None = None


class StopSnapshotBody(Body):
    """StopSnapshot."""


class SnapshotTask(Wire):
    """A task as GetSnapshotTask returns it. Times in Unix milliseconds; `end_time` 0 means not ended."""

    start_time: int | None = Field(None, ge=0, le=_LATEST)
    end_time: int | None = Field(None, ge=0, le=_LATEST)
    status: int | None = None
    stop_reason: str | None = None
    max_idle_time: int | None = None
    target_streams: TargetStreams | None = None
    image_config: ImageConfig | None = None
    storage_config: StorageConfig | None = None

    def is_blank(self) -> bool:
        """Whether every field is absent, empty or zero, which no real task can be."""
        return _blank(self.model_dump(exclude_none=True))


def _blank(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_blank(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_blank(inner) for inner in value)
    return not value


class ResponseError(Wire):
    """ResponseMetadata.Error; `code_n` is the gateway's number, absent for the service's own codes."""

    code_n: int | None = None
    code: str = ""
    message: str = ""

    @field_validator("code", "message", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value


class ResponseMetadata(Wire):
    """The envelope's metadata; the gateway may omit all but `request_id`."""

    request_id: str | None = None
    action: str | None = None
    version: str | None = None
    service: str | None = None
    region: str | None = None
    error: ResponseError | None = None


class Envelope(Wire):
    """Any response; `result` is `"ok"`, another sentence, an object, null or absent."""

    response_metadata: ResponseMetadata
    result: Any = None
