"""What the provider accepts, the service takes, and the keys that its outputs name are there.

A combination that no page explains may as well be refused when it is checked, at the field at fault.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.frame_truth.checked_jobs import CheckedJobs, config_of
from emulator.frame_truth.job_runner import place
from emulator.frame_truth.reference import JobRequest
from support.miniengine import Refused

LAYOUT = {"lines": 1, "columns": 2}
SHEETS: dict[str, Any] = {"tileOut": LAYOUT, "tileOutputFile": "{SnapshotTime} {TileCount}.jpg"}
SPRITES: dict[str, Any] = {"format": "vtt", "subOut": {"isSptFrag": True}, "tileOut": LAYOUT}
LISTED = JobRequest(points=(1000,))


@pytest.mark.parametrize(
    ("request_", "template", "more", "field"),
    [
        (JobRequest(0, 1, 4), "{Count}.jpg", SHEETS, "tile_output_file.object"),
        (JobRequest(300, 1, 4), "{Count}.jpg", SHEETS, "tile_output_file.object"),
        (LISTED, "{SnapshotTime}-{Count}.jpg", {}, "output_file.object"),
        (LISTED, "{Count}.jpg", {}, "output_file.object"),
        (LISTED, "cover.jpg", {}, "output_file.object"),
        (JobRequest(0, 1, 2), "x.vtt", SPRITES, "tile_output_file"),
    ],
)
def test_outputs_are_there_or_the_field_is_refused(
    jobs: CheckedJobs, request_: JobRequest, template: str, more: dict[str, Any], field: str
) -> None:
    folder = jobs.runner.new_folder()
    config = {**config_of(request_, folder + template), **more}
    if "tileOutputFile" in more:
        config["tileOutputFile"] = place(folder + more["tileOutputFile"])
    try:
        result = jobs.runner.run(folder, "late.mp4", config)
    except Refused as refused:
        [line] = refused.lines
        assert line.startswith(f"snapshot_config.{field} ")
        return
    vtt = [result.outputs["vtt"]] if "vtt" in result.outputs else []
    named = [*result.outputs["frames"], *result.outputs.get("tileFrames", []), *vtt]
    assert set(named) <= {*result.stored, *result.texts}
    assert vtt or sorted(named) == sorted(result.stored)
