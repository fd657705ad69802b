"""Sheets, cell by cell; WebVTT."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.frame_truth.checked_jobs import (
    SAMPLE,
    CheckedJobs,
    config_of,
    place,
    reader_of,
    tile_out_of,
)
from emulator.frame_truth.outputs import Layout, cues_in, expected_cues
from emulator.frame_truth.reference import JobRequest
from support.sampling import sample


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
    request = JobRequest(480, 1 if count > 1 else None, count, "normal", width=192)
    sheets_made, result = jobs.run_sheets(SAMPLE, request, layout)
    assert len(sheets_made) == result.outputs["tileCount"] == sheets
    assert result.outputs["count"] == count
    assert bool(result.outputs["frames"]) == layout.keeps_frames


MILLISECOND = 0.001
SOURCE = "late.mp4"
GRID = Layout(1, 2, 80, 48, margin=4, padding=3)

REQUESTS = [
    JobRequest(0, 2, 3, "intra"),
    JobRequest(300, 1, None, "intra"),
    JobRequest(4700, 1, None, "normal"),
    JobRequest(0, 0, 3, "normal"),
    JobRequest(points=(300, 1700, 4999), frame_type="normal"),
    JobRequest(300, None, 1, "normal"),
]


ON_SHEETS = {"subOut": {"isSptFrag": True}}
#: A layout needs a place for sheets too, which a WebVTT does not use.
SMALL_SHEETS = {"tileOut": tile_out_of(GRID), "tileOutputFile": place("nowhere/{TileCount}.jpg")}
SPRITES: list[tuple[Layout | None, dict[str, Any]]] = [
    (None, {}),
    (Layout(), ON_SHEETS),
    (GRID, {**ON_SHEETS, **SMALL_SHEETS}),
]


@pytest.mark.parametrize("sprites", SPRITES, ids=["frames", "sheets", "small sheets"])
@pytest.mark.parametrize("asked", sample(REQUESTS, 0.3), ids=str)
def test_cues(jobs: CheckedJobs, sprites: tuple[Layout | None, dict[str, Any]], asked: JobRequest) -> None:
    layout, fields = sprites
    folder = jobs.new_folder()
    key = f"{folder}片 1/{{FileName}}+x.vtt"
    result = jobs.run_job(folder, SOURCE, {**config_of(asked, key), "format": "vtt", **fields})
    wanted = expected_cues(jobs.video(SOURCE), asked, "late+x", layout)
    assert result.outputs["vtt"] == f"{folder}片 1/late+x.vtt"
    assert set(result.stored) == {f"{folder}片 1/{cue.file}" for cue, _ in wanted}
    cues = cues_in(result.texts[result.outputs["vtt"]])
    assert [(cue.file, cue.box) for cue in cues] == [(cue.file, cue.box) for cue, _ in wanted]
    for cue, (expected, one) in zip(cues, wanted, strict=True):
        assert abs(cue.begin - expected.begin) < MILLISECOND
        assert abs(cue.end - expected.end) < MILLISECOND
        image = result.stored[f"{folder}片 1/{cue.file}"].image
        assert reader_of(SOURCE)(image.crop(cue.box) if cue.box else image) == one.frame.number
