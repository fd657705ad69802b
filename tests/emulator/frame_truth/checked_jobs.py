"""Jobs on the videos, whose results are compared with what the second implementation expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PIL import Image, ImageStat

from emulator.frame_truth import outputs
from emulator.frame_truth.decoded_video import DecodedVideo, decode
from emulator.frame_truth.job_runner import JobResult, JobRunner, place
from emulator.frame_truth.outputs import Box, FrameObject, Layout, Sheet
from emulator.frame_truth.reference import JobRequest
from emulator.frame_truth.videos import read_number
from pulumi_videosnap.errors import Rejected, TaskFailed
from videosnap_emulator.media import frame_marker

#: The emulator's own sample video.
SAMPLE = "input.mp4"
#: How far a color may be off after JPEG.
COLOR_TOLERANCE = 12

ReadNumber = Callable[[Image.Image], int]


class CheckedJobs:
    """The videos by their keys, and how to take snapshots of them."""

    def __init__(self, runner: JobRunner, videos: Mapping[str, bytes]) -> None:
        self.runner, self.videos = runner, videos

    @classmethod
    def upload(cls, runner: JobRunner, made: Mapping[str, bytes]) -> CheckedJobs:
        for key, video in made.items():
            runner.upload(key, video)
        return cls(runner, {SAMPLE: runner.source(SAMPLE), **made})

    def video(self, source: str) -> DecodedVideo:
        return decode(self.videos[source])

    def with_copy(self, key: str, source: str) -> CheckedJobs:
        """Add another copy of a video."""
        self.runner.upload(key, self.videos[source])
        return CheckedJobs(self.runner, {**self.videos, key: self.videos[source]})

    def run(self, source: str, request: JobRequest, template: str = "{Count}.jpg") -> list[FrameObject]:
        """Run a job that takes frames only, check everything, and return what it took."""
        folder = self.runner.new_folder()
        config = config_of(request, folder + template)
        frames = outputs.frame_objects(self.video(source), request, folder + template, source)
        if not frames:
            self._fail(folder, source, config)
            return []
        result = self.runner.run(folder, source, config)
        same("keys in the bucket", sorted(result.stored), sorted(frame.key for frame in frames))
        check_frames(result, frames, reader_of(source))
        return frames

    def run_sheets(
        self, source: str, request: JobRequest, layout: Layout, color: str | None = None
    ) -> tuple[list[Sheet], JobResult]:
        """Run a job that makes sheets, check everything but colors."""
        folder, video = self.runner.new_folder(), self.video(source)
        one, sheet = f"{folder}one/{{Count}}.jpg", f"{folder}all/{{TileCount}}.jpg"
        tiles = {"tileOutputFile": place(sheet), "tileOut": tile_out_of(layout, color)}
        config = {**config_of(request, one), **tiles}
        frames = outputs.frame_objects(video, request, one, source)
        sheets = outputs.sheets(video, request, layout, sheet, source)
        if not frames:
            self._fail(folder, source, config)
            return [], JobResult({}, {})
        result = self.runner.run(folder, source, config)
        kept = frames if layout.keeps_frames else []
        keys = [*(frame.key for frame in kept), *(sheet.key for sheet in sheets)]
        same("keys in the bucket", sorted(result.stored), sorted(keys))
        check_frames(result, kept, reader_of(source), count=len(frames))
        check_sheets(result, sheets, reader_of(source))
        return sheets, result

    def _fail(self, folder: str, source: str, config: Mapping[str, Any]) -> None:
        """A job that takes no frame fails with the vendor's code, and leaves nothing."""
        with pytest.raises((TaskFailed, Rejected), match=r"InvalidParameter\.ResourceContentBad"):
            self.runner.run(folder, source, config)
        same("keys of a job that failed", self.runner.keys(folder), [])


def reader_of(source: str) -> ReadNumber:
    return frame_marker.read_frame_number if source == SAMPLE else read_number


def same(what: str, found: Any, wanted: Any) -> None:
    assert found == wanted, f"{what}: found {found}, expected {wanted}"


def check_frames(
    result: JobResult, frames: list[FrameObject], read: ReadNumber, count: int | None = None
) -> None:
    """`count` frames were taken, and these are kept. A synchronous response may leave out the count."""
    same("frames", result.outputs["frames"], [frame.key for frame in frames])
    total = len(frames) if count is None else count
    same("count", result.outputs.get("count", total), total)
    stored, numbers = [result.stored[frame.key] for frame in frames], [frame.frame.number for frame in frames]
    same("sizes", [one.image.size for one in stored], [frame.size for frame in frames])
    same("frames shown", [read(one.image) for one in stored], numbers)
    same("source-frame", [int(one.metadata["source-frame"]) for one in stored], numbers)
    for one, frame in zip(stored, frames, strict=True):
        # A frame that begins between two milliseconds may have either in its metadata.
        noted, begins = int(one.metadata["source-ms"]), frame.frame.at * 1000
        assert abs(noted - begins) < 1, (
            f"{frame.key}: source-ms is {noted}, but it begins at {float(begins)} ms"
        )


def check_sheets(result: JobResult, sheets: list[Sheet], read: ReadNumber) -> None:
    same("tileFrames", result.outputs["tileFrames"], [sheet.key for sheet in sheets])
    same("tileCount", result.outputs["tileCount"], len(sheets))
    for sheet in sheets:
        image = result.stored[sheet.key].image
        same(f"size of {sheet.key}", image.size, sheet.size)
        cells = [(box, one.frame.number) for box, one in sheet.cells if one is not None]
        same(f"cells of {sheet.key}", [(box, read(image.crop(box))) for box, _ in cells], cells)


def check_color(image: Image.Image, box: Box, color: tuple[int, ...]) -> None:
    """Without the outermost pixels, into which JPEG lets the neighbours run."""
    left, top, right, bottom = box
    inside = ImageStat.Stat(image.convert("RGB").crop((left + 8, top + 8, right - 8, bottom - 8)))
    off = [abs(level - wanted) for level, wanted in zip(inside.mean, color, strict=True)]
    assert max(*off, *inside.stddev) <= COLOR_TOLERANCE, f"{box}: {inside.mean} is not {color}"


def config_of(request: JobRequest, key: str) -> dict[str, Any]:
    """A request in state's spelling."""
    fields = {
        "time": None if request.points is not None else request.time,
        "interval": request.interval,
        "num": request.num,
        "frameType": request.frame_type,
        "width": request.width,
        "height": request.height,
        "blackLevel": request.black_level,
        "pixelBlackThreshold": request.pixel_black_threshold,
        "timeArray": None if request.points is None else {"timePointList": list(request.points)},
    }
    return {"outputFile": place(key), **_without_none(fields)}


def tile_out_of(layout: Layout, color: str | None) -> dict[str, Any]:
    fields = {
        "lines": layout.lines,
        "columns": layout.columns,
        "cellWidth": layout.cell_width,
        "cellHeight": layout.cell_height,
        "margin": layout.margin,
        "padding": layout.padding,
        "cellSelStep": layout.step,
        "isKeepCellPic": layout.keeps_frames,
        "color": color,
    }
    return _without_none(fields)


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
