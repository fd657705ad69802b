"""Black beginnings."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from support.mps_videos import Recipe, cut, film, frames, opened, seen
from videosnap_emulator.alibaba_mps.config import CannotCut

SHAPE: dict[str, Any] = {"clock": 5, "key_every": 10, "size": (160, 96)}


@pytest.fixture(scope="module")
def begins_black() -> bytes:
    """10 s at 5 frames a second; 13 black frames, key frames at 0, 2, 4 s and so on."""
    return film(Recipe(frames=50, black=range(13), **SHAPE))


@pytest.fixture(scope="module")
def long_black() -> bytes:
    """Its first frame that is not black begins at 5 s."""
    return film(Recipe(frames=35, black=range(25), **SHAPE))


@pytest.fixture(scope="module")
def dark() -> bytes:
    """2 s of grey 40, then pictures."""
    return film(Recipe(frames=20, black=range(10), shade=40, **SHAPE))


@pytest.mark.parametrize("fields", [{}, {"num": 1}, {"num": 1, "interval": 3}, {"black_level": 30}], ids=str)
def test_a_single_picture_is_never_black(begins_black: bytes, fields: dict[str, Any]) -> None:
    shots = cut(begins_black, output="{SnapshotTime}-{Count}", **fields)
    assert frames(shots) == [13]
    assert [(shot.key, shot.source_ms) for shot in shots.pictures] == [("0-00001", 2_600)]
    assert frames(cut(begins_black, frame_type="intra", **fields)) == [20]


def test_the_levels_of_a_single_picture_are_fixed(dark: bytes) -> None:
    assert frames(cut(dark, black_level=100, pixel_black_threshold=0)) == [10]


def test_only_time_zero_is_examined(begins_black: bytes) -> None:
    shots = cut(begins_black, time=1, black_level=100, pixel_black_threshold=255)
    assert (shots.pictures[0].source_frame, opened(shots.pictures[0]).getextrema()) == (0, ((0, 0),) * 3)


def test_a_single_picture_fails_when_five_seconds_are_black(long_black: bytes) -> None:
    for frame_type in ("normal", "intra"):
        with pytest.raises(CannotCut) as failure:
            cut(long_black, frame_type=frame_type)
        assert failure.value.code == "InvalidParameter.ResourceContentBad"


def test_several_pictures_begin_black_unless_asked(begins_black: bytes) -> None:
    shots = cut(begins_black, interval=1, num=2)
    assert [shot.source_frame for shot in shots.pictures] == [0, 5]


@pytest.mark.parametrize("told", [{"black_level": 100}, {"pixel_black_threshold": 10}], ids=str)
def test_the_first_of_several_is_exchanged(begins_black: bytes, told: dict[str, Any]) -> None:
    shots = cut(begins_black, interval=1, num=4, output="{SnapshotTime}-{Count}", **told)
    assert [shot.source_frame for shot in shots.pictures] == [13, 5, 10, 15]
    assert shots.pictures[0].key == "0-00001"
    assert [opened(shot).getextrema() == ((0, 0),) * 3 for shot in shots.pictures] == [
        False,
        True,
        True,
        False,
    ]
    assert seen(shots.pictures[0]) == 13
    intra = cut(begins_black, interval=2, num=3, frame_type="intra", **told)
    assert [shot.source_frame for shot in intra.pictures] == [20, 10, 20]


def test_the_first_of_several_stays_black_after_five_seconds(long_black: bytes) -> None:
    shots = cut(long_black, interval=6, black_level=100)
    assert [shot.source_frame for shot in shots.pictures] == [0, 30]


@pytest.mark.parametrize(("threshold", "first"), [(0, 0), (30, 0), (50, 10), (70, 10)])
def test_the_threshold_says_how_dark_black_is(dark: bytes, threshold: int, first: int) -> None:
    shots = cut(dark, interval=3, pixel_black_threshold=threshold)
    assert [shot.source_frame for shot in shots.pictures] == [first, 15]


@pytest.mark.parametrize(("level", "first"), [(30, 1), (45, 1), (55, 0), (100, 0)])
def test_the_level_says_how_much_of_a_frame_must_be_black(level: int, first: int) -> None:
    # Half of the first frame is black, the others are not.
    video = film(_HalfBlack(frames=6, **SHAPE))
    shots = cut(video, interval=1, num=2, black_level=level, pixel_black_threshold=40)
    assert [shot.source_frame for shot in shots.pictures] == [first, 5]


class _HalfBlack(Recipe):
    def picture(self, number: int) -> Image.Image:
        image = super().picture(number)
        return image if number else image.crop((0, 0, 160, 48)).crop((0, 0, 160, 96))
