"""Requests and responses of Alibaba Cloud MPS (API "Mts", version 2014-06-18): snapshot jobs and pipelines.

Names are the vendor's in snake_case; requests and responses have them in PascalCase. Requests are strict: an
unknown name or a wrong type is an error, and None is not sent. Responses are lenient: a field that is
missing, empty or unreadable has its default, and an unknown field is ignored.

Sources: the vendor's pages SubmitSnapshotJob, QuerySnapshotJobList, SearchPipeline, QueryPipelineList and
their appendix of parameter details (参数详情), and the types of its Python SDK, version 6.0.3.
"""

from __future__ import annotations

import enum
import json
from datetime import datetime, timezone
from typing import Any

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)
from pydantic.alias_generators import to_pascal

from pulumi_videosnap.core.timestamps import is_plausible


class State(str, enum.Enum):
    """The documented states of a job; the third is the vendor's spelling."""

    SUBMITTED = "Submitted"
    SNAPSHOTING = "Snapshoting"
    SUCCESS = "Success"
    FAIL = "Fail"


ENDED = frozenset({State.SUCCESS.value, State.FAIL.value})
"""The states that a job does not leave."""


class Wire(BaseModel):
    """Part of a request or response: PascalCase in JSON, snake_case here."""

    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, frozen=True, defer_build=True)


class Sent(Wire):
    """Part of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Received(Wire):
    """Part of a response; only a field without a default can make it unreadable."""

    model_config = ConfigDict(extra="ignore", strict=False, coerce_numbers_to_str=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _default_if_unreadable(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        field = cls.model_fields[info.field_name or ""]
        try:
            # The service writes "" where it has nothing to say, for numbers too.
            return handler(None if value == "" else value)
        except ValidationError:
            if field.is_required():
                raise
            return field.get_default(call_default_factory=True)


# -- SubmitSnapshotJob: what is sent ------------------------------------------------------------------------


class InputFile(Sent):
    """The video: an object of OSS.

    `location` is the bucket's region in OSS's spelling (`oss-cn-hangzhou`), `object` the key as
    `url_encoded`, 1 to 1,023 bytes; `referer` is needed by buckets with hot-link protection.
    """

    bucket: str
    location: str
    object: str
    referer: str | None = None


class OutputFile(Sent):
    """Where frames or sheets go; `object` is URL-encoded, with placeholders such as `%7BCount%7D`."""

    bucket: str
    location: str
    object: str


class TileOut(Sent):
    """How frames are put together on a sheet. Lengths in pixels; counts from 1 to 10,000.

    `color` is a keyword or `random`. `cell_sel_step` is in the vendor's responses only; no page says how, or
    whether, to request it.
    """

    lines: int | None = None
    columns: int | None = None
    cell_width: int | None = None
    cell_height: int | None = None
    margin: int | None = None
    padding: int | None = None
    color: str | None = None
    is_keep_cell_pic: bool | None = None
    cell_sel_step: int | None = None


class SubOut(Sent):
    """WebVTT: whether to tile the frames that it refers to."""

    is_spt_frag: bool | None = None


class TimeArray(Sent):
    """The times to capture, in milliseconds. NOT DOCUMENTED for requests: spelled as in responses."""

    time_point_list: list[int] | None = None


class Shots(Wire):
    """Which frames to take, and how large: what request and response have in common.

    `time` in milliseconds; `interval` in seconds, 0 to spread the frames over the video; `num` 1 or more;
    `width` and `height` in pixels, 8 to 4,096; `frame_type` normal or intra. Either of `interval` and `num`
    makes the job asynchronous.
    """

    time: int | None = None
    interval: int | None = None
    num: int | None = None
    width: int | None = None
    height: int | None = None
    frame_type: str | None = None


class SnapshotConfig(Shots, Sent):
    """What to capture and where to put it.

    `format` is `vtt` for WebVTT; `black_level` 30 to 100 is the share, in percent, of black pixels from which
    a first frame counts as black, `pixel_black_threshold` 0 to 255 the value below which a pixel does.
    """

    output_file: OutputFile
    tile_output_file: OutputFile | None = None
    tile_out: TileOut | None = None
    format: str | None = None
    sub_out: SubOut | None = None
    black_level: int | None = None
    pixel_black_threshold: int | None = None
    time_array: TimeArray | None = None


class SubmitSnapshotJobBody(Sent):
    """SubmitSnapshotJob. `user_data` at most 1,024 bytes: letters, digits and hyphens, no hyphen first."""

    input: InputFile
    snapshot_config: SnapshotConfig
    pipeline_id: str | None = None
    user_data: str | None = None

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """What to send; `Input` and `SnapshotConfig` are JSON objects written as text."""
        said = as_text(self.model_dump(by_alias=True, exclude_none=True))
        return tuple(
            (name, value if isinstance(value, str) else _json(value)) for name, value in said.items()
        )


def as_text(value: Any) -> Any:
    """Numbers and truth values as strings: the type that the vendor's tables give every field.

    Its samples send numbers both ways, and its responses echo strings. Lists keep numbers, as in its types.
    """
    if isinstance(value, dict):
        return {name: as_text(inner) for name, inner in value.items()}
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- SubmitSnapshotJob and QuerySnapshotJobList: what is received -------------------------------------------


class EchoedFile(Received):
    """An object of OSS as a response names it; `object` is encoded, as it was sent."""

    bucket: str | None = None
    location: str | None = None
    object: str | None = None
    role_arn: str | None = None


class EchoedTileOut(TileOut, Received):
    """How frames are put together on a sheet, as a response repeats it."""


class EchoedTimeArray(TimeArray, Received):
    """The times to capture, as a response repeats them."""


class EchoedConfig(Shots, Received):
    """The settings that a response repeats: not `format`, `sub_out` and the two for black frames."""

    output_file: EchoedFile | None = None
    tile_output_file: EchoedFile | None = None
    tile_out: EchoedTileOut | None = None
    time_array: EchoedTimeArray | None = None


class MnsMessageResult(Received):
    """The result of the notification at the job's end."""

    message_id: str = ""
    error_code: str = ""
    error_message: str = ""


class SnapshotJob(Received):
    """A job as the service returns it.

    `state` is one of `State`, or empty when the response omits it; `code` and `message` say why it failed;
    `count` is the number of frames taken; `creation_time` is in UTC. The vendor's pages leave open
    whether `tile_count` counts sheets or the cells on them.
    """

    id: str = Field(min_length=1)
    state: str = ""
    code: str = ""
    message: str = ""
    count: int | None = None
    tile_count: int | None = None
    creation_time: AwareDatetime | None = None
    pipeline_id: str | None = None
    user_data: str | None = None
    input: EchoedFile | None = None
    snapshot_config: EchoedConfig | None = None
    mns_message_result: MnsMessageResult | None = Field(
        None, validation_alias=AliasChoices("MNSMessageResult", "MnsMessageResult", "mns_message_result")
    )

    @field_validator("creation_time", mode="after")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.astimezone(timezone.utc) if value and is_plausible(value) else None

    @property
    def has_ended(self) -> bool:
        """Whether the job has succeeded or failed for good."""
        return self.state in ENDED


# -- Pipelines ----------------------------------------------------------------------------------------------


class NotifyConfig(Received):
    """The queue or topic that is notified of a pipeline's finished jobs."""

    queue_name: str | None = None
    topic: str | None = None
    mq_topic: str | None = None
    mq_tag: str | None = None


class Pipeline(Received):
    """A queue of jobs. `state` is Active or Paused; `speed` Standard, Boost, or one of the special kinds."""

    id: str = Field(min_length=1)
    name: str = ""
    state: str = ""
    speed: str = ""
    speed_level: int | None = None
    quota_allocate: int | None = None
    role: str | None = None
    notify_config: NotifyConfig | None = None


class Refusal(Received):
    """Code and message of a refused call; blank where the service sends none."""

    request_id: str = ""
    code: str = ""
    message: str = ""
