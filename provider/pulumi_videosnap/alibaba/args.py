"""The blocks of a snapshot job as a program writes them; plain dicts with the same names do as well.

The input models (`schema.py`) explain values and ranges; these classes are for completion in editors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi


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
