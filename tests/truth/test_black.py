"""A dark beginning: 600 ms darker than 45, then until 2 s darker than 70."""

from __future__ import annotations

import pytest

from truth.gallery import Gallery
from truth.reference import Wish


def first_frame(gallery: Gallery, source: str, wish: Wish) -> int | None:
    taken = gallery.shoot(source, wish, "{Count}.jpg")
    return taken[0].shot.frame.number if taken else None


@pytest.mark.parametrize(("frame_type", "first"), [("normal", 10), ("intra", 12)])
@pytest.mark.parametrize("num", [None, 1])
def test_a_single_picture_is_not_black(
    gallery: Gallery, frame_type: str, first: int, num: int | None
) -> None:
    assert first_frame(gallery, "black.mp4", Wish(0, None, num, frame_type)) == first
    assert first_frame(gallery, "black.mp4", Wish(1, None, num, frame_type)) == 0
    # Level and threshold do not matter then.
    lenient = Wish(0, None, num, frame_type, pixel_black_threshold=1)
    assert first_frame(gallery, "black.mp4", lenient) == first


@pytest.mark.parametrize("frame_type", ["normal", "intra"])
def test_five_seconds_of_black(gallery: Gallery, frame_type: str) -> None:
    assert first_frame(gallery, "night.mp4", Wish(0, None, 1, frame_type)) is None
    assert first_frame(gallery, "night.mp4", Wish(0, None, None, frame_type)) is None
    assert first_frame(gallery, "night.mp4", Wish(0, 3, 2, frame_type, black_level=100)) == 0


@pytest.mark.parametrize(
    ("level", "below", "frame_type", "first"),
    [
        (None, None, "normal", 0),
        (100, None, "normal", 10),
        (None, 50, "normal", 3),
        (None, 50, "intra", 4),
        (None, 20, "normal", 0),
        # Five and thirty-eight: half of a frame is darker than twenty.
        (40, 20, "normal", None),
        (60, 20, "normal", 0),
        # Fifty-eight as a television counts it, from 16 to 235, would not be below sixty-four.
        (100, 64, "normal", 10),
    ],
)
def test_the_first_of_several(
    gallery: Gallery, level: int | None, below: int | None, frame_type: str, first: int | None
) -> None:
    wish = Wish(0, 2, 3, frame_type, black_level=level, pixel_black_threshold=below)
    found = first_frame(gallery, "black.mp4", wish)
    assert found == (0 if first is None else first)
