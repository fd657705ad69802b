"""Which frames a job takes, exactly, from any sort of file; names and sizes of frames, sheets, WebVTT."""

from __future__ import annotations

import io
import os
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import av
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from support.data import load
from support.layers import COUNTED
from support.mps_videos import (
    CONTENT_BAD,
    OUTPUT,
    Recipe,
    frame_numbers,
    index_first,
    make_video,
    opened,
    recipe_of,
    remuxed,
    shown_number,
    take,
)
from support.odd_videos import SIZE, OddRecipe, OddVideo, odd_video, read_number, shown_by_ffmpeg
from support.sampling import SEED_VARIABLE, examples
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.media.video import scale
from videosnap_emulator.services.mps.frame_selection import MAX_FRAMES
from videosnap_emulator.services.mps.models import (
    ObjectRef,
    Readings,
    RenderedObject,
    SnapshotResult,
    TileOut,
)

SPREAD = Readings(missing_interval="average")
INTRA: dict[str, Any] = {"frame_type": "intra"}


@pytest.mark.parametrize("fields", load("mps/videos.json").values(), ids=load("mps/videos.json"))
def test_every_boundary_of_every_sort_of_file(fields: dict[str, Any]) -> None:
    recipe = recipe_of(**fields)
    video, rate = make_video(recipe), Fraction(recipe.clock)
    starts = [(recipe.pts(number) - recipe.pts(0)) * 1000 / rate for number in range(recipe.frames)]
    if recipe.container == "matroska":
        starts = [Fraction(floor(at + Fraction(1, 2))) for at in starts]
    wanted = {ceil(at) - 1: number for number, at in enumerate(starts[1:])}
    wanted |= {ceil(at): number for number, at in enumerate(starts)}
    assert frame_numbers(take(video, time_points=tuple(wanted))) == [wanted[at] for at in sorted(wanted)]
    for at in (0, 39, 1_033, 1_600, ceil(starts[-1])):
        last = max(number for number, start in enumerate(starts) if start <= at)
        assert shown_number(take(video, time=at).frames[0]) == last


def test_frames_that_an_edit_list_hides_do_not_count(plain: bytes) -> None:
    video = index_first(plain, shift=-10 * 512)
    result = take(video, time_points=(0, 39, 40, 400, 1_999))
    assert [frame.source_frame for frame in result.frames] == [0, 0, 1, 10, 49]
    assert [shown_number(frame) for frame in result.frames] == [10, 10, 11, 20, 59]


@pytest.mark.parametrize(("source", "container"), [("mpegts", "mpegts"), ("mp4", "matroska")])
@pytest.mark.parametrize("open_gop", [False, True])
@pytest.mark.parametrize("lost", [1, 3, 10, 16])
def test_a_stream_that_begins_too_late_begins_at_its_first_key_frame(
    source: str, container: str, open_gop: bool, lost: int
) -> None:
    video = remuxed(make_video(Recipe(source, open_gop=open_gop)), container, lost)
    result = take(video, time_points=(0, 39, 40, 200))
    assert [shown_number(frame) for frame in result.frames] == [20, 20, 21, 25]
    assert [frame.source_frame for frame in result.frames] == [0, 0, 1, 5]


@pytest.mark.parametrize("past", [2_400, 2_401, 10**6, 10**12])
def test_past_the_end(plain: bytes, past: int) -> None:
    assert frame_numbers(take(plain, time=2_399)) == [59]
    late: list[dict[str, Any]] = [{"time": past}, {"time_points": (past,)}, {"time_points": ()}]
    for fields in late:
        with pytest.raises(ApiError, match="The resource operated InputFile is bad") as failure:
            take(plain, **fields)
        assert failure.value.code == CONTENT_BAD
    assert frame_numbers(take(plain, time=past, **INTRA)) == [40]


def test_the_same_request_gives_the_same_bytes(plain: bytes) -> None:
    assert take(plain, interval=1, width=160) == take(plain, interval=1, width=160)


def moments(video: bytes, **fields: Any) -> list[int]:
    """The moments asked for, as {SnapshotTime} gives them; all that counts frames is checked."""
    result = take(video, output="{SnapshotTime}/{Count}", **fields)
    names = [frame.key.split("/") for frame in result.frames]
    assert [count for _, count in names] == [f"{number:05d}" for number in range(1, len(names) + 1)]
    assert (result.count, result.tile_count, result.sheets, result.vtt) == (len(names), 0, (), None)
    return [int(moment) for moment, _ in names]


@pytest.fixture(scope="module")
def long() -> bytes:
    """65 s at two frames a second, a key frame every 10 s."""
    return make_video(Recipe(frames=130, clock=2, size=(160, 96)))


@pytest.mark.parametrize(("fields", "expected"), load("mps/moments.json"), ids=str)
def test_moments(long: bytes, fields: dict[str, Any], expected: list[int]) -> None:
    readings = SPREAD if "readings" in fields else None
    assert moments(long, **{**fields, "readings": readings}) == expected


def test_more_moments_than_milliseconds(plain: bytes) -> None:
    assert set(frame_numbers(take(plain, num=3000, interval=0, width=160, **INTRA))) == {0, 20, 40}


def test_more_frames_than_memory_holds_are_refused(plain: bytes) -> None:
    with pytest.raises(ApiError, match=f"at most {MAX_FRAMES} frames") as failure:
        take(plain, num=10**12, interval=0)
    assert failure.value.code == "InternalError"


def test_a_video_of_years() -> None:
    recipe = Recipe("matroska", frames=3, clock=1, b_frames=0, pts=lambda number: number**2 * 10**8)
    video = make_video(recipe)
    assert frame_numbers(take(video, time=10**11 - 1)) == [0]
    assert frame_numbers(take(video, num=5, interval=0)) == [0, 0, 1, 1, 1]
    with pytest.raises(ApiError, match="at most"):
        take(video, interval=1)


BLACK = load("mps/black.json")


@pytest.fixture(scope="module")
def black_videos() -> dict[str, bytes]:
    return {name: make_video(recipe_of(**fields)) for name, fields in BLACK["videos"].items()}


@pytest.mark.parametrize(("video", "fields", "expected"), BLACK["cases"], ids=str)
def test_black_beginnings(
    black_videos: dict[str, bytes], video: str, fields: dict[str, Any], expected: list[int] | None
) -> None:
    if expected is None:
        with pytest.raises(ApiError) as failure:
            take(black_videos[video], **fields)
        assert failure.value.code == CONTENT_BAD
    else:
        found = take(black_videos[video], **fields).frames
        assert [frame.source_frame for frame in found] == expected


def test_a_replaced_frame_shows_the_other_frame_under_the_old_name(black_videos: dict[str, bytes]) -> None:
    names = {"output": "{SnapshotTime}-{Count}", "black_level": 100}
    found = take(black_videos["begins black"], interval=1, num=4, **names).frames  # type: ignore[arg-type]
    black = [opened(frame).getextrema() == ((0, 0),) * 3 for frame in found]
    assert black == [False, True, True, False]
    assert (found[0].key, found[0].source_ms, shown_number(found[0])) == ("0-00001", 2_600, 13)


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


@pytest.mark.parametrize(("key", "template", "name"), TABLES["placeholders"])
def test_placeholders(plain: bytes, key: str, template: str, name: str) -> None:
    assert [one.key for one in take(plain, time=1234, key=key, output=template).frames] == [name]


def test_counts_number_the_frames_taken_and_times_are_the_moments_asked_for(plain: bytes) -> None:
    result = take(plain, time=100, interval=1, frame_type="intra", output="{SnapshotTime}-{Count}")
    found = [(frame.key, frame.source_ms) for frame in result.frames]
    assert found == [("100-00001", 0), ("1100-00002", 800), ("2100-00003", 1600)]


def test_both_sides_given_stretch_the_frame(plain: bytes) -> None:
    image = opened(take(plain, width=100, height=300).frames[0])
    for corner in ((2, 2), (97, 2), (2, 260), (97, 260)):
        assert color(image, *corner) == pytest.approx((110, 140, 170), abs=8)


def tiled(video: bytes, tile: TileOut | None, **fields: Any) -> SnapshotResult:
    points = tuple(number * 40 for number in range(7))
    return take(video, **{"time_points": points, "tile": tile, "tile_output": SHEET, **fields})


@pytest.mark.parametrize(("tile", "fields", "expected"), TABLES["sheet_sizes"], ids=str)
def test_sheets(
    plain: bytes, tile: dict[str, Any] | None, fields: dict[str, Any], expected: list[int]
) -> None:
    result = tiled(plain, None if tile is None else TileOut(**tile), **fields)
    assert (list(size(result.sheets[0])), len(result.frames)) == (expected, 7)


def test_names_of_sheets_have_the_first_moment(plain: bytes) -> None:
    place = ObjectRef("b", "l", "{FileName}.{ExtName}/{SnapshotTime}-{TileCount}-{Count}")
    result = tiled(plain, replace(CELL, lines=1, columns=4), tile_output=place)
    assert [sheet.key for sheet in result.sheets] == ["x.mp4/0-00001-{Count}", "x.mp4/160-00002-{Count}"]


@pytest.mark.parametrize(("name", "rgb"), TABLES["colors"])
def test_the_color_between_cells(plain: bytes, name: str | None, rgb: list[int]) -> None:
    """Two margins, two gaps, and the middle of an empty cell."""
    fields: dict[str, Any] = {"margin": 32, "padding": 32, **({"color": name} if name else {})}
    sheet = opened(tiled(plain, replace(CELL, lines=2, columns=7, **fields)).sheets[0])
    for point in ((16, 16), (100, sheet.height - 16), (216, 80), (100, 144), (100, 208)):
        assert color(sheet, *point) == pytest.approx(tuple(rgb), abs=3), point


def test_a_random_color_is_the_jobs_own(plain: bytes) -> None:
    tile = replace(CELL, lines=2, columns=7, color="random")
    one, again, other = (color(opened(tiled(plain, tile, time=at).sheets[0]), 20, 150) for at in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("name", TABLES["bad_colors"])
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


@pytest.mark.parametrize(("fields", "cues"), TABLES["webvtt"], ids=str)
def test_webvtt(plain: bytes, fields: dict[str, Any], cues: list[str]) -> None:
    """The text and the objects. A place for sheets makes none beside a text."""
    more = {"tile": TileOut(**fields["tile"]), "tile_output": SHEET} if "tile" in fields else {}
    result = take(plain, **VTT, **{"interval": 1, **fields, **more})
    parts = [cue.split(" ") for cue in cues]
    blocks = [f"{timestamp(begin)} --> {timestamp(end)}\n{file}" for begin, end, file in parts]
    assert vtt_text(result) == "\n\n".join(["WEBVTT", *blocks]) + "\n"
    files = list(dict.fromkeys(file.split("#")[0] for _, _, file in parts))
    assert [one.key for one in result.objects] == [*(f"a/b/{file}" for file in files), "a/b/x.vtt"]
    sheets = len(files) if "sprite_fragments" in fields else 0
    assert (result.count, result.tile_count) == (1 if "num" in fields else 3, sheets)


def timestamp(seconds: str) -> str:
    return f"00:00:{float(seconds):06.3f}"


@pytest.mark.parametrize(("fields", "cues"), TABLES["cues"], ids=str)
def test_cues(plain: bytes, fields: dict[str, Any], cues: list[str]) -> None:
    points = {"time_points": tuple(fields["time_points"])} if "time_points" in fields else {}
    lines = vtt_text(take(plain, **VTT, **{**fields, **points})).splitlines()
    times = [tuple(map(timestamp, cue.split())) for cue in cues]
    assert [line for line in lines if "-->" in line] == [f"{begin} --> {end}" for begin, end in times]


def test_hours() -> None:
    recipe = Recipe("matroska", frames=3, clock=1, b_frames=0, pts=lambda number: number * 200_000)
    assert "\n111:06:40.123 --> " in vtt_text(take(make_video(recipe), **VTT, time_points=(400_000_123,)))


def test_names_of_webvtt(plain: bytes) -> None:
    result = take(plain, format="vtt", output="{ObjectPrefix}{FileName}.vtt", key="in/视频.mp4")
    assert "\n视频/snapshot-00001.jpg\n" in vtt_text(result)
    assert [one.key for one in result.objects] == ["in/视频/snapshot-00001.jpg", "in/视频.vtt"]
    with pytest.raises(ApiError, match="SnapshotConfig:OutputFile:Object"):
        take(plain, format="vtt", output="x.jpg")


@pytest.mark.parametrize("stem", ["a#b?c", "50%", "a%20b", "one --> two", "c:d", "a\\b", "<i>&amp;", "片 1"])
def test_names_in_webvtt_are_urls(plain: bytes, stem: str) -> None:
    result = take(plain, format="vtt", output=f"out/{stem}.vtt", interval=1)
    lines = vtt_text(result).splitlines()
    urls = [lines[at + 1] for at, line in enumerate(lines) if " --> " in line]
    found = [urljoin(f"http://host/{quote('out/' + stem)}.vtt", url) for url in urls]
    parts = [urlsplit(url) for url in found]
    assert [unquote(part.path) for part in parts] == [f"/{one.key}" for one in result.frames]
    assert {(part.netloc, part.query, part.fragment) for part in parts} == {("host", "", "")}
    assert not any("-->" in url or "\\" in url for url in urls)


DATA = Path(__file__).parents[2] / "data" / "mps" / "odd_videos"
Taken = dict[int, RenderedObject]


def shown(frame: RenderedObject) -> int:
    return read_number(opened(frame).convert("L").resize(SIZE).tobytes())


def taken(video: bytes, **fields: Any) -> Taken:
    """The frames by the moments that they were taken for; none if the job is refused."""
    try:
        return {int(one.key): one for one in take(video, output="{SnapshotTime}", **fields).frames}
    except ApiError as refusal:
        if refusal.code == CONTENT_BAD:
            return {}
        raise


def moments_of(video: OddVideo, dice: random.Random) -> dict[int, int | None]:
    """Moments and, where the recipe says it, the frame that is shown: the middle of each, and any others."""
    known = list(pairwise([*video.starts, video.starts[-1]])) if video.starts else []
    middles: dict[int, int | None] = {int((one + two) / 2): n for n, (one, two) in enumerate(known)}
    return {0: None, **{dice.randrange(video.frames * 50): None for _ in range(12)}, **middles}


def check(video: OddVideo, seed: int) -> tuple[int, int]:
    """Take frames of a video in all ways; how many showed their number, and how many were the same alone."""
    dice, judged = random.Random(seed), shown_by_ffmpeg(video.body)
    moments = moments_of(video, dice)
    among = taken(video.body, time_points=tuple(moments))
    keys = taken(video.body, time_points=tuple(moments), frame_type="intra")
    claims = [(frame.source_frame, shown(frame)) for frame in (*among.values(), *keys.values())]
    if judged == sorted(set(judged)):  # else the other decoder shows what has no reference
        assert bool(among) == bool(judged)
        assert [(number, judged[number or 0]) for number, _ in claims] == claims
    for at, number in moments.items():
        assert number is None or shown(among[at]) == number, at
    alone = dice.sample(sorted(moments), min(5, len(moments)))
    assert [taken(video.body, time=at).get(at) for at in alone] == [among.get(at) for at in alone]
    return len(claims), len(alone)


@pytest.mark.parametrize("seed", [922776171], ids=["two frames at one time"])
def test_generated_videos_that_were_misread(seed: int) -> None:
    assert check(odd_video(seed), seed)


def test_generated_videos(record_property: Callable[[str, object], None]) -> None:
    count = examples(6, 500)
    first, compared, wrong = int(os.environ[SEED_VARIABLE]) * 1000, list[tuple[int, int]](), list[str]()
    for seed in range(first, first + count):
        video = odd_video(seed)
        try:
            compared.append(check(video, seed))
        except (AssertionError, LookupError) as error:
            wrong.append(f"{video.name}: {error!r}")
    numbers, alone = map(sum, zip(*compared, strict=True))
    result = f"{numbers} frames show their number, {alone} are the same alone, {len(wrong)} videos are wrong"
    record_property(COUNTED, f"odd videos: {count} from seed {first}: {result}")
    assert wrong == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the encoder sets nothing")
def test_an_encoder_leaves_the_scheduling_as_it_was() -> None:
    before = os.sched_getscheduler(0)
    make_video(OddRecipe(container="webm", codec="libsvtav1", frames=1, clock=25))
    assert os.sched_getscheduler(0) == before


CASES = load("mps/odd_videos.json")


@pytest.mark.parametrize("name", CASES)
def test_files_that_were_misread(name: str) -> None:
    wanted = {int(at): number for at, number in CASES[name].items()}
    video = (DATA / name).read_bytes()
    frames = taken(video, time_points=tuple(wanted))
    assert {at: shown(frame) for at, frame in frames.items()} == wanted
    assert {at: frame.source_frame for at, frame in frames.items()} == wanted
    for at in wanted:
        assert taken(video, time=at)[at] == frames[at]


BARS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255), (255, 255, 255)]


def bars(colorspace: Colorspace, color_range: ColorRange) -> bytes:
    """One frame of color bars, 16 pixels wide, stored as that standard has it."""
    image, file = Image.new("RGB", (192, 128)), io.BytesIO()
    for number, color in enumerate(BARS):
        image.paste(color, (number * 16, 0, number * 16 + 16, 128))
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"qp": "4"})
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = colorspace, color_range
        rgb = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
        frame = rgb.reformat(format="yuv420p", dst_colorspace=colorspace, dst_color_range=color_range)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


COLORS = {
    "BT.709, limited": (DATA / "c709tv.mp4").read_bytes,
    "BT.709, full": lambda: bars(Colorspace.ITU709, ColorRange.JPEG),
    "BT.601, limited": lambda: bars(Colorspace.ITU601, ColorRange.MPEG),
    "BT.601, full": lambda: bars(Colorspace.ITU601, ColorRange.JPEG),
}


@pytest.mark.parametrize("video", COLORS.values(), ids=COLORS)
def test_colors(video: Callable[[], bytes]) -> None:
    with av.open(io.BytesIO(video()), "r") as container:
        image = scale(next(container.decode(video=0)), (192, 128))
    for number, color in enumerate(BARS):
        assert image.getpixel((number * 16 + 8, 64)) == pytest.approx(color, abs=4), color
