"""The inputs of a snapshot job: every field with its range, default and effect.

The single source for validation, diff and the docs' table. Ranges are those of the vendor's parameter
details (SnapshotConfig) and SubmitSnapshotJob; where its pages disagree, docs/snapshot-job.md says which
one is followed. A field without a default is not sent; the service's own default applies.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from pulumi_videosnap.alibaba.enums import (
    SnapshotConfigFormat,
    SnapshotConfigFrameType,
    SnapshotJobOnDelete,
    SnapshotJobWaitFor,
)
from pulumi_videosnap.alibaba.rules import broken_rules, fault_in_key, is_sequence
from pulumi_videosnap.core.properties import Unknown
from pulumi_videosnap.core.schema import (
    Effect,
    Inputs,
    Mark,
    Unit,
    WholeNumber,
    one_of,
    rule,
    text,
    text_without,
)

SUCCESS = "success"
"""The `result` that every declared job should have."""
LARGEST_TOKEN = 65
"""Bytes of UserData that are kept for the provider's own token and the hyphen before it."""
_LONGEST_USER_DATA = 1024 - LARGEST_TOKEN
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese letters: the ideographs of Unicode, rare ones too."""
_MAX = 2**53 - 1
"""Where the vendor names no upper limit: the largest number that the engine keeps exactly."""

Bucket = Annotated[
    str,
    text(r"[a-z0-9][a-z0-9-]{2,62}", "3 to 63 lower-case letters, digits or hyphens, with no hyphen first"),
]
Location = Annotated[
    str, text(r"oss-(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*", "a location of OSS, such as 'oss-cn-hangzhou'")
]
Key = Annotated[str, text_without(fault_in_key)]
Profile = Annotated[str, text(r"(?s).+", "a text that is not empty", private=True)]
UserData = Annotated[
    str,
    text(
        rf"(?=[^-])[-0-9A-Za-z{HAN}]{{1,{_LONGEST_USER_DATA}}}",
        "Chinese or English letters, digits and hyphens, with no hyphen first",
    ),
    text_without(
        lambda value: (
            f"must be at most {_LONGEST_USER_DATA} bytes long"
            if len(value.encode()) > _LONGEST_USER_DATA
            else None
        )
    ),
]
Pixels = Annotated[WholeNumber | None, Effect.REPLACE, Unit("pixels")]


class InputFile(Inputs):
    """The video that frames are cut from."""

    location: Annotated[Location, Effect.REPLACE] = Field(description="OSS location; it names the region too")
    bucket: Annotated[Bucket, Effect.REPLACE] = Field(description="bucket, authorised for MPS")
    object: Annotated[Key, Effect.REPLACE] = Field(
        description="the video's key, plain: it is encoded for you"
    )
    referer: Annotated[str | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="for a bucket with hot-link protection"
    )


class OutputFile(Inputs):
    """Where the frames go."""

    location: Annotated[Location, Effect.REPLACE] = Field(description="OSS location, the input's")
    bucket: Annotated[Bucket, Effect.REPLACE] = Field(description="bucket for the frames")
    object: Annotated[Key, Effect.REPLACE] = Field(
        description="key, plain, with placeholders such as `{Count}`"
    )


class TileOutputFile(Inputs):
    """Where the tile sheets of frames go."""

    location: Annotated[Location, Effect.REPLACE] = Field(description="OSS location, the input's")
    bucket: Annotated[Bucket, Effect.REPLACE] = Field(description="bucket for the sheets")
    object: Annotated[Key, Effect.REPLACE] = Field(description="key, plain, with `{TileCount}`")


class TileOut(Inputs):
    """How frames are laid out on a sheet."""

    lines: Annotated[WholeNumber | None, Effect.REPLACE] = Field(
        None, ge=1, le=10000, description="rows of a sheet (the service's default is 10)"
    )
    columns: Annotated[WholeNumber | None, Effect.REPLACE] = Field(
        None, ge=1, le=10000, description="columns of a sheet (the service's default is 10)"
    )
    cell_width: Pixels = Field(None, ge=1, le=_MAX, description="width of a cell; the frame's own")
    cell_height: Pixels = Field(None, ge=1, le=_MAX, description="height of a cell; the frame's own")
    margin: Pixels = Field(None, ge=0, le=_MAX, description="border around a sheet")
    padding: Pixels = Field(None, ge=0, le=_MAX, description="gap between cells")
    color: Annotated[str | None, Effect.REPLACE] = Field(
        None,
        description="background of a sheet: a name, `#rrggbb` or `random` (the service's default is black)",
    )
    is_keep_cell_pic: Annotated[bool | None, Effect.REPLACE] = Field(
        None, description="whether the single frames are kept too (the service's default is true)"
    )
    cell_sel_step: Annotated[WholeNumber | None, Effect.REPLACE] = Field(
        None, ge=1, le=_MAX, description="take every n-th frame for a sheet; only seen in responses"
    )


class SubOut(Inputs):
    """How the frames of a WebVTT are stored."""

    is_spt_frag: Annotated[bool, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        False, description="lay the frames out on sheets"
    )


class TimeArray(Inputs):
    """Times of the frames, instead of a sequence."""

    time_point_list: Annotated[
        list[Annotated[WholeNumber, Field(ge=0, le=_MAX)]], Effect.REPLACE, Unit("milliseconds")
    ] = Field(min_length=1, description="times in the video, in milliseconds")


class SnapshotConfig(Inputs):
    """Which frames to take, and their size and format."""

    output_file: OutputFile
    time: Annotated[WholeNumber | None, Effect.REPLACE, Unit("milliseconds")] = Field(
        None, ge=0, le=_MAX, description="time of the frame, or start of the sequence"
    )
    interval: Annotated[WholeNumber | None, Effect.REPLACE, Unit("seconds")] = Field(
        None, ge=0, le=_MAX, description="between two frames; 0 spreads them over the whole video"
    )
    num: Annotated[WholeNumber | None, Effect.REPLACE, Unit("frames")] = Field(
        None, ge=1, le=_MAX, description="how many at most; without it, until the end of the video"
    )
    width: Pixels = Field(None, ge=8, le=4096, description="one side alone keeps the proportions")
    height: Pixels = Field(None, ge=8, le=4096, description="one side alone keeps the proportions")
    frame_type: Annotated[str | None, one_of(SnapshotConfigFrameType), Effect.REPLACE] = Field(
        None, description="`normal` is the exact frame, `intra` the nearest key frame"
    )
    tile_output_file: TileOutputFile | None = None
    tile_out: TileOut | None = None
    format: Annotated[str | None, one_of(SnapshotConfigFormat), Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="`vtt` writes a WebVTT file with the frames"
    )
    sub_out: SubOut | None = None
    black_level: Annotated[WholeNumber | None, Effect.REPLACE, Mark.NOT_RETURNED, Unit("percent")] = Field(
        None, ge=30, le=100, description="share of black from which a first frame is skipped"
    )
    pixel_black_threshold: Annotated[WholeNumber | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, ge=0, le=255, description="brightness below which a pixel is black"
    )
    time_array: TimeArray | None = None

    @model_validator(mode="after")
    def _rules_among_fields(self) -> SnapshotConfig:
        for path, reason in broken_rules(self.properties()):
            raise rule(path, reason)
        return self


class SnapshotJobInputs(Inputs):
    """All inputs of one snapshot job."""

    owner: Annotated[str, Effect.IN_PLACE] = Field(
        min_length=1,
        description="set by the resource: whose job it is; defaults to `<project>.<stack>.<name>`",
    )
    input: InputFile
    snapshot_config: SnapshotConfig
    pipeline_id: Annotated[
        str | None, text(r"[0-9a-f]{32}", "32 digits or letters from a to f"), Effect.REPLACE
    ] = Field(None, description="the pipeline, needed for notifications")
    user_data: Annotated[UserData | None, Effect.REPLACE] = Field(
        None, description="your own text; the provider's token is added to it"
    )
    wait_for: Annotated[str, one_of(SnapshotJobWaitFor), Effect.IN_PLACE, Mark.NOT_RETURNED] = Field(
        "finished", description="what `up` waits for"
    )
    timeout: Annotated[WholeNumber, Effect.IN_PLACE, Mark.NOT_RETURNED, Unit("seconds")] = Field(
        600, ge=1, le=86400, description="how long `up` waits for the end of the job"
    )
    on_delete: Annotated[str, one_of(SnapshotJobOnDelete), Effect.IN_PLACE, Mark.NOT_RETURNED] = Field(
        "keep-frames", description="what happens to the frames when the resource is deleted"
    )
    triggers: Annotated[list[Any], Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        default_factory=lambda: [], description="any values; a change of one makes a new job"
    )
    profile: Annotated[Profile | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="account to use, from the vendor's profile file"
    )
    result: Annotated[str, Effect.REPLACE] = Field(
        SUCCESS, description="set by the provider: the result that the job should have"
    )

    @property
    def is_sequence(self) -> bool:
        """Whether the job may take more than one frame."""
        return is_sequence(self.snapshot_config.properties())

    @model_validator(mode="after")
    def _one_region(self) -> SnapshotJobInputs:
        """A job reads and writes in the region of its service (SubmitSnapshotJob, Location)."""
        source, config = self.input, self.snapshot_config
        if isinstance(source, Unknown) or isinstance(config, Unknown):
            return self
        for name, file in (("outputFile", config.output_file), ("tileOutputFile", config.tile_output_file)):
            if isinstance(file, OutputFile | TileOutputFile) and _differ(file.location, source.location):
                raise rule(
                    ("snapshotConfig", name, "location"),
                    f"must be input.location, {source.location!r}: a job reads and writes in one region",
                )
        return self


def _differ(one: Any, other: Any) -> bool:
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and one != other
