"""WebVTT: a text that tells a player which frame belongs to which part of the video.

Text and names follow what a sister service of the vendor was seen to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from videosnap_emulator.media.video_index import VideoTime
from videosnap_emulator.services.mps.tiles import Cell


class Entry(NamedTuple):
    """One frame: its moment, its object's key relative to the text's folder, and its cell on a sheet."""

    at: VideoTime
    key: str
    cell: Cell | None


def webvtt(entries: Sequence[Entry], spacing: VideoTime | None, duration: VideoTime) -> str:
    """Return the whole text.

    A cue ends `spacing` after its begin, or where the next begins if there is no spacing, the last one at the
    end of the video.
    """
    # assumption: mps-vtt
    starts = [entry.at for entry in entries]
    if spacing is None:
        ends = [later for _, later in pairwise([*starts, max(duration, starts[-1] + 1)])]
    else:
        ends = [start + spacing for start in starts]
    return "\n\n".join(["WEBVTT", *map(_cue, entries, ends)]) + "\n"


def _cue(entry: Entry, end: VideoTime) -> str:
    area = "" if entry.cell is None else "#xywh={1},{2},{3},{4}".format(*entry.cell)
    return f"{_timestamp(entry.at)} --> {_timestamp(end)}\n{entry.key}{area}"


def _timestamp(at: VideoTime) -> str:
    seconds, ms = divmod(round(at), 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"
