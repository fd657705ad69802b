"""Changes of video files' jobs, one folder each: every field, and every way to choose pictures."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from integration.review.changes import Change, Declared, changed, with_all
from pulumi_videosnap.review.model import Outcome

OUTPUT = "snapshot_config.output_file.object"
HERE = "oss-cn-hangzhou"
ELSEWHERE = "oss-cn-shanghai"
OTHER_VIDEO, OTHER_BUCKET = "other.mp4", "stills"
"""What a test has to put there: the sample under another key, and in another bucket."""
PIPELINE = "51de0000c0de4f0a9a7e51de0c4a11ba"

SEQUENCE: Declared = {"time": 2, "interval": 2, "num": 3, "height": 36, "frame_type": "normal"}
SHEETS: Declared = {**SEQUENCE, "tile_out": {"lines": 2, "columns": 2}}
WEB_VTT: Declared = {**SEQUENCE, "format": "vtt"}
BLACK: Declared = {**SEQUENCE, "time": 0, "black_level": 90, "pixel_black_threshold": 20}
MOMENTS: Declared = {"time_array": {"time_point_list": [0, 1000]}, "height": 36, "frame_type": "normal"}
SINGLE: Declared = {"time": 2, "height": 36, "frame_type": "normal"}

OF_THE_JOB: Mapping[str, Any] = {
    "input.bucket": OTHER_BUCKET,
    "input.object": OTHER_VIDEO,
    "input.referer": "https://example.com/",
    "pipeline_id": PIPELINE,
    "user_data": "lobby",
    "triggers": ["today"],
    "profile": "second",
}
SWITCHES: Mapping[str, Any] = {"wait_for": "submitted", "timeout": 60, "on_delete": "delete-frames"}
IN_CONFIG: Mapping[str, tuple[Declared, Any]] = {
    "output_file.bucket": (SEQUENCE, OTHER_BUCKET),
    "time": (SEQUENCE, 500),
    "interval": (SEQUENCE, 1),
    "num": (SEQUENCE, 2),
    "width": (SEQUENCE, 48),
    "height": (SEQUENCE, 72),
    "frame_type": (SEQUENCE, "intra"),
    "tile_output_file.bucket": (SHEETS, OTHER_BUCKET),
    "tile_out.lines": (SHEETS, 1),
    "tile_out.columns": (SHEETS, 1),
    "tile_out.cell_width": (SHEETS, 32),
    "tile_out.cell_height": (SHEETS, 20),
    "tile_out.margin": (SHEETS, 4),
    "tile_out.padding": (SHEETS, 4),
    "tile_out.color": (SHEETS, "white"),
    "tile_out.is_keep_cell_pic": (SHEETS, False),
    "tile_out.cell_sel_step": (SHEETS, 2),
    "sub_out.is_spt_frag": (WEB_VTT, True),
    "black_level": (BLACK, 80),
    "pixel_black_threshold": (BLACK, 30),
    "time_array.time_point_list": (MOMENTS, [0, 1000, 11000]),
}
PICTURES: Mapping[str, tuple[Declared, Declared]] = {
    "single-moved": (SINGLE, {**SINGLE, "time": 1500}),
    "single-to-sequence": (SINGLE, SEQUENCE),
    "sequence-to-single": (SEQUENCE, SINGLE),
    "one-waited-for": ({**SINGLE, "num": 1}, {**SINGLE, "num": 1, "time": 900}),
    "to-the-end": (SEQUENCE, changed(SEQUENCE, "num", None)),
    "from-the-end": (changed(SEQUENCE, "num", None), SEQUENCE),
    "beyond-the-end": (SEQUENCE, {**SEQUENCE, "num": 100}),
    "spread": (SEQUENCE, {**SEQUENCE, "interval": 0, "num": 5}),
    "num-without-interval": (SEQUENCE, changed(SEQUENCE, "interval", None)),
    "key-frames": (changed(SEQUENCE, "frame_type", None), {**SEQUENCE, "frame_type": "intra", "interval": 1}),
    "moments-past-the-end": (MOMENTS, {**MOMENTS, "time_array": {"time_point_list": [0, 5000, 60000]}}),
    "sequence-to-moments": (SEQUENCE, MOMENTS),
    "moments-twice": (MOMENTS, {**MOMENTS, "time_array": {"time_point_list": [1000, 1000, 3000]}}),
    "sheets-added": (SEQUENCE, SHEETS),
    "sheets-removed": (SHEETS, SEQUENCE),
    "two-sheets": (SHEETS, {**SHEETS, "num": 5}),
    "sheets-only": (
        SHEETS,
        {**SHEETS, "num": 5, "tile_out": {"columns": 2, "lines": 2, "is_keep_cell_pic": False}},
    ),
    "sheets-of-moments": (MOMENTS, {**MOMENTS, "tile_out": {"lines": 1, "columns": 1}}),
    "sheets-by-default": (SHEETS, {**SEQUENCE, "tile_out": {}}),
    "sheets-of-every-third": (
        SHEETS,
        {**SHEETS, "num": 5, "tile_out": {"lines": 1, "columns": 1, "cell_sel_step": 3}},
    ),
    "sheets-to-the-end": (SHEETS, {**changed(SHEETS, "num", None), "tile_out": {"lines": 2, "columns": 2}}),
    "sheets-beyond-the-end": (SHEETS, {**SHEETS, "num": 100}),
    "vtt-sheets": (WEB_VTT, {**WEB_VTT, "num": 5, "sub_out": {"is_spt_frag": True}}),
}
"""Ways to choose pictures, before and after."""


def job(folder: str, config: Declared, **values: Any) -> Declared:
    """A job of the sample video, twelve seconds long, whose pictures go into a folder."""
    place = {"location": HERE, "bucket": "frames"}
    name = f"{folder}/all.vtt" if "format" in config else f"{folder}/output_{{Count}}.jpg"
    files: Declared = {"output_file": {**place, "object": name}}
    if "tile_out" in config:
        files["tile_output_file"] = {**place, "object": f"{folder}/sheet_{{TileCount}}.jpg"}
    video = {"location": HERE, "bucket": "media", "object": "input.mp4"}
    return {"input": video, "snapshot_config": {**config, **files}, **values}


def asked_for(config: Declared) -> int | None:
    """Pictures and sheets that a job is asked for; None where only the end of the video limits them."""
    pictures = _pictures_asked_for(config)
    if pictures is None:
        return None
    if config.get("sub_out", {}).get("is_spt_frag"):  # how large such sheets are is not documented
        return None
    if "tile_out" not in config:
        return pictures
    tile = config["tile_out"]
    shown = ceil(pictures / tile.get("cell_sel_step", 1))
    sheets: int = ceil(shown / (tile.get("lines", 10) * tile.get("columns", 10)))
    return sheets if tile.get("is_keep_cell_pic") is False else sheets + pictures


def _pictures_asked_for(config: Declared) -> int | None:
    if "time_array" in config:
        return len(config["time_array"]["time_point_list"])
    if "num" in config:
        return int(config["num"])
    return None if "interval" in config else 1


def job_changes() -> list[Change]:
    """Every change that one preview may show."""
    return [*_fields(), *_places(), *_pictures(), *_coming_and_going()]


def _fields() -> list[Change]:
    of_the_job = [_of_field(path, SEQUENCE, value, Outcome.NEW_JOB) for path, value in OF_THE_JOB.items()]
    switches = [_of_field(path, SEQUENCE, value, Outcome.RECORDED) for path, value in SWITCHES.items()]
    of_config = [
        _of_field(f"snapshot_config.{path}", base, value, Outcome.NEW_JOB)
        for path, (base, value) in IN_CONFIG.items()
    ]
    vtt = Change(
        "vtt", Outcome.NEW_JOB, job("vtt", SEQUENCE), job("vtt", WEB_VTT), proves="snapshot_config.format"
    )
    return [*of_the_job, *switches, *of_config, vtt]


def _of_field(path: str, base: Declared, value: Any, outcome: Outcome) -> Change:
    name = "job-" + path.replace("snapshot_config.", "").replace(".", "-")
    before = job(name, base)
    return Change(name, outcome, before, changed(before, path, value), proves=path)


def _places() -> list[Change]:
    """Locations change together, since a job reads and writes in one region."""
    moved = ("input.location", "snapshot_config.output_file.location")
    with_sheets = (*moved, "snapshot_config.tile_output_file.location")
    return [
        *(_to(path.replace(".", "-"), SEQUENCE, dict.fromkeys(moved, ELSEWHERE), path) for path in moved),
        _to("sheets-location", SHEETS, dict.fromkeys(with_sheets, ELSEWHERE), with_sheets[-1]),
        _to(
            "other-keys",
            SEQUENCE,
            {OUTPUT: "other-keys/{FileName}_{Count}.jpg"},
            OUTPUT,
        ),
        _to(
            "other-sheets",
            SHEETS,
            {"snapshot_config.tile_output_file.object": "other-sheets/all_{TileCount}.jpg"},
            "snapshot_config.tile_output_file.object",
        ),
    ]


def _to(name: str, base: Declared, values: Mapping[str, Any], proves: str) -> Change:
    before = job(name, base)
    return Change(name, Outcome.NEW_JOB, before, with_all(before, values), proves=proves)


def _pictures() -> list[Change]:
    return [
        Change(name, Outcome.NEW_JOB, job(name, before), job(name, after))
        for name, (before, after) in PICTURES.items()
    ]


def _coming_and_going() -> list[Change]:
    def deleting(name: str) -> Declared:
        return job(name, SEQUENCE, on_delete="delete-frames")

    def kept(name: str) -> Declared:
        return job(name, SEQUENCE)

    unfinished = job("waiting", SEQUENCE, wait_for="submitted")
    return [
        Change("job-added", Outcome.NEW_JOB, None, kept("job-added")),
        Change("job-same", None, kept("job-same"), kept("job-same")),
        Change("job-removed", Outcome.FORGOTTEN, kept("job-removed"), None),
        Change("removed-with-pictures", Outcome.PICTURES_DELETED, deleting("removed-with-pictures"), None),
        Change(
            "remade",
            Outcome.NEW_JOB,
            deleting("remade"),
            changed(deleting("remade"), OUTPUT, "remade/{Count}.jpg"),
        ),
        Change("waiting", Outcome.RECORDED, unfinished, {**unfinished, "wait_for": "finished"}),
        Change(
            "new-name",
            Outcome.RECORDED,
            kept("aliased"),
            kept("aliased"),
            was="old-name",
            options_after={"aliases": ["old-name"]},
            proves="owner",
        ),
        Change("other-name", Outcome.NEW_JOB, None, kept("renamed")),
        Change("one-name", Outcome.FORGOTTEN, kept("renamed"), None),
        Change("other-name-deleting", Outcome.NEW_JOB, None, deleting("renamed-deleting")),
        Change("one-name-deleting", Outcome.FORGOTTEN, deleting("renamed-deleting"), None),
    ]
