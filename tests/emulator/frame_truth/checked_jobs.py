"""Jobs as Pulumi submits them, on videos whose frames show their number, and the second implementation.

The number is drawn as sixteen grey blocks, four by four, which survive scaling and JPEG. Eight blocks are the
bits, the other eight their opposites, so a reader needs no threshold and notices an image that is cut, turned
or blurred. Half of an image is light.
"""

import functools
import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from PIL import Image, ImageStat

from emulator.frame_truth import reference
from emulator.frame_truth.reference import DecodedVideo, FrameObject, JobRequest, Layout, Sheet, decode
from pulumi_videosnap.errors import Rejected, TaskFailed
from support.emulator import Emulator
from support.jobs import api_client, job_engine, store_of
from support.mps_videos import Recipe, make_video, rotated, times
from videosnap_emulator.media import frame_marker

BITS = 8
SIDE = 4
LIGHT, DARK = 225, 5
#: A bit and its opposite differ by at least this much in an image that can be read.
CONTRAST = 25


def draw_number(number: int, size: tuple[int, int], light: int = LIGHT) -> Image.Image:
    bits = [number >> place & 1 for place in range(BITS)]
    blocks = Image.new("L", (SIDE, SIDE))
    blocks.putdata([light if bit else DARK for bit in bits + [1 - bit for bit in bits]])
    return blocks.resize(size, Image.Resampling.NEAREST).convert("RGB")


def read_number(image: Image.Image) -> int:
    levels = [_level(image, block) for block in range(2 * BITS)]
    differences = [levels[place] - levels[place + BITS] for place in range(BITS)]
    assert all(abs(difference) > CONTRAST for difference in differences), f"unreadable: {levels}"
    return sum(1 << place for place, difference in enumerate(differences) if difference > 0)


def _level(image: Image.Image, block: int) -> float:
    """The brightness at the middle of a block."""
    row, column = divmod(block, SIDE)
    wide, high = image.width / SIDE, image.height / SIDE
    corners = (wide * (column + 0.3), high * (row + 0.3), wide * (column + 0.7), high * (row + 0.7))
    left, top, right, bottom = map(round, corners)
    patch = image.convert("L").crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return ImageStat.Stat(patch).mean[0]


@dataclass(frozen=True)
class Numbered(Recipe):
    """A video of numbered frames; `light` is how bright each is."""

    size: tuple[int, int] = (96, 64)
    b_frames: int = 0
    light: Callable[[int], int] = lambda number: LIGHT

    def image(self, number: int) -> Image.Image:
        return draw_number(number, self.size, self.light(number))


NTSC = Fraction(30_000, 1001)
RECIPES = {
    # Scene cuts: key frames as close as two frames and as far as three seconds.
    "scenes.mp4": Numbered(frames=240, clock=NTSC, keys={0, 2, 31, 50, 141, 150, 200}, b_frames=3),
    "late.mkv": Numbered("matroska", frames=130, keys=range(0, 130, 30), b_frames=2, pts=times(1, late=60)),
    "late.mp4": Numbered(
        frames=120, clock=24, keys=range(0, 120, 37), b_frames=2, pts=times(1, late=33), sound=8
    ),
    "portrait.mp4": Numbered(frames=90, clock=15, keys=range(0, 90, 15), size=(64, 112), b_frames=1),
    "short.mp4": Numbered(frames=7, keys={0, 4}),
    "one key.mp4": Numbered(frames=47, clock=10, keys={0}, size=(80, 48), b_frames=2),
    # Very dark, dark, light: 200 ms a frame.
    "black.mp4": Numbered(
        frames=30, clock=5, keys=range(0, 30, 4), light=lambda n: 38 if n < 3 else 58 if n < 10 else 225
    ),
    "night.mp4": Numbered(frames=30, clock=5, keys=range(0, 30, 4), light=lambda n: 40 if n < 25 else 225),
    "uneven.mp4": Numbered(frames=60, clock=1000, keys={0, 9, 10, 33}, pts=times(40, 33, 7, 120, 501, 1)),
}
#: These have dark beginnings, which a single frame at moment 0 must pass over.
BEGIN_DARK = ("black.mp4", "night.mp4")
#: The portrait with the flag that asks a player to turn it.
ROTATED = "rotated.mp4"
#: Videos that begin light.
SMALL = [ROTATED, *(name for name in RECIPES if name not in BEGIN_DARK)]


@functools.cache
def videos() -> dict[str, bytes]:
    made = {name: make_video(recipe) for name, recipe in RECIPES.items()}
    return {**made, ROTATED: rotated(made["portrait.mp4"])}


LOCATION = "oss-cn-hangzhou"
SOURCES, RESULTS = "media", "frames"
#: The emulator's own sample video.
SAMPLE = "input.mp4"

ReadNumber = Callable[[Image.Image], int]


@dataclass(frozen=True)
class Stored:
    """An object that a job wrote."""

    image: Image.Image
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class JobResult:
    """The outputs of a job, and what is really there: every object below the job's own folder, by its key."""

    outputs: Mapping[str, Any]
    stored: Mapping[str, Stored]
    texts: Mapping[str, str] = field(default_factory=dict)


class CheckedJobs:
    """The videos by their keys, and jobs on them, each with a folder of its own in the bucket of results."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator, self._store = emulator, store_of(emulator.environment)
        self._client = api_client()
        self._numbers = itertools.count()
        self.videos = {SAMPLE: self._store.get_object(Bucket=SOURCES, Key=SAMPLE)["Body"].read()}
        for key, video in videos().items():
            self.upload(key, video)

    def upload(self, key: str, video: bytes) -> None:
        self._store.put_object(Bucket=SOURCES, Key=key, Body=video)
        self.videos[key] = video

    def new_folder(self) -> str:
        """The beginning of keys that no other job has."""
        return f"job{next(self._numbers)}/"

    def run_job(self, folder: str, source: str, config: Mapping[str, Any]) -> JobResult:
        """Run a job whose keys begin with `folder`, to its end; what it raises is the provider's."""
        where = {"location": LOCATION, "bucket": SOURCES, "object": source}
        inputs = {"owner": f"truth.dev.{folder[:-1]}", "input": where, "snapshotConfig": config}
        stack = job_engine(self._emulator, self._client)
        stack.up({"job": inputs})
        found = {key: self._store.get_object(Bucket=RESULTS, Key=key) for key in self.keys(folder)}
        bodies = {key: one["Body"].read() for key, one in found.items()}
        texts = {key: body.decode() for key, body in bodies.items() if key.endswith(".vtt")}
        images = {key: Image.open(io.BytesIO(body)) for key, body in bodies.items() if key not in texts}
        assert {image.format for image in images.values()} == {"JPEG"}
        stored = {key: Stored(image, found[key]["Metadata"]) for key, image in images.items()}
        return JobResult(stack.state["job"].outputs, stored, texts)

    def keys(self, folder: str) -> list[str]:
        pages = self._store.get_paginator("list_objects_v2").paginate(Bucket=RESULTS, Prefix=folder)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def video(self, source: str) -> DecodedVideo:
        return decode(self.videos[source])

    def run(self, source: str, request: JobRequest, template: str = "{Count}.jpg") -> list[FrameObject]:
        """Run a job that takes frames only, check everything, and return what it took."""
        folder = self.new_folder()
        config = config_of(request, folder + template)
        frames = reference.frame_objects(self.video(source), request, folder + template, source)
        if not frames:
            self._fail(folder, source, config)
            return []
        result = self.run_job(folder, source, config)
        same("keys in the bucket", sorted(result.stored), sorted(frame.key for frame in frames))
        check_frames(result, frames, reader_of(source))
        return frames

    def run_sheets(self, source: str, request: JobRequest, layout: Layout) -> tuple[list[Sheet], JobResult]:
        """Run a job that makes sheets, check everything but colors."""
        folder, video = self.new_folder(), self.video(source)
        one, sheet = f"{folder}one/{{Count}}.jpg", f"{folder}all/{{TileCount}}.jpg"
        tiles = {"tileOutputFile": place(sheet), "tileOut": tile_out_of(layout)}
        config = {**config_of(request, one), **tiles}
        frames = reference.frame_objects(video, request, one, source)
        sheets = reference.sheets(video, request, layout, sheet, source)
        if not frames:
            self._fail(folder, source, config)
            return [], JobResult({}, {})
        result = self.run_job(folder, source, config)
        kept = frames if layout.keeps_frames else []
        keys = [*(frame.key for frame in kept), *(sheet.key for sheet in sheets)]
        same("keys in the bucket", sorted(result.stored), sorted(keys))
        check_frames(result, kept, reader_of(source), count=len(frames))
        check_sheets(result, sheets, reader_of(source))
        return sheets, result

    def _fail(self, folder: str, source: str, config: Mapping[str, Any]) -> None:
        """A job that takes no frame fails with the vendor's code, and leaves nothing."""
        with pytest.raises((TaskFailed, Rejected), match=r"InvalidParameter\.ResourceContentBad"):
            self.run_job(folder, source, config)
        same("keys of a job that failed", self.keys(folder), [])


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
        assert abs(noted - begins) < 1, f"{frame.key}: source-ms is {noted}, it begins at {float(begins)} ms"


def check_sheets(result: JobResult, sheets: list[Sheet], read: ReadNumber) -> None:
    same("tileFrames", result.outputs["tileFrames"], [sheet.key for sheet in sheets])
    same("tileCount", result.outputs["tileCount"], len(sheets))
    for sheet in sheets:
        image, metadata = result.stored[sheet.key].image, result.stored[sheet.key].metadata
        assert not {"source-ms", "source-frame"} & set(metadata)
        same(f"size of {sheet.key}", image.size, sheet.size)
        cells = [(box, one.frame.number) for box, one in sheet.cells if one is not None]
        same(f"cells of {sheet.key}", [(box, read(image.crop(box))) for box, _ in cells], cells)


def place(key: str) -> dict[str, str]:
    """An output file as a program declares it."""
    return {"location": LOCATION, "bucket": RESULTS, "object": key}


def config_of(request: JobRequest, key: str) -> dict[str, Any]:
    """A request in state's spelling."""
    fields = {**vars(request), "points": None}
    if request.points is not None:
        fields |= {"time": None, "time_array": {"timePointList": list(request.points)}}
    return {"outputFile": place(key), **_camel_keys(fields)}


def tile_out_of(layout: Layout) -> dict[str, Any]:
    fields = {**vars(layout), "step": None, "keeps_frames": None}
    return _camel_keys({**fields, "cell_sel_step": layout.step, "is_keep_cell_pic": layout.keeps_frames})


def _camel_keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: name.split("_") for name, value in fields.items() if value is not None}
    return {first + "".join(map(str.title, more)): fields[name] for name, (first, *more) in words.items()}
