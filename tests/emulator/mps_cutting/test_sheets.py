"""Sheets: where every cell is, colours, the last sheet, and which single pictures remain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from support.mps_videos import OUTPUT, cut, opened, seen
from videosnap_emulator import strip
from videosnap_emulator.alibaba_mps.config import CannotCut, ObjectRef, Shots, TileOut

SHEET = ObjectRef(OUTPUT.bucket, OUTPUT.location, "out/sheet-{TileCount}.jpg")
CELL = TileOut(cell_width=168, cell_height=96)


def tiled(video: bytes, tile: TileOut | None, **fields: Any) -> Shots:
    points = tuple(number * 40 for number in range(7))
    return cut(video, **{"time_points": points, "tile": tile, "tile_output": SHEET, **fields})


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def cells(image: Image.Image, tile: TileOut) -> list[int | None]:
    """Return the frame in each cell, None for an empty one."""
    found: list[int | None] = []
    width, height = tile.cell_width or 0, tile.cell_height or 0
    for place in range(tile.lines * tile.columns):
        x = tile.margin + place % tile.columns * (width + tile.padding)
        y = tile.margin + place // tile.columns * (height + tile.padding)
        try:
            found.append(strip.read_frame_number(image.crop((x, y, x + width, y + height))))
        except ValueError:
            found.append(None)
    return found


def test_geometry(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=2, margin=9, padding=5, color="#ff0080")
    shots = tiled(plain, tile)
    assert [sheet.key for sheet in shots.sheets] == ["out/sheet-00001.jpg", "out/sheet-00002.jpg"]
    assert (shots.count, shots.tile_count, len(shots.pictures)) == (7, 2, 7)
    size = 2 * 168 + 5 + 2 * 9, 2 * 96 + 5 + 2 * 9
    for sheet, wanted in zip(shots.sheets, ([0, 1, 2, 3], [4, 5, 6, None]), strict=True):
        image = opened(sheet)
        assert image.size == size
        assert cells(image, tile) == wanted
        assert (sheet.source_ms, sheet.source_frame) == (None, None)


def test_margin_padding_and_empty_cells_have_the_sheets_colour(plain: bytes) -> None:
    # Edges on whole blocks of 16 pixels: JPEG mixes colours for a pixel or two around them, no more.
    tile = TileOut(lines=2, columns=2, cell_width=160, cell_height=96, margin=16, padding=16, color="#ff0000")
    image = opened(tiled(plain, tile).sheets[1])
    assert image.size == (368, 240)
    red, picture = (254, 0, 0), (110, 140, 170)
    frame = [(3, 3), (12, 100), (364, 236), (200, 5), (200, 236)]
    gaps = [(180, 30), (187, 60), (50, 116), (50, 123), (184, 120)]
    empty = [(196, 132), (300, 200), (347, 220)]
    filled = [(19, 19), (172, 19), (195, 19), (348, 19), (19, 131), (172, 131), (19, 80), (172, 200)]
    for x, y in [*frame, *gaps, *empty]:
        assert colour(image, x, y) == pytest.approx(red, abs=12), (x, y)
    for x, y in filled:
        assert colour(image, x, y) == pytest.approx(picture, abs=12), (x, y)


def test_sheets_as_large_as_the_sister_service_was_seen_to_make(plain: bytes) -> None:
    tile = TileOut(lines=5, columns=8, cell_width=135, cell_height=240, margin=8, padding=4)
    sheet = tiled(plain, tile).sheets[0]
    assert (sheet.width, sheet.height) == (1124, 1232)


def test_defaults(plain: bytes) -> None:
    shots = tiled(plain, None, width=16)
    assert [(sheet.width, sheet.height) for sheet in shots.sheets] == [(160, 100)]
    assert len(shots.pictures) == 7
    image = opened(shots.sheets[0])
    assert colour(image, 100, 80) == pytest.approx((0, 0, 0), abs=3)
    half = tiled(plain, TileOut(lines=1, columns=1, cell_width=50), width=96, time_points=(0,))
    assert (half.sheets[0].width, half.sheets[0].height) == (50, 54)


def test_single_pictures_need_not_be_kept(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=4, keep_cell_pictures=False)
    shots = tiled(plain, tile)
    assert (shots.pictures, shots.count, shots.tile_count) == ((), 7, 1)
    assert cells(opened(shots.sheets[0]), tile) == [0, 1, 2, 3, 4, 5, 6, None]


def test_every_third_picture(plain: bytes) -> None:
    tile = replace(CELL, lines=1, columns=2, cell_step=3)
    shots = tiled(plain, tile)
    assert [seen(picture) for picture in shots.pictures] == [0, 1, 2, 3, 4, 5, 6]
    assert [cells(opened(sheet), tile) for sheet in shots.sheets] == [[0, 3], [6, None]]


def test_full_sheets_only(plain: bytes) -> None:
    tile = replace(CELL, lines=7, columns=1)
    assert [cells(opened(sheet), tile) for sheet in tiled(plain, tile).sheets] == [[0, 1, 2, 3, 4, 5, 6]]


def test_names_tell_the_first_moment(plain: bytes) -> None:
    place = ObjectRef("b", "l", "{FileName}.{ExtName}/{SnapshotTime}-{TileCount}-{Count}")
    shots = tiled(plain, replace(CELL, lines=1, columns=4), tile_output=place)
    assert [sheet.key for sheet in shots.sheets] == ["x.mp4/0-00001-{Count}", "x.mp4/160-00002-{Count}"]


def test_one_picture_on_a_sheet(plain: bytes) -> None:
    tile = replace(CELL, lines=1, columns=1)
    shots = tiled(plain, tile, time_points=None, time=400)
    assert cells(opened(shots.sheets[0]), tile) == [10]
    assert (shots.count, shots.tile_count) == (1, 1)


@pytest.mark.parametrize(
    ("name", "rgb"),
    [("Black", (0, 0, 0)), ("white", (255, 255, 255)), ("#00FF00", (0, 255, 1)), ("NAVY", (0, 0, 128))],
)
def test_colours(plain: bytes, name: str, rgb: tuple[int, int, int]) -> None:
    sheet = tiled(plain, replace(CELL, lines=2, columns=7, color=name)).sheets[0]
    assert colour(opened(sheet), 20, 150) == pytest.approx(rgb, abs=3)


def test_a_random_colour_is_the_jobs_own(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=7, color="random")
    one, again, other = (colour(opened(tiled(plain, tile, time=at).sheets[0]), 20, 150) for at in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("name", ["", "blak", "#12345", "#1234567", "rgb(1,2,3)", "#ggg000", "red\n"])
def test_no_colours(plain: bytes, name: str) -> None:
    with pytest.raises(CannotCut, match="SnapshotConfig:TileOut:Color"):
        tiled(plain, TileOut(color=name))


@pytest.mark.parametrize("tile", [TileOut(10_000, 10_000), TileOut(1, 400), TileOut(200, 100)], ids=str)
def test_a_sheet_nobody_can_make_is_refused(plain: bytes, tile: TileOut) -> None:
    with pytest.raises(CannotCut, match="makes no picture of"):
        tiled(plain, tile)
