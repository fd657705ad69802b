"""Sheets, cell by cell, and the color between the cells."""

from __future__ import annotations

import pytest

from emulator.frame_truth.checked_jobs import SAMPLE, CheckedJobs, check_color
from emulator.frame_truth.outputs import Layout
from emulator.frame_truth.reference import JobRequest

COLORS = {
    None: (0, 0, 0),
    "Black": (0, 0, 0),
    "red": (255, 0, 0),
    "Tomato": (255, 99, 71),
    "#1e90FF": (30, 144, 255),
}


@pytest.mark.parametrize("color", COLORS)
def test_the_color_between_the_cells(jobs: CheckedJobs, color: str | None) -> None:
    layout = Layout(2, 3, margin=32, padding=32)
    [sheet], result = jobs.run_sheets(
        "short.mp4", JobRequest(points=(0, 40), frame_type="normal"), layout, color
    )
    image = result.stored[sheet.key].image
    empty = [box for box, frame in sheet.cells if frame is None]
    border = [(0, 0, image.width, 32), (0, image.height - 32, image.width, image.height)]
    gap = (32 + 96, 0, 32 + 96 + 32, image.height)
    assert len(empty) == 4
    for box in [*empty, *border, gap]:
        check_color(image, box, COLORS[color])


def test_a_random_color_is_one_color(jobs: CheckedJobs) -> None:
    layout = Layout(2, 2, margin=24)
    [sheet], result = jobs.run_sheets("short.mp4", JobRequest(points=(0,)), layout, "random")
    image = result.stored[sheet.key].image.convert("RGB")
    seen = image.getpixel((8, 8))
    assert isinstance(seen, tuple)
    for box in [(0, 0, image.width, 24), *(box for box, frame in sheet.cells if frame is None)]:
        check_color(image, box, seen)


@pytest.mark.parametrize(
    ("layout", "count", "sheets"),
    [
        (Layout(), 1, 1),
        (Layout(2, 3, 160, 90, margin=8, padding=4), 12, 2),
        (Layout(2, 3, 160, 90, step=2), 12, 1),
        (Layout(1, 1, 160, 90), 3, 3),
        (Layout(1, 2, cell_width=160, step=5, keeps_frames=False), 12, 2),
        (Layout(3, 1, cell_height=90, margin=1, padding=1), 7, 3),
    ],
    ids=str,
)
def test_the_sample_on_sheets(jobs: CheckedJobs, layout: Layout, count: int, sheets: int) -> None:
    request = (
        JobRequest(480, 1, count, "normal", width=192)
        if count > 1
        else JobRequest(480, None, 1, "normal", width=192)
    )
    sheets_made, result = jobs.run_sheets(SAMPLE, request, layout)
    assert len(sheets_made) == result.outputs["tileCount"] == sheets
    assert result.outputs["count"] == count
    assert bool(result.outputs["frames"]) == layout.keeps_frames


def test_the_measured_sheet_of_the_sister_service(jobs: CheckedJobs) -> None:
    layout = Layout(5, 8, 135, 240, margin=8, padding=4)
    [sheet], _ = jobs.run_sheets("portrait.mp4", JobRequest(0, 1, 5, "normal"), layout)
    assert sheet.size == (1124, 1232)
