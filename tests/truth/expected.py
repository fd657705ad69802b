"""What a job must leave in the bucket: keys, and what each picture, sheet and cell shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from truth.film import Film, Size
from truth.reference import Shot, Wish, picture_size, shots

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Layout:
    """A sheet; sides in pixels, a missing side of a cell is the picture's."""

    lines: int = 10
    columns: int = 10
    cell_width: int | None = None
    cell_height: int | None = None
    margin: int = 0
    padding: int = 0
    step: int = 1
    keeps_pictures: bool = True

    def cell(self, picture: Size) -> Size:
        return self.cell_width or picture[0], self.cell_height or picture[1]

    def size(self, picture: Size) -> Size:
        wide, high = self.cell(picture)
        return (
            2 * self.margin + self.columns * wide + (self.columns - 1) * self.padding,
            2 * self.margin + self.lines * high + (self.lines - 1) * self.padding,
        )

    def boxes(self, picture: Size) -> list[Box]:
        """Where the cells are: rows from the top, each from the left."""
        wide, high = self.cell(picture)
        corners = [
            (self.margin + column * (wide + self.padding), self.margin + line * (high + self.padding))
            for line in range(self.lines)
            for column in range(self.columns)
        ]
        return [(left, top, left + wide, top + high) for left, top in corners]


@dataclass(frozen=True)
class Sheet:
    """The cells in their order; None is an empty one."""

    key: str
    size: Size
    cells: list[tuple[Box, Shot | None]]


@dataclass(frozen=True)
class Picture:
    key: str
    size: Size
    shot: Shot


def pictures(film: Film, wish: Wish, template: str, source: str) -> list[Picture]:
    size, taken = picture_size(film, wish), shots(film, wish)
    return [
        Picture(resolved(template, source, number, shot.asked), size, shot)
        for number, shot in enumerate(taken, start=1)
    ]


def sheets(film: Film, wish: Wish, layout: Layout, template: str, source: str) -> list[Sheet]:
    picture, taken = picture_size(film, wish), shots(film, wish)[:: layout.step]
    boxes, made = layout.boxes(picture), list[Sheet]()
    while taken:
        here, taken = taken[: len(boxes)], taken[len(boxes) :]
        cells = list(zip(boxes, [*here, *[None] * (len(boxes) - len(here))], strict=True))
        key = resolved(template, source, len(made) + 1, here[0].asked)
        made.append(Sheet(key, layout.size(picture), cells))
    return made


def resolved(template: str, source: str, number: int, asked: Fraction) -> str:
    """A key without placeholders. `a/b/c.flv` has the prefix `a/b/`, the name `c`, the extension `flv`."""
    path = source.split("/")
    name = path[-1].split(".")
    stand_for = {
        "ObjectPrefix": "".join(f"{folder}/" for folder in path[:-1]),
        "FileName": ".".join(name[:-1]) if len(name) > 1 else name[0],
        "ExtName": name[-1] if len(name) > 1 else "",
        "SnapshotTime": str(int(asked * 1000)),
        "Count": str(number).rjust(5, "0"),
        "TileCount": str(number).rjust(5, "0"),
    }
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(stand_for[part] if place % 2 else part for place, part in enumerate(parts))
