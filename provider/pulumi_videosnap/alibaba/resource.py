"""`alibaba.SnapshotJob`: the Pulumi resource, and the provider that the engine calls for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, to_plain


@dataclass(kw_only=True)
class InputArgs:
    """The video that frames are cut from."""

    location: pulumi.Input[str]
    """Where the bucket is, in OSS's spelling: `oss-cn-hangzhou`. The job runs in that region."""
    bucket: pulumi.Input[str]
    """The bucket; MPS must be allowed to read it."""
    object: pulumi.Input[str]
    """The key as it is, with its blanks and Chinese characters: it is encoded for you."""
    referer: pulumi.Input[str] | None = None
    """The referer that a bucket with hot-link protection wants."""


@dataclass(kw_only=True)
class OutputFileArgs:
    """Where the frames go."""

    location: pulumi.Input[str]
    """The input's location."""
    bucket: pulumi.Input[str]
    """The bucket; MPS must be allowed to write to it."""
    object: pulumi.Input[str]
    """The key, with `{Count}` in a sequence; also `{ObjectPrefix}`, `{FileName}`, `{ExtName}`, and for a
    single frame `{SnapshotTime}`."""


@dataclass(kw_only=True)
class TileOutputFileArgs:
    """Where the tile sheets of frames go."""

    location: pulumi.Input[str]
    """The input's location."""
    bucket: pulumi.Input[str]
    """The bucket; MPS must be allowed to write to it."""
    object: pulumi.Input[str]
    """The key, with `{TileCount}`."""


@dataclass(kw_only=True)
class TileOutArgs:
    """How frames are laid out on a sheet; the service has a default for each."""

    lines: pulumi.Input[int] | None = None
    """Rows."""
    columns: pulumi.Input[int] | None = None
    """Columns."""
    cell_width: pulumi.Input[int] | None = None
    """Pixels; the frame's own width by default."""
    cell_height: pulumi.Input[int] | None = None
    """Pixels; the frame's own height by default."""
    margin: pulumi.Input[int] | None = None
    """Pixels around the sheet."""
    padding: pulumi.Input[int] | None = None
    """Pixels between two cells."""
    color: pulumi.Input[str] | None = None
    """A colour's name, `#rrggbb` or `random`."""
    is_keep_cell_pic: pulumi.Input[bool] | None = None
    """Whether the single frames are kept too."""
    cell_sel_step: pulumi.Input[int] | None = None
    """Take every n-th frame. Only seen in the vendor's responses; not documented for requests."""


@dataclass(kw_only=True)
class SubOutArgs:
    """How the frames of a WebVTT are stored."""

    is_spt_frag: pulumi.Input[bool] | None = None
    """Lay them out on sheets."""


@dataclass(kw_only=True)
class TimeArrayArgs:
    """Times of the frames, instead of a sequence."""

    time_point_list: pulumi.Input[Sequence[pulumi.Input[int]]]
    """Milliseconds. How a request spells this field is not documented; it is sent as responses have it."""


@dataclass(kw_only=True)
class SnapshotConfigArgs:
    """Which frames to take, and their size and format."""

    output_file: pulumi.Input[OutputFileArgs | Mapping[str, Any]]
    """Where the frames go."""
    time: pulumi.Input[int] | None = None
    """**Milliseconds**: the time of the frame, or the start of the sequence."""
    interval: pulumi.Input[int] | None = None
    """**Seconds** between two frames; 0 spreads `num` frames over the whole video."""
    num: pulumi.Input[int] | None = None
    """How many frames at most; without it, until the end of the video. 1 is a single frame."""
    width: pulumi.Input[int] | None = None
    """Pixels, 8 to 4096; one side alone keeps the proportions."""
    height: pulumi.Input[int] | None = None
    """Pixels, 8 to 4096; one side alone keeps the proportions."""
    frame_type: pulumi.Input[str] | None = None
    """`"normal"`, the exact frame, or `"intra"`, the nearest key frame, which is faster."""
    tile_output_file: pulumi.Input[TileOutputFileArgs | Mapping[str, Any]] | None = None
    """Where the sheets go; asks for sheets."""
    tile_out: pulumi.Input[TileOutArgs | Mapping[str, Any]] | None = None
    """How a sheet is laid out."""
    format: pulumi.Input[str] | None = None
    """`"vtt"` for a WebVTT file with its frames."""
    sub_out: pulumi.Input[SubOutArgs | Mapping[str, Any]] | None = None
    """How the frames of a WebVTT are stored."""
    black_level: pulumi.Input[int] | None = None
    """Percent, 30 to 100: a first frame that is blacker is skipped; only when `time` is 0."""
    pixel_black_threshold: pulumi.Input[int] | None = None
    """0 to 255: the brightness below which a pixel is black."""
    time_array: pulumi.Input[TimeArrayArgs | Mapping[str, Any]] | None = None
    """Times, instead of `time`, `interval` and `num`."""


class SnapshotJobProvider(LifecycleProvider):
    """Drives snapshot jobs. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one snapshot job."""
        from pulumi_videosnap.alibaba.lifecycle import snapshot_job  # noqa: PLC0415 - the plugin alone

        return snapshot_job(context)


class SnapshotJob(TaskResource, module="alibaba", name="SnapshotJob"):
    """A job that cuts frames out of a video file, into object storage.

    Names mirror SubmitSnapshotJob (version 2014-06-18). A job runs once and cannot be changed: a change of
    what it asks for, or of `triggers`, submits a new one. A job that failed is submitted again by the next
    `pulumi up`; one that succeeded never runs again by itself.
    """

    _waits = ("create", "update")
    _instead_of_import = "`up` submits a job of its own"
    _outputs = (
        "job_id",
        "state",
        "token",
        "code",
        "message",
        "count",
        "tile_count",
        "creation_time",
        "notification",
        "frames",
        "tile_frames",
        "vtt",
        "result",
    )

    input: pulumi.Output[dict[str, Any]]
    """The video that frames are cut from."""
    snapshot_config: pulumi.Output[dict[str, Any]]
    """Which frames to take, how they are to look, and where they go."""
    pipeline_id: pulumi.Output[str | None]
    """The pipeline that the job is in."""
    user_data: pulumi.Output[str | None]
    """Your own text with the job; the service keeps it together with `token`."""
    wait_for: pulumi.Output[str]
    """Whether `up` waits until the job is `finished`, or only until it is `submitted`."""
    timeout: pulumi.Output[int]
    """Seconds that `up` waits."""
    on_delete: pulumi.Output[str]
    """`keep-frames` or `delete-frames`."""
    triggers: pulumi.Output[Sequence[Any]]
    """Values whose change makes a new job."""
    profile: pulumi.Output[str | None]
    """The account, by its name in the vendor's profile file."""
    owner: pulumi.Output[str]
    """Whose job it is: `<project>.<stack>.<name>`."""
    result: pulumi.Output[str]
    """`"success"`, or how the job failed."""
    job_id: pulumi.Output[str]
    """The service's id of the job."""
    state: pulumi.Output[str]
    """The service's word: Submitted, Snapshoting, Success or Fail."""
    token: pulumi.Output[str]
    """The UserData by which the job is found again after a crash."""
    code: pulumi.Output[str | None]
    """The service's error code, when the job failed."""
    message: pulumi.Output[str | None]
    """The service's words for it."""
    count: pulumi.Output[int | None]
    """Frames that the job took; may be fewer than requested."""
    tile_count: pulumi.Output[int | None]
    """As the service counts; whether sheets or their cells is not documented."""
    creation_time: pulumi.Output[str]
    """RFC 3339, UTC."""
    notification: pulumi.Output[Mapping[str, str] | None]
    """The message at the job's end: `message_id`, or why it was not sent (`error_code`, `error_message`)."""
    frames: pulumi.Output[Sequence[str]]
    """The keys of the frames in the output bucket, in order."""
    tile_frames: pulumi.Output[Sequence[str] | None]
    """The keys of the sheets, when sheets were requested."""
    vtt: pulumi.Output[str | None]
    """The key of the WebVTT file, when one was requested."""

    def __init__(
        self,
        resource_name: str,
        *,
        input: pulumi.Input[InputArgs | Mapping[str, Any]],
        snapshot_config: pulumi.Input[SnapshotConfigArgs | Mapping[str, Any]],
        pipeline_id: pulumi.Input[str] | None = None,
        user_data: pulumi.Input[str] | None = None,
        wait_for: pulumi.Input[str] | None = None,
        timeout: pulumi.Input[int] | None = None,
        on_delete: pulumi.Input[str] | None = None,
        triggers: pulumi.Input[Sequence[Any]] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a snapshot job.

        :param input: the video: location, bucket and key.
        :param snapshot_config: which frames to take, how they are to look, and where they go.
        :param pipeline_id: the pipeline, needed for notifications.
        :param user_data: your own text with the job (letters, digits, hyphens).
        :param wait_for: `"finished"` (default), or `"submitted"` to return at once.
        :param timeout: seconds to wait for the end (1 to 86400, default 600); giving up loses nothing.
        :param on_delete: `"keep-frames"` (default) or `"delete-frames"`.
        :param triggers: any values; a change of one makes a new job.
        :param profile: account to use, from the vendor's profile file.
        """
        props = {
            "owner": f"{pulumi.get_project()}.{pulumi.get_stack()}.{resource_name}",
            "input": to_plain(input),
            "snapshot_config": to_plain(snapshot_config),
            "pipeline_id": pipeline_id,
            "user_data": user_data,
            "wait_for": wait_for,
            "timeout": timeout,
            "on_delete": on_delete,
            "triggers": triggers,
            "profile": profile,
        }
        super().__init__(SnapshotJobProvider(), resource_name, props, opts)
