"""WebVTT: a text that tells a player which picture belongs to which part of the video.

Text and names follow what a sister service of the vendor was seen to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.tiles import Cell
from videosnap_emulator.alibaba_mps.timeline import Moment


class Cue(NamedTuple):
    """A part of the video and its picture: a path relative to the text, and a place on a sheet, if on one."""

    start: Moment
    end: Moment
    picture: str
    cell: Cell | None


def text(cues: Sequence[Cue]) -> str:
    """Write the whole text."""
    # assumption: mps-vtt
    return "\n\n".join(["WEBVTT", *map(_block, cues)]) + "\n"


def _block(cue: Cue) -> str:
    place = "" if cue.cell is None else "#xywh={1},{2},{3},{4}".format(*cue.cell)
    return f"{_clock(cue.start)} --> {_clock(cue.end)}\n{cue.picture}{place}"


def _clock(at: Moment) -> str:
    seconds, ms = divmod(round(at), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"
