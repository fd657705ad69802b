"""WebVTT: each cue's times, and the frame that its image shows."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.frame_truth.checked_jobs import CheckedJobs, config_of, reader_of, tile_out_of
from emulator.frame_truth.job_runner import place
from emulator.frame_truth.outputs import Layout, cues_in, expected_cues
from emulator.frame_truth.reference import JobRequest
from support.sampling import sample

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


@pytest.mark.parametrize("asked", sample(REQUESTS, 0.3), ids=str)
@pytest.mark.parametrize("layout", [None, Layout(), GRID], ids=["frames", "sheets", "small sheets"])
def test_cues(jobs: CheckedJobs, asked: JobRequest, layout: Layout | None) -> None:
    folder = jobs.runner.new_folder()
    key = f"{folder}片 1/{{FileName}}+x.vtt"
    result = jobs.runner.run(folder, SOURCE, {**config_of(asked, key), "format": "vtt", **sprites(layout)})
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


def sprites(layout: Layout | None) -> dict[str, Any]:
    """A layout needs a place for sheets too, which a WebVTT does not use."""
    if layout is None:
        return {}
    unused = {"tileOutputFile": place("nowhere/{TileCount}.jpg")}
    return {
        "subOut": {"isSptFrag": True},
        **({} if layout == Layout() else unused | {"tileOut": tile_out_of(layout, None)}),
    }
