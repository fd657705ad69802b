"""The sides of a picture."""

from __future__ import annotations

import pytest

from truth.film import Size
from truth.gallery import SAMPLE, Gallery
from truth.reference import Wish


@pytest.mark.parametrize(
    ("source", "asked", "size"),
    [
        (SAMPLE, (None, None), (640, 360)),
        (SAMPLE, (None, 180), (320, 180)),
        (SAMPLE, (200, None), (200, 112)),
        (SAMPLE, (1001, 701), (1001, 701)),
        (SAMPLE, (4096, None), (4096, 2304)),
        ("portrait.mp4", (None, 360), (206, 360)),
        ("portrait.mp4", (90, None), (90, 158)),
        # The flag that asks a player to turn a video is not obeyed.
        ("turned.mp4", (None, None), (64, 112)),
        ("turned.mp4", (None, 56), (32, 56)),
    ],
)
def test_sides(gallery: Gallery, source: str, asked: tuple[int | None, int | None], size: Size) -> None:
    [taken] = gallery.shoot(source, Wish(480, None, None, "normal", *asked), "one.jpg")
    assert taken.size == size
