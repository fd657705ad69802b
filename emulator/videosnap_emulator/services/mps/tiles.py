"""Sheets: many frames in rows and columns on one image."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageColor

from videosnap_emulator.media.video import Size, encode
from videosnap_emulator.services.mps.errors import beyond_limit, service_error
from videosnap_emulator.services.mps.models import SnapshotConfig, TileOut

Color = tuple[int, int, int]

#: What JPEG can hold, in pixels along a side, and the pixels of one frame or sheet: a sheet of ten by ten
#: frames of 1920x1080 still fits.
# assumption: mps-limits
_MAX_SIDE, _MAX_PIXELS = 65_500, 250_000_000


class Cell(NamedTuple):
    """Where a frame is: the number of its sheet (from 1), its place there and its size in pixels."""

    sheet: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """The grid of a sheet; cells are filled row by row."""

    tile: TileOut
    cell: Size

    @property
    def capacity(self) -> int:
        """How many frames a sheet holds."""
        return self.tile.lines * self.tile.columns

    @property
    def size(self) -> Size:
        """Width and height of every sheet, a partly filled one included."""
        # assumption: mps-last-sheet
        return (
            self._start(self.tile.columns, self.cell[0]) + self.tile.margin - self.tile.padding,
            self._start(self.tile.lines, self.cell[1]) + self.tile.margin - self.tile.padding,
        )

    def cell_of(self, number: int) -> Cell:
        """Return where frame `number` goes, 0 being the first of the job."""
        sheet, position = divmod(number, self.capacity)
        row, column = divmod(position, self.tile.columns)
        corner = self._start(column, self.cell[0]), self._start(row, self.cell[1])
        return Cell(sheet + 1, *corner, *self.cell)

    def _start(self, before: int, side: int) -> int:
        return self.tile.margin + before * (side + self.tile.padding)


def check_size(size: Size) -> Size:
    """Return the size of a frame or a sheet, which must be one that can be encoded."""
    if max(size) > _MAX_SIDE or size[0] * size[1] > _MAX_PIXELS:
        raise beyond_limit(f"The emulator makes no image of {size[0]}x{size[1]} pixels")
    return size


class SheetWriter:
    """Lays frames out on sheets: at most one is open, the finished ones are kept as JPEG."""

    def __init__(self, config: SnapshotConfig, frame: Size) -> None:
        tile = config.tile or TileOut()
        # assumption: mps-cell-size
        self.layout = Layout(tile, (tile.cell_width or frame[0], tile.cell_height or frame[1]))
        self.finished: list[bytes] = []
        self._color = _color(tile.color, config)
        self._size = check_size(self.layout.size)
        self._open: Image.Image | None = None
        self._used = 0

    def paste(self, frame: Image.Image) -> Cell:
        """Put a frame of the cells' size into the next cell."""
        cell = self.layout.cell_of(self._used)
        if self._open is None:
            self._open = Image.new("RGB", self._size, self._color)
        self._open.paste(frame, (cell.x, cell.y))
        self._used += 1
        if self._used % self.layout.capacity == 0:
            self.finish()
        return cell

    def finish(self) -> None:
        """Close the open sheet, if there is one."""
        if self._open is not None:
            self.finished.append(encode(self._open, "jpeg"))
            self._open = None


def _color(name: str, config: SnapshotConfig) -> Color:
    """Read a keyword or #rrggbb; `random` is a color of the job's own, the same one each time."""
    # assumption: mps-tile-colour
    name = name.lower()
    if name == "random":
        red, green, blue = hashlib.sha256(repr(config).encode()).digest()[:3]
        return red, green, blue
    if name not in ImageColor.colormap and not re.fullmatch("#[0-9a-f]{6}", name):
        raise service_error("InvalidParameter", "SnapshotConfig:TileOut:Color")
    red, green, blue = ImageColor.getrgb(name)[:3]
    return red, green, blue
