"""Number, names, sizes and frames of generated jobs are those that a second implementation finds."""

from __future__ import annotations

from hypothesis import given

from truth.expected import Layout
from truth.gallery import Gallery
from truth.reference import Wish
from truth.wishes import SMALL, always_alike, averages, layouts, lists, of, sequences, singles

Asked = tuple[str, Wish]


@always_alike
@given(of(singles))
def test_a_single_picture(gallery: Gallery, asked: Asked) -> None:
    gallery.shoot(*asked, "{FileName}/{SnapshotTime}.jpg")


@always_alike
@given(of(sequences))
def test_a_sequence(gallery: Gallery, asked: Asked) -> None:
    gallery.shoot(*asked, "{ExtName}/{Count}.jpg")


@always_alike
@given(of(averages))
def test_pictures_spread_evenly(gallery: Gallery, asked: Asked) -> None:
    gallery.shoot(*asked, "{Count}.jpg")


@always_alike
@given(of(lists))
def test_listed_moments(gallery: Gallery, asked: Asked) -> None:
    gallery.shoot(*asked, "{Count}.jpg")


@always_alike
@given(of(sequences, SMALL) | of(lists, SMALL), layouts())
def test_sheets(gallery: Gallery, asked: Asked, layout: Layout) -> None:
    gallery.lay_out(*asked, layout)
