"""The pictures of one job as they are taken, and the objects made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import av

from videosnap_emulator.alibaba_mps.choice import Pick
from videosnap_emulator.alibaba_mps.config import Shots, SnapshotConfig, Written
from videosnap_emulator.alibaba_mps.film import Film
from videosnap_emulator.alibaba_mps.outputs import outputs
from videosnap_emulator.alibaba_mps.sizes import picture_size
from videosnap_emulator.alibaba_mps.tiles import Cell, Sheets
from videosnap_emulator.alibaba_mps.timeline import Moment
from videosnap_emulator.alibaba_mps.vtt import Cue, text
from videosnap_emulator.video import encode, scaled

_JPEG = "image/jpeg"


class _Shown(NamedTuple):
    """Where a picture can be seen, and the moment it was asked for."""

    at: Moment
    key: str
    cell: Cell | None


class Album:
    """Takes pictures in the order in which {Count} numbers them, and gives them back as objects."""

    def __init__(self, config: SnapshotConfig, input_key: str, film: Film) -> None:
        self._timeline = film.timeline
        self._outputs = outputs(config, input_key)
        self._size = picture_size(config, film.size)
        self._sheets = Sheets(config, self._size) if self._outputs.sheet else None
        self._step = max(1, config.tile.cell_step) if self._sheets and config.tile else 1
        self._count = 0
        self._pictures: list[Written] = []
        self._sheet_keys: list[str] = []
        self._shown: list[_Shown] = []

    def add(self, pick: Pick, frame: av.VideoFrame) -> None:
        """Take one picture: an object of its own, a cell on a sheet, or both."""
        self._count += 1
        if self._outputs.picture:
            self._write(self._outputs.picture(pick.at, self._count), pick, frame)
        # assumption: mps-cell-step
        if (self._count - 1) % self._step == 0:
            self._paste(pick.at, frame)

    def closed(self, spacing: Moment | None) -> Shots:
        """Finish; `spacing` is the distance of the moments asked for, when they are evenly spaced."""
        sheets = tuple(self._finished_sheets())
        # assumption: mps-tile-count
        return Shots(tuple(self._pictures), sheets, self._text(spacing), self._count, len(sheets))

    def _write(self, key: str, pick: Pick, frame: av.VideoFrame) -> None:
        body = encode(scaled(frame, self._size), "jpeg")
        time = self._timeline.time_ms(pick.frame)
        self._pictures.append(Written(key, body, _JPEG, *self._size, time, pick.frame))
        if self._sheets is None:
            self._shown.append(_Shown(pick.at, key, None))

    def _paste(self, at: Moment, frame: av.VideoFrame) -> None:
        if self._sheets is None or self._outputs.sheet is None:
            return
        cell = self._sheets.paste(scaled(frame, self._sheets.layout.cell))
        if cell.sheet > len(self._sheet_keys):
            self._sheet_keys.append(self._outputs.sheet(at, cell.sheet))
        self._shown.append(_Shown(at, self._sheet_keys[-1], cell))

    def _finished_sheets(self) -> Iterator[Written]:
        if self._sheets is not None:
            self._sheets.finish()
            for key, body in zip(self._sheet_keys, self._sheets.finished, strict=True):
                yield Written(key, body, _JPEG, *self._sheets.layout.size)

    def _text(self, spacing: Moment | None) -> Written | None:
        if self._outputs.text is None:
            return None
        cues = [
            Cue(shown.at, end, self._outputs.beside_text(shown.key), shown.cell)
            for shown, end in zip(self._shown, self._ends(spacing), strict=True)
        ]
        return Written(self._outputs.text, text(cues).encode(), "text/vtt")

    def _ends(self, spacing: Moment | None) -> Sequence[Moment]:
        """Return when each cue ends: one step later, or where the next begins if there are no steps."""
        starts = [shown.at for shown in self._shown]
        if spacing is not None:
            return [start + spacing * self._step for start in starts]
        last = max(self._timeline.duration, starts[-1] + 1)
        return [later for _, later in pairwise([*starts, last])]
