"""Which pictures a job must take: a second implementation, written from the vendor's pages alone.

It is naive on purpose: it looks through the list of all frames, with exact fractions of a second. Where the
pages leave a choice, it follows what the emulator says it assumes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from truth.film import Film, Frame, Size, pictures

DEFAULT_INTERVAL = 10
MILLI = Fraction(1, 1000)
BLACK_SHARE, BLACK_BELOW = 100, 70
#: Seconds from the start within which a frame may take a black one's place.
LOOKS_FOR_LIGHT = 5


@dataclass(frozen=True)
class Wish:
    """What a job asks for: `time` and `points` in milliseconds, `interval` in seconds."""

    time: int = 0
    interval: int | None = None
    num: int | None = None
    frame_type: str | None = None
    width: int | None = None
    height: int | None = None
    points: tuple[int, ...] | None = None
    black_level: int | None = None
    pixel_black_threshold: int | None = None

    def __str__(self) -> str:
        asked = {name: value for name, value in vars(self).items() if value is not None}
        return " ".join(f"{name}={value}" for name, value in asked.items())

    @property
    def is_single(self) -> bool:
        return self.points is None and (self.num == 1 or (self.interval is None and self.num is None))

    @property
    def is_average(self) -> bool:
        return self.interval == 0 and self.num is not None


@dataclass(frozen=True)
class Shot:
    """One picture: the moment asked for, and the frame that is shown then."""

    asked: Fraction
    frame: Frame


def shots(film: Film, wish: Wish) -> list[Shot]:
    """Every picture that is taken, in the order of their numbers."""
    if wish.is_single:
        return _lit_single(film, wish, _single(film, wish.time * MILLI, wish))
    taken = _several(film, wish)
    if wish.time or wish.points or (wish.black_level is None and wish.pixel_black_threshold is None):
        return taken
    level = BLACK_SHARE if wish.black_level is None else wish.black_level
    below = BLACK_BELOW if wish.pixel_black_threshold is None else wish.pixel_black_threshold
    lit = _lit(film, wish, taken[0], level, below)
    return [lit or taken[0], *taken[1:]]


def _several(film: Film, wish: Wish) -> list[Shot]:
    asked = [moment for moment in _moments(film, wish) if moment < film.end]
    found = [(moment, _frame(film, moment, wish)) for moment in asked]
    return [Shot(moment, frame) for moment, frame in found if frame is not None]


def _single(film: Film, moment: Fraction, wish: Wish) -> list[Shot]:
    """Past the end, the exact frame does not exist, while the nearest key frame does."""
    if wish.frame_type == "normal":
        return [Shot(moment, film.shown_at(moment))] if moment < film.end else []
    return [Shot(moment, _nearest(film.key_frames(), moment))]


def _lit_single(film: Film, wish: Wish, taken: list[Shot]) -> list[Shot]:
    """A single picture of moment 0 is never black, whatever was asked; if need be there is none."""
    if wish.time or not taken:
        return taken
    lit = _lit(film, wish, taken[0], BLACK_SHARE, BLACK_BELOW)
    return [lit] if lit else []


def _lit(film: Film, wish: Wish, shot: Shot, level: int, below: int) -> Shot | None:
    """The shot itself, or in its place the first frame that is not black."""
    others = film.frames if wish.frame_type == "normal" else film.key_frames()
    for frame in [shot.frame, *(other for other in others if other.at < LOOKS_FOR_LIGHT)]:
        luma = pictures(film.video)[frame.number].convert("L")
        dark = sum(luma.histogram()[:below])
        if dark * 100 < level * luma.width * luma.height:
            return Shot(shot.asked, frame)
    return None


def _moments(film: Film, wish: Wish) -> Iterator[Fraction]:
    if wish.points is not None:
        yield from (point * MILLI for point in sorted(set(wish.points)))
        return
    number, moment = 0, wish.time * MILLI
    while moment < film.end and (wish.num is None or number < wish.num):
        yield moment
        number += 1
        moment += spacing(film, wish)


def spacing(film: Film, wish: Wish) -> Fraction:
    """Seconds from one picture of a sequence to the next."""
    if wish.is_average:
        return (film.end - wish.time * MILLI) / (wish.num or 1)
    return Fraction(wish.interval or DEFAULT_INTERVAL)


def _frame(film: Film, moment: Fraction, wish: Wish) -> Frame | None:
    """The frame for one moment of several; None when no key frame is near."""
    if wish.frame_type == "normal":
        return film.shown_at(moment)
    if wish.points is not None:
        return _nearest(film.key_frames(), moment)
    half = spacing(film, wish) / 2
    near = [key for key in film.key_frames() if moment - half <= key.at < moment + half]
    return _nearest(near, moment) if near else None


def _nearest(keys: list[Frame], moment: Fraction) -> Frame:
    return min(keys, key=lambda key: (abs(key.at - moment), key.at))


def picture_size(film: Film, wish: Wish) -> Size:
    wide, high = film.size
    if wish.width and wish.height:
        return wish.width, wish.height
    if wish.width:
        return wish.width, nearest_even(Fraction(wish.width * high, wide))
    if wish.height:
        return nearest_even(Fraction(wish.height * wide, high)), wish.height
    return film.size


def nearest_even(pixels: Fraction) -> int:
    """The larger of two equally near ones, which the statement leaves open."""
    return int(pixels / 2 + Fraction(1, 2)) * 2
