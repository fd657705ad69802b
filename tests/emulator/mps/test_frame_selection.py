"""Which frames a job takes, exactly, in any sort of file: moments, key frames, black beginnings."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from PIL import Image

from support.data import load
from support.mps_videos import (
    CONTENT_BAD,
    Recipe,
    frame_numbers,
    index_first,
    make_video,
    opened,
    recipe_of,
    rotated,
    shown_number,
    take,
    without_first,
)  # fmt: skip
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.media import samples
from videosnap_emulator.services.mps.frame_selection import MAX_FRAMES
from videosnap_emulator.services.mps.models import Readings

SPREAD = Readings(missing_interval="average")
INTRA: dict[str, Any] = {"frame_type": "intra"}


def test_every_boundary_of_the_sample(sample_video: bytes) -> None:
    starts = [number * samples.FRAME_MS for number in range(samples.FRAMES)]
    points = sorted({at + shift for at in starts for shift in (-1, 0, 1)} - {-1})
    result = take(sample_video, time_points=tuple(points), width=192)
    assert frame_numbers(result) == [at // samples.FRAME_MS for at in points]
    assert [frame.source_ms for frame in result.frames] == [at // 40 * 40 for at in points]
    for at in (0, 39, 40, 1_999, 2_000, 2_001, 5_959, 5_960, 11_959, 11_960, 11_999):
        assert frame_numbers(take(sample_video, time=at)) == [at // samples.FRAME_MS]


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
    video = without_first(make_video(Recipe(source, open_gop=open_gop)), lost, container)
    result = take(video, time_points=(0, 39, 40, 200))
    assert [shown_number(frame) for frame in result.frames] == [20, 20, 21, 25]
    assert [frame.source_frame for frame in result.frames] == [0, 0, 1, 5]


def test_rotation_is_not_applied(plain: bytes) -> None:
    result = take(rotated(plain), time=400)
    assert frame_numbers(result) == [10]
    assert (result.frames[0].width, result.frames[0].height) == (192, 108)


@pytest.mark.parametrize("past", [2_400, 2_401, 10**6, 10**12])
def test_past_the_end(plain: bytes, past: int) -> None:
    assert frame_numbers(take(plain, time=2_399)) == [59]
    with pytest.raises(ApiError, match="The resource operated InputFile is bad") as failure:
        take(plain, time=past)
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


def test_key_frames_shown_are_the_nearest(plain: bytes) -> None:
    points, nearest = (0, 399, 400, 401, 1_200, 1_201, 2_399), [0, 0, 0, 20, 20, 40, 40]
    assert [frame_numbers(take(plain, time=at, **INTRA)) for at in points] == [[one] for one in nearest]
    assert frame_numbers(take(plain, time_points=points, **INTRA)) == nearest
    assert [frame.source_ms for frame in take(plain, interval=1, **INTRA).frames] == [0, 800, 1_600]


NOTHING: list[dict[str, Any]] = [
    {"time": 2_400, "interval": 1},
    {"time": 2_400, "num": 2, "interval": 0},
    {"time_points": (2_400,)},
    {"time_points": ()},
    {"time": 600, "num": 2, "interval": 1, **INTRA},
]


@pytest.mark.parametrize("fields", NOTHING, ids=str)
def test_a_job_without_any_frame_fails(plain: bytes, fields: dict[str, Any]) -> None:
    video = make_video(Recipe(key_every=250, frames=40)) if "frame_type" in fields else plain
    with pytest.raises(ApiError) as failure:
        take(video, **fields)
    assert failure.value.code == CONTENT_BAD


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


class _HalfBlack(Recipe):
    """Half of the first frame is black, the others are not."""

    def image(self, number: int) -> Image.Image:
        image = super().image(number)
        return image if number else image.crop((0, 0, 160, 48)).crop((0, 0, 160, 96))


BLACK: dict[str, Any] = {"clock": 5, "key_every": 10, "size": (160, 96)}
BLACK_VIDEOS = {
    # 10 s at 5 frames a second; 13 black frames, key frames at 0, 2, 4 s and so on.
    "begins black": Recipe(frames=50, black=range(13), **BLACK),
    # Its first frame that is not black begins at 5 s.
    "long black": Recipe(frames=35, black=range(25), **BLACK),
    # 2 s of grey 40, then numbered frames.
    "dark": Recipe(frames=20, black=range(10), shade=40, **BLACK),
    "half black": _HalfBlack(frames=6, **BLACK),
}


@pytest.fixture(scope="module")
def black_videos() -> dict[str, bytes]:
    return {name: make_video(recipe) for name, recipe in BLACK_VIDEOS.items()}


@pytest.mark.parametrize(("video", "fields", "expected"), load("mps/black.json"), ids=str)
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
