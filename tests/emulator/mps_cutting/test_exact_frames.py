"""The frame that is cut is the one shown at the moment asked for, to the millisecond, in any sort of file."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest

from support.mps_videos import Recipe, cut, film, frames, index_first, seen, times, turned, without_first
from videosnap_emulator import sample
from videosnap_emulator.alibaba_mps.config import CannotCut


def test_every_boundary_of_the_sample(sample_video: bytes) -> None:
    starts = [number * sample.FRAME_MS for number in range(sample.FRAMES)]
    points = {at + shift for at in starts for shift in (-1, 0, 1)} - {-1}
    shots = cut(sample_video, time_points=tuple(points), width=192)
    assert frames(shots) == [at // sample.FRAME_MS for at in sorted(points)]
    assert [shot.source_ms for shot in shots.pictures] == [at // 40 * 40 for at in sorted(points)]


@pytest.mark.parametrize("at", [0, 39, 40, 1_999, 2_000, 2_001, 5_959, 5_960, 11_959, 11_960, 11_999])
def test_single_shots_of_the_sample(sample_video: bytes, at: int) -> None:
    assert frames(cut(sample_video, time=at)) == [at // sample.FRAME_MS]


RECIPES = {
    "no B frames": Recipe(b_frames=0),
    "many B frames": Recipe(b_frames=8, key_every=30),
    "open GOP": Recipe(open_gop=True),
    "open GOP, TS": Recipe("mpegts", open_gop=True),
    "key frames only": Recipe(key_every=1, b_frames=0),
    "one key frame": Recipe(key_every=250),
    "TS": Recipe("mpegts"),
    "FLV": Recipe("flv"),
    "MKV": Recipe("matroska"),
    "MOV": Recipe("mov"),
    "AVI": Recipe("avi"),
    "AVI, MPEG-4": Recipe("avi", "mpeg4", b_frames=2),
    "MPEG-PS": Recipe("mpeg", "mpeg2video", b_frames=2),
    "MXF": Recipe("mxf", "mpeg2video", b_frames=2, size=(192, 112)),
    "ASF": Recipe("asf", "mpeg4", b_frames=0),
    "WebM": Recipe("webm", "libvpx", b_frames=0),
    "late start": Recipe(pts=lambda number: number + 90),
    "late start, TS": Recipe("mpegts", pts=lambda number: number + 90),
    "late start, FLV": Recipe("flv", pts=lambda number: number + 90),
    "portrait": Recipe(size=(192, 320)),
    "odd frame rate": Recipe(clock=Fraction(30_000, 1001)),
    "odd frame rate, MKV": Recipe("matroska", clock=Fraction(24_000, 1001)),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_boundary_of_every_sort_of_file(recipe: Recipe) -> None:
    video, rate = film(recipe), Fraction(recipe.clock)
    starts = [number * 1000 / rate for number in range(recipe.frames)]
    if recipe.container == "matroska":
        starts = [Fraction(floor(at + Fraction(1, 2))) for at in starts]
    asked = {ceil(at): number for number, at in enumerate(starts)}
    asked |= {ceil(at) - 1: number for number, at in enumerate(starts[1:])}
    shots = cut(video, time_points=tuple(asked))
    assert frames(shots) == [asked[at] for at in sorted(asked)]
    for at in (0, 39, 1_033, 1_600, ceil(starts[-1])):
        assert seen(cut(video, time=at).pictures[0]) == max(
            n for n, start in enumerate(starts) if start <= at
        )


def test_variable_frame_rate() -> None:
    gaps = [10, 23, 467, 1, 250, 99]
    video = film(Recipe(clock=1000, frames=30, pts=times(gaps)))
    begins = [times(gaps)(number) for number in range(30)]
    points = sorted({at + shift for at in begins for shift in (-1, 0, 1) if 0 <= at + shift <= begins[-1]})
    wanted = [max(n for n, begin in enumerate(begins) if begin <= at) for at in points]
    assert frames(cut(video, time_points=tuple(points))) == wanted


def test_frames_that_an_edit_list_hides_do_not_count(plain: bytes) -> None:
    video = index_first(plain, shift=-10 * 512)
    shots = cut(video, time_points=(0, 39, 40, 400, 1_999))
    assert [shot.source_frame for shot in shots.pictures] == [0, 0, 1, 10, 49]
    assert [seen(shot) for shot in shots.pictures] == [10, 10, 11, 20, 59]


@pytest.mark.parametrize(("source", "container"), [("mpegts", "mpegts"), ("mp4", "matroska")])
@pytest.mark.parametrize("open_gop", [False, True])
@pytest.mark.parametrize("lost", [1, 3, 10, 16])
def test_a_stream_that_begins_too_late_begins_at_its_first_key_frame(
    source: str, container: str, open_gop: bool, lost: int
) -> None:
    video = without_first(film(Recipe(source, open_gop=open_gop)), lost, container)
    shots = cut(video, time_points=(0, 39, 40, 200))
    assert [seen(shot) for shot in shots.pictures] == [20, 20, 21, 25]
    assert [shot.source_frame for shot in shots.pictures] == [0, 0, 1, 5]


def test_rotation_is_not_applied(plain: bytes) -> None:
    shots = cut(turned(plain), time=400)
    assert frames(shots) == [10]
    assert (shots.pictures[0].width, shots.pictures[0].height) == (192, 108)


@pytest.mark.parametrize("past", [2_400, 2_401, 10**6, 10**12])
def test_past_the_end(plain: bytes, past: int) -> None:
    assert frames(cut(plain, time=2_399)) == [59]
    with pytest.raises(CannotCut, match="The resource operated InputFile is bad") as failure:
        cut(plain, time=past)
    assert failure.value.code == "InvalidParameter.ResourceContentBad"
    assert frames(cut(plain, time=past, frame_type="intra")) == [40]


def test_the_same_request_gives_the_same_bytes(plain: bytes) -> None:
    assert cut(plain, interval=1, width=160) == cut(plain, interval=1, width=160)
