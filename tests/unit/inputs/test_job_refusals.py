"""Every kind of wrong input of a snapshot job is refused, with its path and with what to write."""

# ruff: noqa: E501

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from support.plugin import UNKNOWN, running_plugin
from unit.inputs.jobs import CONFIG, MOMENTS, OUTPUT, SHEETS, TILE, moments, sequence, web_vtt
from unit.inputs.tasks import ABSENT, Check, Inputs, Path, edited

URN = "urn:pulumi:dev::stories::pulumi-python:dynamic/alibaba:SnapshotJob::"


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path_factory.mktemp("home"))}
    with running_plugin(environment, serialize_provider(SnapshotJobProvider())) as plugin:
        yield lambda inputs: plugin.check(f"{URN}job", inputs)


def bad(id: str, path: Path, value: Any, refused: str, of: Inputs | None = None) -> ParameterSet:
    """One kind: the value at the path of otherwise good inputs, and how the refusal must read."""
    return pytest.param(edited(of or sequence(), {path: value}), refused, id=id)


def pixels(low: int, high: int, value: int) -> str:
    return f"must be a whole number from {low} to {high} pixels, not {value}"


KEY = "snapshot_config.output_file.object"
SHEET = "snapshot_config.tile_output_file.object"
BUCKET = "must be 3 to 63 lower-case letters, digits or hyphens, none at the ends"
OSS = "must be a location of OSS, such as 'oss-cn-hangzhou'"
UP_TO = "to 2147483647"

# fmt: off
REFUSED = [
    bad("no owner", ("owner",), ABSENT, "owner is required"),
    bad("no input", ("input",), ABSENT, "input is required"),
    bad("no location", ("input", "location"), ABSENT, "input.location is required"),
    bad("no bucket", ("input", "bucket"), ABSENT, "input.bucket is required"),
    bad("no key", ("input", "object"), ABSENT, "input.object is required"),
    bad("no config", CONFIG, ABSENT, "snapshot_config is required"),
    bad("no output", OUTPUT, ABSENT, "snapshot_config.output_file is required"),
    bad("no output key", (*OUTPUT, "object"), ABSENT, f"{KEY} is required"),
    bad("no sheet bucket", (*SHEETS, "bucket"), ABSENT, "snapshot_config.tile_output_file.bucket is required"),
    bad(
        "no time",
        (*CONFIG, "time"),
        ABSENT,
        "snapshot_config.time is required: the frame's time, or the start of the sequence, in milliseconds",
    ),
    bad("region for location", ("input", "location"), "cn-hangzhou", f"input.location {OSS}, not 'cn-hangzhou'"),
    bad("empty location", ("input", "location"), "", f"input.location {OSS}, not ''"),
    bad("location in capitals", ("input", "location"), "OSS-cn-hangzhou", f"input.location {OSS}, not 'OSS-cn-hangzhou'"),
    bad(
        "another region",
        (*OUTPUT, "location"),
        "oss-cn-beijing",
        "snapshot_config.output_file.location must be input.location, 'oss-cn-hangzhou': a job reads and writes in one region",
    ),
    bad(
        "another region for sheets",
        (*SHEETS, "location"),
        "oss-cn-beijing",
        "snapshot_config.tile_output_file.location must be input.location, 'oss-cn-hangzhou': a job reads and writes in one region",
    ),
    bad("bucket in capitals", ("input", "bucket"), "Media", f"input.bucket {BUCKET}, not 'Media'"),
    bad("bucket too short", ("input", "bucket"), "ab", f"input.bucket {BUCKET}, not 'ab'"),
    bad("bucket with a hyphen first", (*OUTPUT, "bucket"), "-frames", f"snapshot_config.output_file.bucket {BUCKET}, not '-frames'"),
    bad("bucket too long", ("input", "bucket"), "b" * 64, f"input.bucket {BUCKET}"),
    bad("empty key", ("input", "object"), "", "input.object must have 1 to 1023 bytes in UTF-8"),
    bad("key too long", ("input", "object"), "é" * 512, "input.object must have 1 to 1023 bytes in UTF-8"),
    bad("key with a slash first", ("input", "object"), "/input.mp4", "input.object must not start with a slash or a backslash"),
    bad("key with a backslash first", ("input", "object"), "\\input.mp4", "input.object must not start with a slash or a backslash"),
    bad("key with a line end", ("input", "object"), "in\nput.mp4", "input.object must not contain control characters"),
    bad("empty referer", ("input", "referer"), "", "input.referer must have at least 1 character, not ''"),
    bad("sequence without count", (*OUTPUT, "object"), "still.jpg", f"{KEY} must contain {{Count}}, or each frame overwrites the one before; or set num=1"),
    bad("placeholder misspelt", (*OUTPUT, "object"), "{count}.jpg", f"{KEY} must not contain {{count}}: did you mean {{Count}}?"),
    bad("placeholder of workflows", (*OUTPUT, "object"), "{RunId}_{Count}.jpg", f"{KEY} must not contain {{RunId}}: only workflows have it"),
    bad("placeholder of sheets", (*OUTPUT, "object"), "{TileCount}_{Count}.jpg", f"{KEY} must not contain {{TileCount}}: did you mean {{Count}}?"),
    bad("formatted placeholder", (*OUTPUT, "object"), "{Count:05d}.jpg", f"{KEY} must not contain {{Count:05d}}: did you mean {{Count}}?"),
    bad("encoded key", (*OUTPUT, "object"), "output_%7BCount%7D.jpg", f"{KEY} must be plain, such as output_{{Count}}.jpg: it is encoded for you"),
    bad("moment in a sequence", (*OUTPUT, "object"), "{SnapshotTime}_{Count}.jpg", f"{KEY} must not contain {{SnapshotTime}}: its meaning in a sequence is not documented; use {{Count}}"),
    bad("picture of another format", (*OUTPUT, "object"), "{Count}.PNG", f"{KEY} must not have the suffix of another format: every frame is a JPEG"),
    bad("negative time", (*CONFIG, "time"), -1, f"snapshot_config.time must be a whole number from 0 {UP_TO} milliseconds, not -1"),
    bad("half a millisecond", (*CONFIG, "time"), 0.5, f"snapshot_config.time must be a whole number from 0 {UP_TO} milliseconds, not 0.5"),
    bad("time with a unit", (*CONFIG, "time"), "2s", f"snapshot_config.time must be a whole number from 0 {UP_TO} milliseconds, not '2s'"),
    bad("negative interval", (*CONFIG, "interval"), -1, f"snapshot_config.interval must be a whole number from 0 {UP_TO} seconds, not -1"),
    bad("half a second", (*CONFIG, "interval"), 0.5, f"snapshot_config.interval must be a whole number from 0 {UP_TO} seconds, not 0.5"),
    bad("no pictures", (*CONFIG, "num"), 0, f"snapshot_config.num must be a whole number from 1 {UP_TO} pictures, not 0"),
    bad("narrow", (*CONFIG, "width"), 7, f"snapshot_config.width {pixels(8, 4096, 7)}"),
    bad("high", (*CONFIG, "height"), 4097, f"snapshot_config.height {pixels(8, 4096, 4097)}"),
    bad("frame type", (*CONFIG, "frameType"), "key", "snapshot_config.frame_type must be 'normal' or 'intra', not 'key'"),
    bad("format", (*CONFIG, "format"), "png", "snapshot_config.format must be 'vtt', not 'png'"),
    bad("black level", (*CONFIG, "blackLevel"), 29, "snapshot_config.black_level must be a whole number from 30 to 100 percent, not 29"),
    bad("black pixels", (*CONFIG, "pixelBlackThreshold"), 256, "snapshot_config.pixel_black_threshold must be a whole number from 0 to 255, not 256"),
    bad("no lines", (*TILE, "lines"), 0, "snapshot_config.tile_out.lines must be a whole number from 1 to 10000, not 0"),
    bad("no columns", (*TILE, "columns"), 10001, "snapshot_config.tile_out.columns must be a whole number from 1 to 10000, not 10001"),
    bad("no cell", (*TILE, "cellWidth"), 0, f"snapshot_config.tile_out.cell_width {pixels(1, 4096, 0)}"),
    bad("negative margin", (*TILE, "margin"), -1, f"snapshot_config.tile_out.margin {pixels(0, 4096, -1)}"),
    bad("negative padding", (*TILE, "padding"), -1, f"snapshot_config.tile_out.padding {pixels(0, 4096, -1)}"),
    bad("colour", (*TILE, "color"), "#12345", "snapshot_config.tile_out.color must be a colour's name, '#rrggbb' or 'random', not '#12345'"),
    bad("keep or not", (*TILE, "isKeepCellPic"), "maybe", "snapshot_config.tile_out.is_keep_cell_pic must be true or false, not 'maybe'"),
    bad("step", (*TILE, "cellSelStep"), 0, "snapshot_config.tile_out.cell_sel_step must be a whole number from 1 to 10000, not 0"),
    bad("sheets not counted", (*SHEETS, "object"), "sheet.jpg", f"{SHEET} must contain {{TileCount}}, which counts the sheets"),
    bad("sheets counted as pictures", (*SHEETS, "object"), "{Count}.jpg", f"{SHEET} must not contain {{Count}}: did you mean {{TileCount}}?"),
    bad("sheets without a place", SHEETS, ABSENT, "snapshot_config.tile_output_file is required by tile_out: where the sheets go"),
    bad("moment in the key of a sheet", (*SHEETS, "object"), "{SnapshotTime}_{TileCount}.jpg", f"{SHEET} must not contain {{SnapshotTime}}: a sheet shows many times; use {{TileCount}}"),
    bad("sheets of a VTT without a place", SHEETS, ABSENT, "snapshot_config.tile_output_file is required by tile_out: where the sheets go", web_vtt()),
    bad("one moment not counted", OUTPUT, {"location": "oss-cn-hangzhou", "bucket": "frames", "object": "m.jpg"}, f"{KEY} must contain {{Count}}, or each frame overwrites the one before", edited(moments(), {MOMENTS: [7]})),
    bad("unknown field", (*CONFIG, "intervall"), 2, "snapshot_config.intervall is not a field of this task; did you mean interval?"),
    bad("block as a number", TILE, 3, "snapshot_config.tile_out must be a block of fields"),
    bad("pipeline", ("pipelineId",), "default", "pipeline_id must be 32 digits or letters from a to f, not 'default'"),
    bad("user data with a hyphen first", ("userData",), "-a", "user_data must be Chinese or English letters, digits and hyphens, with no hyphen first, not '-a'"),
    bad("user data with a dot", ("userData",), "a.b", "user_data must be Chinese or English letters, digits and hyphens, with no hyphen first, not 'a.b'"),
    bad("user data too long", ("userData",), "视" * 321, "user_data must be at most 960 bytes long"),
    bad("wait for", ("waitFor",), "done", "wait_for must be 'finished' or 'submitted', not 'done'"),
    bad("no patience", ("timeout",), 0, "timeout must be a whole number from 1 to 86400 seconds, not 0"),
    bad("on delete", ("onDelete",), "delete", "on_delete must be 'keep-frames' or 'delete-frames', not 'delete'"),
    bad("triggers", ("triggers",), "v1", "triggers must be a list"),
    bad("VTT with another key", (*OUTPUT, "object"), "chapters.txt", f"{KEY} must end in .vtt when format is 'vtt'", web_vtt()),
    bad("VTT key without VTT", (*CONFIG, "format"), ABSENT, f"{KEY} must end in .vtt only when format is 'vtt'", edited(web_vtt(), {(*OUTPUT, "object"): "{Count}.vtt", (*CONFIG, "subOut"): ABSENT})),
    bad("VTT of one picture", (*CONFIG, "interval"), ABSENT, "snapshot_config.format needs a sequence: set interval or num, for a single frame num=1", web_vtt()),
    bad("black filter later", (*CONFIG, "time"), 1, "snapshot_config.black_level has no effect unless time is 0; leave it out"),
    bad("moments and time", (*CONFIG, "time"), 5, "snapshot_config.time cannot be combined with time_array, which lists every time; leave it out", moments()),
    bad("moments and interval", (*CONFIG, "interval"), 5, "snapshot_config.interval cannot be combined with time_array, which lists every time; leave it out", moments()),
    bad("no moments", MOMENTS, [], "snapshot_config.time_array.time_point_list must not be empty", moments()),
    bad("a negative moment", MOMENTS, [0, -5], "snapshot_config.time_array.time_point_list[1] must be 0 or more, not -5", moments()),
    bad("a moment in words", MOMENTS, ["now"], "snapshot_config.time_array.time_point_list[0] must be a whole number, not 'now'", moments()),
    bad("moments not counted", (*OUTPUT, "object"), "m.jpg", f"{KEY} must contain {{Count}}, or each frame overwrites the one before", moments()),
]
# fmt: on


@pytest.mark.parametrize(("inputs", "refused"), REFUSED)
def test_a_wrong_input_is_refused(check: Check, inputs: Inputs, refused: str) -> None:
    assert check(inputs)[1] == [refused]


def test_there_are_more_than_forty_kinds() -> None:
    assert len(REFUSED) > 40


@pytest.mark.parametrize("inputs", [sequence(), web_vtt(), moments()], ids=["sequence", "vtt", "moments"])
def test_good_inputs_are_not(check: Check, inputs: Inputs) -> None:
    completed, refused = check(inputs)
    assert refused == []
    assert completed.items() >= {k: v for k, v in inputs.items() if k != "snapshotConfig"}.items()
    assert check(completed) == (completed, []), "completing twice changes nothing"


@pytest.mark.parametrize(
    "path",
    [
        ("input",),
        ("input", "location"),
        CONFIG,
        OUTPUT,
        (*OUTPUT, "object"),
        (*CONFIG, "num"),
        (*CONFIG, "time"),
        SHEETS,
        (*SHEETS, "object"),
        TILE,
        ("userData",),
    ],
    ids=".".join,
)
def test_what_a_preview_does_not_know_yet_is_let_through(check: Check, path: Path) -> None:
    assert check(edited(sequence(), {path: UNKNOWN}))[1] == []


def test_a_region_without_the_service_is_refused(check: Check) -> None:
    nowhere = edited(
        moments(), {("input", "location"): "oss-cn-hangzou", (*OUTPUT, "location"): "oss-cn-hangzou"}
    )
    [refused] = check(nowhere)[1]
    assert refused.startswith("input.location is in region 'cn-hangzou', which has no known MPS endpoint: ")
    assert "cn-hangzhou" in refused


def test_one_place_written_by_two_resources_is_refused() -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    other = edited(sequence(), {("input", "object"): "another/video.mp4"})
    same = edited(sequence(), {(*CONFIG, "num"): 5})
    with running_plugin(environment, serialize_provider(SnapshotJobProvider())) as plugin:
        assert plugin.check(f"{URN}first", sequence())[1] == []
        assert plugin.check(f"{URN}second", same)[1] == [
            f"{KEY} is also written by resource 'first'; choose another key",
            f"{SHEET} is also written by resource 'first'; choose another key",
        ]
        assert plugin.check(f"{URN}third", other)[1] == [
            f"{SHEET} is also written by resource 'first'; choose another key"
        ], "the pictures carry the video's name, the sheets do not"
