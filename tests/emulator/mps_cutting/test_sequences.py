"""Which moments a job takes: sequences, averages, time points, key frames near them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.mps_videos import Recipe, cut, film, frames
from videosnap_emulator.alibaba_mps.config import CannotCut
from videosnap_emulator.alibaba_mps.plan import MAXIMUM_PICTURES
from videosnap_emulator.alibaba_mps.readings import Readings

SPREAD = Readings(missing_interval="average")


def asked(video: bytes, **fields: Any) -> list[int]:
    """Return the moments asked for, as {SnapshotTime} tells them, after checking all that counts pictures."""
    shots = cut(video, output="{SnapshotTime}/{Count}", **fields)
    names = [picture.key.split("/") for picture in shots.pictures]
    assert [count for _, count in names] == [f"{n:05d}" for n in range(1, len(names) + 1)]
    assert (shots.count, shots.tile_count, shots.sheets, shots.vtt) == (len(names), 0, (), None)
    return [int(moment) for moment, _ in names]


@pytest.fixture(scope="module")
def long() -> bytes:
    """65 s at two frames a second, a key frame every 10 s."""
    return film(Recipe(frames=130, clock=2, size=(160, 96)))


def test_the_documents_example(sample_video: bytes) -> None:
    shots = cut(sample_video, time=2000, interval=1, num=3, height=180)
    assert [picture.source_ms for picture in shots.pictures] == [2000, 3000, 4000]
    assert [picture.key for picture in shots.pictures] == [f"out/x-0000{n}.jpg" for n in (1, 2, 3)]
    assert {(picture.width, picture.height) for picture in shots.pictures} == {(320, 180)}


@pytest.mark.parametrize(
    ("fields", "moments"),
    [
        ({}, [0]),
        ({"time": 700}, [700]),
        ({"num": 1, "interval": 3}, [0]),
        ({"num": 1, "interval": 0}, [0]),
        ({"interval": 10}, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]),
        ({"interval": 10, "time": 4_999}, [4_999, 14_999, 24_999, 34_999, 44_999, 54_999, 64_999]),
        ({"interval": 10, "time": 5_000}, [5_000, 15_000, 25_000, 35_000, 45_000, 55_000]),
        ({"interval": 20, "num": 2}, [0, 20_000]),
        ({"interval": 20, "num": 10**9}, [0, 20_000, 40_000, 60_000]),
        ({"interval": 10**9, "num": 2}, [0]),
        ({"num": 3}, [0, 10_000, 20_000]),
        ({"num": 30, "time": 50_000}, [50_000, 60_000]),
        ({"num": 4, "interval": 0}, [0, 16_250, 32_500, 48_750]),
        ({"num": 3, "interval": 0, "time": 35_000}, [35_000, 45_000, 55_000]),
        ({"interval": 0, "time": 40_000}, [40_000, 50_000, 60_000]),
        ({"time_points": (30, 0, 64_999, 65_000, 30, 10**15)}, [0, 30, 64_999]),
        ({"time_points": (1,), "num": 1, "interval": 5}, [1]),
    ],
    ids=str,
)
def test_moments(long: bytes, fields: dict[str, Any], moments: list[int]) -> None:
    assert asked(long, **fields) == moments


def test_num_without_interval_can_be_read_as_an_average(long: bytes) -> None:
    assert asked(long, num=5, readings=SPREAD) == [0, 13_000, 26_000, 39_000, 52_000]
    assert asked(long, num=2, interval=7, readings=SPREAD) == [0, 7_000]
    assert asked(long, num=1, time=9, readings=SPREAD) == [9]


def test_one_key_frame_for_each_near_point(long: bytes, plain: bytes) -> None:
    intra: Callable[..., list[int]] = lambda **fields: asked(long, frame_type="intra", **fields)  # noqa: E731
    assert intra(interval=1) == [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]
    assert intra(interval=4) == [0, 12_000, 20_000, 32_000, 40_000, 52_000, 60_000]
    assert intra(interval=10, time=5_000) == [5_000, 15_000, 25_000, 35_000, 45_000, 55_000]
    assert intra(interval=20, num=2) == [0, 20_000]
    assert intra(num=13, interval=0) == [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]


def test_more_moments_than_milliseconds(plain: bytes) -> None:
    assert set(frames(cut(plain, num=3000, interval=0, frame_type="intra", width=160))) == {0, 20, 40}


def test_key_frames_shown_are_the_nearest(plain: bytes) -> None:
    def nearest(at: int) -> list[int | None]:
        return frames(cut(plain, time=at, frame_type="intra"))

    moments = (0, 399, 400, 401, 1_200, 1_201, 2_399)
    assert [nearest(at) for at in moments] == [[0], [0], [0], [20], [20], [40], [40]]
    assert frames(cut(plain, time_points=moments, frame_type="intra")) == [0, 0, 0, 20, 20, 40, 40]
    shots = cut(plain, interval=1, frame_type="intra")
    assert [picture.source_ms for picture in shots.pictures] == [0, 800, 1_600]


@pytest.mark.parametrize(
    "fields",
    [
        {"time": 2_400, "interval": 1},
        {"time": 2_400, "num": 2, "interval": 0},
        {"time_points": (2_400,)},
        {"time_points": ()},
        {"time": 300, "num": 2, "interval": 1, "frame_type": "intra", "one_key": True},
    ],
    ids=str,
)
def test_a_job_without_any_picture_fails(plain: bytes, fields: dict[str, Any]) -> None:
    video = film(Recipe(key_every=250, frames=40)) if fields.pop("one_key", False) else plain
    if fields.get("frame_type"):
        fields["time"] = 600
    with pytest.raises(CannotCut) as failure:
        cut(video, **fields)
    assert failure.value.code == "InvalidParameter.ResourceContentBad"


def test_more_pictures_than_memory_holds_are_refused(plain: bytes) -> None:
    with pytest.raises(CannotCut, match=f"at most {MAXIMUM_PICTURES} pictures") as failure:
        cut(plain, num=10**12, interval=0)
    assert failure.value.code == "InternalError"


def test_a_video_of_years_is_no_trouble() -> None:
    video = film(Recipe("matroska", frames=3, clock=1, b_frames=0, pts=lambda number: number**2 * 10**8))
    assert frames(cut(video, time=10**11 - 1)) == [0]
    assert frames(cut(video, num=5, interval=0)) == [0, 0, 1, 1, 1]
    with pytest.raises(CannotCut, match="at most"):
        cut(video, interval=1)
