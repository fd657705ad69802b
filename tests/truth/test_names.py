"""Keys: placeholders, and characters that a URL must encode."""

from __future__ import annotations

import pytest

from truth.gallery import Gallery
from truth.reference import Wish

WISH = Wish(0, 0, 2, "normal")
SOURCES = [
    "a/b/c.flv",
    "阿里云/mts HD+.mp4",
    "50% 快照/a+b c%41.MP4",
    "%7BCount%7D.mp4",
    "in/{Count}-{FileName}.mp4",
    "many.dots.tar.gz",
    "folder.with.dots/no extension",
    "ü?#&=;,:@!$'()*~.mp4",
    "a//b.mp4",
]


@pytest.mark.parametrize("source", SOURCES)
def test_what_placeholders_stand_for(gallery: Gallery, source: str) -> None:
    copied = gallery.with_copy(source, "short.mp4")
    copied.shoot(source, WISH, "{ObjectPrefix}{FileName}{Count}.jpg")
    copied.shoot(source, WISH, "[{ExtName}] {FileName}+{Count}.{ExtName}")


def test_the_vendors_example(gallery: Gallery) -> None:
    copied = gallery.with_copy("a/b/c.flv", "short.mp4")
    taken = copied.shoot("a/b/c.flv", WISH, "{ObjectPrefix}{FileName}{Count}.jpg")
    assert [picture.key.split("/", 1)[1] for picture in taken] == ["a/b/c00001.jpg", "a/b/c00002.jpg"]


@pytest.mark.parametrize(
    "template",
    [
        "截图 第{Count}张.jpg",
        "a+b c%d%41%/{Count}{Count}.JPEG",
        "{Count}/{FileName}/{Count}",
        "&?#=;,:@!$'()*~{Count}",
        "a//{Count}.jpg",
    ],
)
def test_keys_as_they_are_written(gallery: Gallery, template: str) -> None:
    gallery.shoot("short.mp4", WISH, template)


def test_a_single_picture_needs_no_count(gallery: Gallery) -> None:
    for wish in (Wish(120), Wish(120, num=1), Wish(120, 7, 1)):
        gallery.shoot("short.mp4", wish, "cover 100%.jpg")
        gallery.shoot("short.mp4", wish, "{SnapshotTime}-{Count}.jpg")
