"""What a WebVTT file must say: cues, and the pictures or parts of sheets that they show."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from truth.expected import Box, Layout
from truth.film import Film
from truth.reference import Shot, Wish, picture_size, shots, spacing


@dataclass(frozen=True)
class Cue:
    """Seconds; `box` is the part of the picture, None the whole."""

    begin: Fraction
    end: Fraction
    file: str
    box: Box | None = None


def expected_cues(film: Film, wish: Wish, stem: str, layout: Layout | None) -> list[tuple[Cue, Shot]]:
    """`stem` is the name of the WebVTT file without its folder and `.vtt`."""
    taken, size = shots(film, wish), picture_size(film, wish)
    boxes = layout.boxes(size) if layout else []
    cues = list[tuple[Cue, Shot]]()
    for number, shot in enumerate(taken):
        end = _end(film, wish, taken, number)
        if boxes:
            sheet, cell = divmod(number, len(boxes))
            cue = Cue(shot.asked, end, f"{stem}/snapshot-tile-{sheet + 1:05d}.jpg", boxes[cell])
        else:
            cue = Cue(shot.asked, end, f"{stem}/snapshot-{number + 1:05d}.jpg")
        cues.append((cue, shot))
    return cues


def _end(film: Film, wish: Wish, taken: list[Shot], number: int) -> Fraction:
    if not wish.is_single and wish.points is None:
        return taken[number].asked + spacing(film, wish)
    return taken[number + 1].asked if number + 1 < len(taken) else film.end


def cues_in(text: str) -> list[Cue]:
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    return [_cue(*block.split("\n")) for block in blocks]


def _cue(times: str, payload: str) -> Cue:
    begin, end = times.split(" --> ")
    file, mark, area = payload.partition("#xywh=")
    if not mark:
        return Cue(_seconds(begin), _seconds(end), file)
    left, top, wide, high = map(int, area.split(","))
    return Cue(_seconds(begin), _seconds(end), file, (left, top, left + wide, top + high))


def _seconds(text: str) -> Fraction:
    hours, minutes, seconds = text.split(":")
    assert [len(hours), len(minutes), len(seconds)] == [2, 2, 6]
    return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
