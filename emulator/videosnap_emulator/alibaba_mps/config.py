"""What one snapshot job asks for, read from the wire and checked: what wire half and cutting half exchange.

Names, units and defaults are those of the vendor's page "parameter details", section SnapshotConfig.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectRef:
    """One object of the store; `key` is decoded and may hold placeholders such as `{Count}`."""

    bucket: str
    location: str
    key: str


@dataclass(frozen=True)
class TileOut:
    """How pictures are laid out on a sheet, in pixels; no cell size means the picture's own."""

    lines: int = 10
    columns: int = 10
    cell_width: int | None = None
    cell_height: int | None = None
    margin: int = 0
    padding: int = 0
    color: str = "black"
    keep_cell_pictures: bool = True
    cell_step: int = 1


@dataclass(frozen=True)
class SnapshotConfig:
    """One job's pictures: `time` in milliseconds, `interval` in seconds, None where the request is silent."""

    output: ObjectRef
    time: int = 0
    interval: int | None = None
    num: int | None = None
    width: int | None = None
    height: int | None = None
    frame_type: str = "intra"
    tile_output: ObjectRef | None = None
    tile: TileOut | None = None
    format: str = ""
    sprite_fragments: bool = False
    black_level: int | None = None
    pixel_black_threshold: int | None = None
    time_points: tuple[int, ...] | None = None

    @property
    def asynchronous(self) -> bool:
        """Whether the call answers before the pictures exist."""
        told = (self.interval, self.num, self.tile_output, self.tile, self.time_points)
        return bool(self.format) or any(value is not None for value in told)


@dataclass(frozen=True)
class Written:
    """One object that a job writes; `source_ms` is when its frame is shown, None for sheets and text."""

    key: str
    body: bytes
    content_type: str
    width: int = 0
    height: int = 0
    source_ms: int | None = None
    source_frame: int | None = None


@dataclass(frozen=True)
class Shots:
    """Everything that a job writes, in order; `count` pictures were taken and `tile_count` sheets made."""

    pictures: tuple[Written, ...]
    sheets: tuple[Written, ...] = ()
    vtt: Written | None = None
    count: int = 0
    tile_count: int = 0


class CannotCut(Exception):
    """The job fails: the vendor's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
