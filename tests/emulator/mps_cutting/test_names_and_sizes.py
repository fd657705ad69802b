"""Names of objects and sizes of pictures."""

from __future__ import annotations

from typing import Any

import pytest

from support.mps_videos import Recipe, cut, film, opened
from videosnap_emulator.alibaba_mps.config import CannotCut


@pytest.mark.parametrize(
    ("key", "template", "name"),
    [
        ("a/b/c.flv", "{ObjectPrefix}{FileName}{Count}.jpg", "a/b/c00001.jpg"),
        ("a/b/c.flv", "snapshot/{ObjectPrefix}/{FileName}.{ExtName}/1.jpg", "snapshot/a/b//c.flv/1.jpg"),
        ("c.tar.mp4", "{ObjectPrefix}|{FileName}|{ExtName}", "|c.tar|mp4"),
        ("a.b/c", "{ObjectPrefix}|{FileName}|{ExtName}", "a.b/|c|"),
        ("视频/一 二+.mp4", "{ObjectPrefix}{FileName}.jpg", "视频/一 二+.jpg"),
        ("{Count}/{FileName}.mp4", "{ObjectPrefix}{FileName}{Count}", "{Count}/{FileName}00001"),
        ("x.mp4", "{SnapshotTime}.jpg", "1234.jpg"),
        (
            "x.mp4",
            "{Count}{Count}-{RunId}{MediaId}{TileCount}{}{count}",
            "0000100001-{RunId}{MediaId}{TileCount}{}{count}",
        ),
        ("x.mp4", "fixed name.jpg", "fixed name.jpg"),
    ],
)
def test_placeholders(plain: bytes, key: str, template: str, name: str) -> None:
    shots = cut(plain, time=1234, key=key, output=template)
    assert [picture.key for picture in shots.pictures] == [name]


def test_counts_number_the_pictures_taken_and_times_the_moments_asked_for(plain: bytes) -> None:
    shots = cut(plain, time=100, interval=1, frame_type="intra", output="{SnapshotTime}-{Count}")
    assert [(shot.key, shot.source_ms) for shot in shots.pictures] == [
        ("100-00001", 0),
        ("1100-00002", 800),
        ("2100-00003", 1600),
    ]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ({}, (192, 108)),
        ({"width": 96}, (96, 54)),
        ({"height": 54}, (96, 54)),
        ({"width": 100}, (100, 56)),
        ({"width": 101}, (101, 56)),
        ({"height": 61}, (108, 61)),
        ({"width": 8}, (8, 4)),
        ({"height": 8}, (14, 8)),
        ({"width": 4096, "height": 8}, (4096, 8)),
        ({"width": 64, "height": 64}, (64, 64)),
        ({"width": 384}, (384, 216)),
    ],
    ids=str,
)
def test_sizes(plain: bytes, asked: dict[str, Any], given: tuple[int, int]) -> None:
    shots = cut(plain, **asked)
    assert opened(shots.pictures[0]).size == given


def test_sizes_of_a_portrait() -> None:
    video = film(Recipe(frames=2, size=(160, 284)))
    assert opened(cut(video).pictures[0]).size == (160, 284)
    assert opened(cut(video, width=80).pictures[0]).size == (80, 142)
    assert opened(cut(video, height=100).pictures[0]).size == (56, 100)


def test_both_sides_given_stretch_the_frame(plain: bytes) -> None:
    image = opened(cut(plain, width=100, height=300).pictures[0])
    for corner in ((2, 2), (97, 2), (2, 260), (97, 260)):
        pixel = image.getpixel(corner)
        assert isinstance(pixel, tuple)
        assert pixel == pytest.approx((110, 140, 170), abs=8)


def test_a_picture_nobody_can_make_is_refused() -> None:
    video = film(Recipe(frames=1, size=(1600, 16)))
    with pytest.raises(CannotCut, match="no picture of 409600x4096 pixels"):
        cut(video, height=4096)
