"""What a job writes: names and sizes of frames, sheets, WebVTT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from support.data import load
from support.mps_videos import OUTPUT, Recipe, make_video, opened, take
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.services.mps.models import ObjectRef, RenderedObject, SnapshotResult, TileOut

SHEET = ObjectRef(OUTPUT.bucket, OUTPUT.location, "out/sheet-{TileCount}.jpg")
CELL = TileOut(cell_width=168, cell_height=96)
VTT: dict[str, Any] = {"format": "vtt", "output": "a/b/x.vtt"}
TABLES = load("mps/outputs.json")
Rgb = tuple[int, ...]


def size(one: RenderedObject) -> tuple[int, int]:
    return opened(one).size


def color(image: Image.Image, x: int, y: int) -> Rgb:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def test_the_documents_example(sample_video: bytes) -> None:
    result = take(sample_video, time=2000, interval=1, num=3, height=180)
    assert [frame.source_ms for frame in result.frames] == [2000, 3000, 4000]
    assert [frame.key for frame in result.frames] == [f"out/x-0000{number}.jpg" for number in (1, 2, 3)]
    assert {size(frame) for frame in result.frames} == {(320, 180)}


@pytest.mark.parametrize(("key", "template", "name"), TABLES["placeholders"])
def test_placeholders(plain: bytes, key: str, template: str, name: str) -> None:
    assert [one.key for one in take(plain, time=1234, key=key, output=template).frames] == [name]


def test_counts_number_the_frames_taken_and_times_are_the_moments_asked_for(plain: bytes) -> None:
    result = take(plain, time=100, interval=1, frame_type="intra", output="{SnapshotTime}-{Count}")
    found = [(frame.key, frame.source_ms) for frame in result.frames]
    assert found == [("100-00001", 0), ("1100-00002", 800), ("2100-00003", 1600)]


@pytest.mark.parametrize(("source", "sides", "expected"), TABLES["sizes"], ids=str)
def test_sizes(source: list[int], sides: dict[str, Any], expected: list[int]) -> None:
    video = make_video(Recipe(frames=2, size=(source[0], source[1])))
    assert size(take(video, **sides).frames[0]) == tuple(expected)


def test_both_sides_given_stretch_the_frame(plain: bytes) -> None:
    image = opened(take(plain, width=100, height=300).frames[0])
    for corner in ((2, 2), (97, 2), (2, 260), (97, 260)):
        assert color(image, *corner) == pytest.approx((110, 140, 170), abs=8)


def tiled(video: bytes, tile: TileOut | None, **fields: Any) -> SnapshotResult:
    points = tuple(number * 40 for number in range(7))
    return take(video, **{"time_points": points, "tile": tile, "tile_output": SHEET, **fields})


@pytest.mark.parametrize(("tile", "fields", "expected"), TABLES["sheet_sizes"], ids=str)
def test_sizes_of_sheets(
    plain: bytes, tile: dict[str, int] | None, fields: dict[str, Any], expected: list[int]
) -> None:
    result = tiled(plain, None if tile is None else TileOut(**tile), **fields)
    assert (list(size(result.sheets[0])), len(result.frames)) == (expected, 7)


def test_names_of_sheets_have_the_first_moment(plain: bytes) -> None:
    place = ObjectRef("b", "l", "{FileName}.{ExtName}/{SnapshotTime}-{TileCount}-{Count}")
    result = tiled(plain, replace(CELL, lines=1, columns=4), tile_output=place)
    assert [sheet.key for sheet in result.sheets] == ["x.mp4/0-00001-{Count}", "x.mp4/160-00002-{Count}"]


@pytest.mark.parametrize(("name", "rgb"), TABLES["colors"])
def test_colors(plain: bytes, name: str, rgb: list[int]) -> None:
    sheet = tiled(plain, replace(CELL, lines=2, columns=7, color=name)).sheets[0]
    assert color(opened(sheet), 20, 150) == pytest.approx(tuple(rgb), abs=3)


def test_a_random_color_is_the_jobs_own(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=7, color="random")
    one, again, other = (color(opened(tiled(plain, tile, time=at).sheets[0]), 20, 150) for at in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("name", TABLES["bad_colors"])
def test_unknown_colors(plain: bytes, name: str) -> None:
    with pytest.raises(ApiError, match="SnapshotConfig:TileOut:Color"):
        tiled(plain, TileOut(color=name))


@pytest.mark.parametrize("tile", [TileOut(10_000, 10_000), TileOut(1, 400), TileOut(200, 100), None], ids=str)
def test_an_image_beyond_the_limits_is_refused(plain: bytes, tile: TileOut | None) -> None:
    fields: dict[str, Any] = {"height": 4096} if tile is None else {}
    video = make_video(Recipe(frames=1, size=(1600, 16))) if tile is None else plain
    with pytest.raises(ApiError, match=r"makes no image of \d+x\d+ pixels"):
        tiled(video, tile, **fields)


def vtt_text(result: SnapshotResult) -> str:
    assert result.vtt is not None
    assert result.vtt.content_type == "text/vtt"
    return result.vtt.body.decode()


@pytest.mark.parametrize(("fields", "cues"), TABLES["webvtt"], ids=str)
def test_webvtt(plain: bytes, fields: dict[str, Any], cues: list[str]) -> None:
    """The text and the objects. A place for sheets makes none beside a text."""
    more = {"tile": TileOut(**fields["tile"]), "tile_output": SHEET} if "tile" in fields else {}
    result = take(plain, **VTT, **{"interval": 1, **fields, **more})
    parts = [cue.split(" ") for cue in cues]
    blocks = [f"{timestamp(begin)} --> {timestamp(end)}\n{file}" for begin, end, file in parts]
    assert vtt_text(result) == "\n\n".join(["WEBVTT", *blocks]) + "\n"
    files = list(dict.fromkeys(file.split("#")[0] for _, _, file in parts))
    assert [one.key for one in result.objects] == [*(f"a/b/{file}" for file in files), "a/b/x.vtt"]
    sheets = len(files) if "sprite_fragments" in fields else 0
    assert (result.count, result.tile_count) == (1 if "num" in fields else 3, sheets)


def timestamp(seconds: str) -> str:
    return f"00:00:{float(seconds):06.3f}"


def test_the_sister_services_coordinates(sample_video: bytes) -> None:
    tile = TileOut(cell_width=134, cell_height=240)
    fields = {"output": "x.vtt", "format": "VTT", "interval": 1, "num": 7, "sprite_fragments": True}
    result = take(sample_video, **fields, tile=tile)  # type: ignore[arg-type]
    last = vtt_text(result).splitlines()[-2:]
    assert last == ["00:00:06.000 --> 00:00:07.000", "x/snapshot-tile-00001.jpg#xywh=804,0,134,240"]
    assert size(result.sheets[0]) == (1340, 2400)


@pytest.mark.parametrize(("fields", "cues"), TABLES["cues"], ids=str)
def test_cues(plain: bytes, fields: dict[str, Any], cues: list[str]) -> None:
    points = {"time_points": tuple(fields["time_points"])} if "time_points" in fields else {}
    lines = vtt_text(take(plain, **VTT, **{**fields, **points})).splitlines()
    times = [tuple(map(timestamp, cue.split())) for cue in cues]
    assert [line for line in lines if "-->" in line] == [f"{begin} --> {end}" for begin, end in times]


def test_moments_without_a_key_frame_have_no_cue(sample_video: bytes) -> None:
    text = vtt_text(take(sample_video, **VTT, interval=1, num=4, frame_type="intra"))
    cues = [line for line in text.splitlines() if "-->" in line]
    assert cues == ["00:00:00.000 --> 00:00:01.000", "00:00:02.000 --> 00:00:03.000"]


def test_hours() -> None:
    recipe = Recipe("matroska", frames=3, clock=1, b_frames=0, pts=lambda number: number * 200_000)
    assert "\n111:06:40.123 --> " in vtt_text(take(make_video(recipe), **VTT, time_points=(400_000_123,)))


def test_names_of_webvtt(plain: bytes) -> None:
    result = take(plain, format="vtt", output="{ObjectPrefix}{FileName}.vtt", key="in/视频.mp4")
    assert "\n视频/snapshot-00001.jpg\n" in vtt_text(result)
    assert [one.key for one in result.objects] == ["in/视频/snapshot-00001.jpg", "in/视频.vtt"]
    with pytest.raises(ApiError, match="SnapshotConfig:OutputFile:Object"):
        take(plain, format="vtt", output="x.jpg")
