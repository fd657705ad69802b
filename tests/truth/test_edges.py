"""Every edge of a frame within one second of each video, and the middles between key frames."""

from __future__ import annotations

import itertools

import pytest

from truth.film import Film
from truth.gallery import SAMPLE, Gallery
from truth.reference import Wish
from truth.wishes import SMALL

VIDEOS = [SAMPLE, *SMALL]


def beside(milliseconds: list[int]) -> tuple[int, ...]:
    return tuple(at + shift for at in milliseconds for shift in (-1, 0, 1) if at + shift >= 0)


def edges(film: Film) -> list[int]:
    """Of the frames that begin in the second second, or in all of a short video; and its end.

    A frame that begins between two milliseconds has its edge after the first of them.
    """
    begin = 1 if film.end > 2 else 0
    return [int(at * 1000) for at in (*(f.at for f in film.frames if begin <= f.at < begin + 1), film.end)]


@pytest.mark.parametrize("source", VIDEOS)
def test_every_edge_of_a_second(gallery: Gallery, source: str) -> None:
    film = gallery.film(source)
    wish = Wish(points=beside(edges(film)), frame_type="normal", width=200)
    taken = gallery.shoot(source, wish, "{Count}.jpg")
    assert {shot.shot.frame for shot in taken} >= {f for f in film.frames if 1 <= f.at < 2 < film.end}


@pytest.mark.parametrize("source", VIDEOS)
def test_every_middle_between_two_key_frames(gallery: Gallery, source: str) -> None:
    film = gallery.film(source)
    middles = [(one.at + two.at) / 2 for one, two in itertools.pairwise(film.key_frames())]
    points = beside([int(middle * 1000) for middle in middles] or [0, 999])
    taken = gallery.shoot(source, Wish(points=points, frame_type="intra"), "{Count}.jpg")
    assert [shot.shot.frame.is_key for shot in taken] == [True] * len(points)


@pytest.mark.parametrize("source", ["scenes.mp4", "late.mp4", "uneven.mp4", SAMPLE])
def test_where_a_key_frame_stops_being_near(gallery: Gallery, source: str) -> None:
    # A sequence of two seconds whose points are a second before or after a key frame.
    for key in gallery.film(source).key_frames()[-2:]:
        for start in beside([int(key.at * 1000) % 2000 + side for side in (-1000, 1000)]):
            gallery.shoot(source, Wish(start, 2, frame_type="intra", width=200), "{Count}.jpg")


def test_sound_and_a_late_start_do_not_move_the_end(gallery: Gallery) -> None:
    assert gallery.film("late.mp4").end == 5
    taken = gallery.shoot("late.mp4", Wish(0, 1, frame_type="normal"), "{Count}.jpg")
    assert [shot.shot.frame.number for shot in taken] == [0, 24, 48, 72, 96]
    gallery.shoot("late.mp4", Wish(5000, frame_type="normal"), "one.jpg")
    assert len(gallery.shoot("late.mp4", Wish(4999, frame_type="normal"), "one.jpg")) == 1
