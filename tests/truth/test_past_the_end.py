"""What lies past the end of the video, or has no key frame near it."""

from __future__ import annotations

import pytest

from truth.gallery import SAMPLE, Gallery
from truth.reference import Wish

LAST = 11_960


@pytest.mark.parametrize("num", [None, 1])
def test_a_single_picture_past_the_end_fails(gallery: Gallery, num: int | None) -> None:
    assert len(gallery.shoot(SAMPLE, Wish(11_999, None, num, "normal"), "one.jpg")) == 1
    for time in (12_000, 12_001, 99_000):
        assert gallery.shoot(SAMPLE, Wish(time, None, num, "normal"), "one.jpg") == []


@pytest.mark.parametrize("num", [None, 1])
@pytest.mark.parametrize("time", [12_000, 2_000_000_000])
def test_a_single_key_frame_past_the_end_is_the_last_one(
    gallery: Gallery, num: int | None, time: int
) -> None:
    [taken] = gallery.shoot(SAMPLE, Wish(time, None, num, "intra"), "{SnapshotTime}.jpg")
    assert taken.shot.frame.number == 250
    assert taken.key.endswith(f"/{time}.jpg")


@pytest.mark.parametrize(
    ("wish", "frames"),
    [
        (Wish(2000, 1, 3, "normal"), [50, 75, 100]),
        (Wish(2000, 4, 9, "normal"), [50, 150, 250]),
        (Wish(LAST, 1, None, "normal"), [299]),
        (Wish(0, None, 5, "normal"), [0, 250]),
        (Wish(0, 0, None, "normal"), [0, 250]),
        (Wish(12_000, 1, 5, "normal"), []),
        (Wish(12_000, 1, 5, "intra"), []),
        (Wish(12_000, 0, 5, "normal"), []),
        # Half an interval before the moment is still near, half an interval after it no more.
        (Wish(500, 1, None, "intra"), [0, 50, 100, 150, 200, 250]),
        (Wish(501, 1, None, "intra"), [50, 100, 150, 200, 250]),
        (Wish(1500, 1, 4, "intra"), [50, 100]),
        (Wish(700, 1, 1, "intra"), [0]),
        (Wish(points=(13_000, 40, 12_000, 40, 39), frame_type="normal"), [0, 1]),
        (Wish(points=(12_000, 12_001), frame_type="intra"), []),
        (Wish(0, 0, 4, "normal"), [0, 75, 150, 225]),
        (Wish(4000, 0, 2, "normal"), [100, 200]),
        (Wish(1000, 0, 1, "normal"), [25]),
    ],
    ids=str,
)
def test_which_points_give_a_picture(gallery: Gallery, wish: Wish, frames: list[int]) -> None:
    # The frames are written down here, so that reference and emulator cannot be wrong together.
    taken = gallery.shoot(SAMPLE, wish, "{Count}.jpg")
    assert [picture.shot.frame.number for picture in taken] == frames


def test_as_many_pictures_as_frames_are_all_the_frames(gallery: Gallery) -> None:
    # Frame n begins at n * duration / frames, which is the very moment of picture n.
    taken = gallery.shoot("portrait.mp4", Wish(0, 0, 90, "normal"), "{Count}.jpg")
    assert [picture.shot.frame.number for picture in taken] == list(range(90))
