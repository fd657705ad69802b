"""Sheets, cell by cell, and the colour between the cells."""

from __future__ import annotations

import pytest

from truth.checks import check_colour
from truth.expected import Layout
from truth.gallery import SAMPLE, Gallery
from truth.reference import Wish

COLOURS = {
    None: (0, 0, 0),
    "Black": (0, 0, 0),
    "red": (255, 0, 0),
    "Tomato": (255, 99, 71),
    "#1e90FF": (30, 144, 255),
}


@pytest.mark.parametrize("color", COLOURS)
def test_the_colour_between_the_cells(gallery: Gallery, color: str | None) -> None:
    layout = Layout(2, 3, margin=32, padding=32)
    [sheet], taken = gallery.lay_out("short.mp4", Wish(points=(0, 40), frame_type="normal"), layout, color)
    image = taken.stored[sheet.key].image
    empty = [box for box, shot in sheet.cells if shot is None]
    frame = [(0, 0, image.width, 32), (0, image.height - 32, image.width, image.height)]
    gap = (32 + 96, 0, 32 + 96 + 32, image.height)
    assert len(empty) == 4
    for box in [*empty, *frame, gap]:
        check_colour(image, box, COLOURS[color])


def test_a_random_colour_is_one_colour(gallery: Gallery) -> None:
    layout = Layout(2, 2, margin=24)
    [sheet], taken = gallery.lay_out("short.mp4", Wish(points=(0,)), layout, "random")
    image = taken.stored[sheet.key].image.convert("RGB")
    seen = image.getpixel((8, 8))
    assert isinstance(seen, tuple)
    for box in [(0, 0, image.width, 24), *(box for box, shot in sheet.cells if shot is None)]:
        check_colour(image, box, seen)


@pytest.mark.parametrize(
    ("layout", "count", "sheets"),
    [
        (Layout(), 1, 1),
        (Layout(2, 3, 160, 90, margin=8, padding=4), 12, 2),
        (Layout(2, 3, 160, 90, step=2), 12, 1),
        (Layout(1, 1, 160, 90), 3, 3),
        (Layout(1, 2, cell_width=160, step=5, keeps_pictures=False), 12, 2),
        (Layout(3, 1, cell_height=90, margin=1, padding=1), 7, 3),
    ],
    ids=str,
)
def test_the_sample_on_sheets(gallery: Gallery, layout: Layout, count: int, sheets: int) -> None:
    wish = Wish(480, 1, count, "normal", width=192) if count > 1 else Wish(480, None, 1, "normal", width=192)
    made, taken = gallery.lay_out(SAMPLE, wish, layout)
    assert len(made) == taken.outputs["tileCount"] == sheets
    assert taken.outputs["count"] == count
    assert bool(taken.outputs["frames"]) == layout.keeps_pictures


def test_the_measured_sheet_of_the_sister_service(gallery: Gallery) -> None:
    layout = Layout(5, 8, 135, 240, margin=8, padding=4)
    [sheet], _ = gallery.lay_out("portrait.mp4", Wish(0, 1, 5, "normal"), layout)
    assert sheet.size == (1124, 1232)
