"""What a job writes: names and sizes of frames, sheets, WebVTT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from support.data import load
from support.mps_videos import OUTPUT, Recipe, make_video, opened, shown_number, take
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.media import frame_marker
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


def cells(sheet: RenderedObject, tile: TileOut) -> list[int | None]:
    """The frame in each cell, None for an empty one."""
    image, found = opened(sheet), list[int | None]()
    width, height = tile.cell_width or 0, tile.cell_height or 0
    for place in range(tile.lines * tile.columns):
        x = tile.margin + place % tile.columns * (width + tile.padding)
        y = tile.margin + place // tile.columns * (height + tile.padding)
        try:
            found.append(frame_marker.read_frame_number(image.crop((x, y, x + width, y + height))))
        except ValueError:
            found.append(None)
    return found


@pytest.mark.parametrize(
    ("changes", "kept", "expected"),
    [
        ({"lines": 2, "columns": 2, "margin": 9, "padding": 5}, 7, [[0, 1, 2, 3], [4, 5, 6, None]]),
        ({"lines": 2, "columns": 4, "keep_cell_pictures": False}, 0, [[0, 1, 2, 3, 4, 5, 6, None]]),
        ({"lines": 1, "columns": 2, "cell_step": 3}, 7, [[0, 3], [6, None]]),
        ({"lines": 7, "columns": 1}, 7, [[0, 1, 2, 3, 4, 5, 6]]),
    ],
    ids=str,
)
def test_sheets(plain: bytes, changes: dict[str, Any], kept: int, expected: list[list[int | None]]) -> None:
    tile = replace(CELL, **changes)
    result = tiled(plain, tile)
    assert [cells(sheet, tile) for sheet in result.sheets] == expected
    assert [sheet.key for sheet in result.sheets] == [
        f"out/sheet-{number:05d}.jpg" for number in range(1, len(expected) + 1)
    ]
    wide = tile.columns * 168 + (tile.columns - 1) * tile.padding + 2 * tile.margin
    high = tile.lines * 96 + (tile.lines - 1) * tile.padding + 2 * tile.margin
    assert {size(sheet) for sheet in result.sheets} == {(wide, high)}
    assert {(sheet.source_ms, sheet.source_frame) for sheet in result.sheets} == {(None, None)}
    assert (result.count, result.tile_count) == (7, len(expected))
    assert [shown_number(frame) for frame in result.frames] == list(range(kept))


def test_margin_padding_and_empty_cells_have_the_sheets_color(plain: bytes) -> None:
    # Edges on whole blocks of 16 pixels: JPEG mixes colours for a pixel or two around them, no more.
    tile = TileOut(lines=2, columns=2, cell_width=160, cell_height=96, margin=16, padding=16, color="#ff0000")
    image = opened(tiled(plain, tile).sheets[1])
    assert image.size == (368, 240)
    border = [(3, 3), (12, 100), (364, 236), (200, 5), (200, 236)]
    gaps = [(180, 30), (187, 60), (50, 116), (50, 123), (184, 120)]
    empty = [(196, 132), (300, 200), (347, 220)]
    filled = [(19, 19), (172, 19), (195, 19), (348, 19), (19, 131), (172, 131), (19, 80), (172, 200)]
    for places, expected in (([*border, *gaps, *empty], (254, 0, 0)), (filled, (110, 140, 170))):
        for place in places:
            assert color(image, *place) == pytest.approx(expected, abs=12), place


@pytest.mark.parametrize(
    ("tile", "fields", "expected"),
    [
        # As the sister service was seen to make them.
        (TileOut(lines=5, columns=8, cell_width=135, cell_height=240, margin=8, padding=4), {}, (1124, 1232)),
        (None, {"width": 16}, (160, 100)),
        (TileOut(lines=1, columns=1, cell_width=50), {"width": 96}, (50, 54)),
    ],
    ids=str,
)
def test_sizes_of_sheets(
    plain: bytes, tile: TileOut | None, fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    result = tiled(plain, tile, **fields)
    assert (size(result.sheets[0]), len(result.frames)) == (expected, 7)


def test_names_of_sheets_have_the_first_moment(plain: bytes) -> None:
    place = ObjectRef("b", "l", "{FileName}.{ExtName}/{SnapshotTime}-{TileCount}-{Count}")
    result = tiled(plain, replace(CELL, lines=1, columns=4), tile_output=place)
    assert [sheet.key for sheet in result.sheets] == ["x.mp4/0-00001-{Count}", "x.mp4/160-00002-{Count}"]


def test_one_frame_on_a_sheet(plain: bytes) -> None:
    tile = replace(CELL, lines=1, columns=1)
    result = tiled(plain, tile, time_points=None, time=400)
    assert (cells(result.sheets[0], tile), result.count, result.tile_count) == ([10], 1, 1)


@pytest.mark.parametrize(
    ("name", "rgb"),
    [("Black", (0, 0, 0)), ("white", (255, 255, 255)), ("#00FF00", (0, 255, 1)), ("NAVY", (0, 0, 128))],
)
def test_colors(plain: bytes, name: str, rgb: Rgb) -> None:
    sheet = tiled(plain, replace(CELL, lines=2, columns=7, color=name)).sheets[0]
    assert color(opened(sheet), 20, 150) == pytest.approx(rgb, abs=3)


def test_a_random_color_is_the_jobs_own(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=7, color="random")
    one, again, other = (color(opened(tiled(plain, tile, time=at).sheets[0]), 20, 150) for at in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("name", ["", "blak", "#12345", "#1234567", "rgb(1,2,3)", "#ggg000", "red\n"])
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


TILE = TileOut(lines=1, columns=2, cell_width=192, cell_height=108, margin=3, padding=6)
ON_SHEETS = {
    "tile": TILE,
    "sprite_fragments": True,
}
EVERY_SECOND = {**ON_SHEETS, "tile": TileOut(lines=1, columns=2, cell_step=2)}


@pytest.mark.parametrize(
    ("fields", "cues", "files"),
    [
        (
            {},
            ["0 1 x/snapshot-00001.jpg", "1 2 x/snapshot-00002.jpg", "2 3 x/snapshot-00003.jpg"],
            ["snapshot-00001.jpg", "snapshot-00002.jpg", "snapshot-00003.jpg"],
        ),
        (
            ON_SHEETS,
            [
                "0 1 x/snapshot-tile-00001.jpg#xywh=3,3,192,108",
                "1 2 x/snapshot-tile-00001.jpg#xywh=201,3,192,108",
                "2 3 x/snapshot-tile-00002.jpg#xywh=3,3,192,108",
            ],
            ["snapshot-tile-00001.jpg", "snapshot-tile-00002.jpg"],
        ),
        (
            EVERY_SECOND,
            [
                "0 2 x/snapshot-tile-00001.jpg#xywh=0,0,192,108",
                "2 4 x/snapshot-tile-00001.jpg#xywh=192,0,192,108",
            ],
            ["snapshot-tile-00001.jpg"],
        ),
        # TileOutputFile makes no sheets beside a text.
        (
            {"tile_output": SHEET, "tile": TileOut(), "num": 1},
            ["0 2.400 x/snapshot-00001.jpg"],
            ["snapshot-00001.jpg"],
        ),
    ],
    ids=["frames", "sheets", "every second frame", "unused tile output"],
)
def test_webvtt(plain: bytes, fields: dict[str, Any], cues: list[str], files: list[str]) -> None:
    result = take(plain, **VTT, **{"interval": 1, **fields})
    parts = [cue.split(" ") for cue in cues]
    blocks = [f"{timestamp(begin)} --> {timestamp(end)}\n{file}" for begin, end, file in parts]
    assert vtt_text(result) == "\n\n".join(["WEBVTT", *blocks]) + "\n"
    assert result.vtt is not None
    assert [one.key for one in result.objects] == [*(f"a/b/x/{file}" for file in files), "a/b/x.vtt"]
    sheets = len(files) if fields.get("sprite_fragments") else 0
    assert (result.count, result.tile_count) == (1 if "num" in fields else 3, sheets)
    if fields is ON_SHEETS:
        assert frame_marker.read_frame_number(opened(result.sheets[0]).crop((201, 3, 393, 111))) == 25


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
