"""Black beginnings: another frame of the first five seconds is taken in place of a black first picture."""

from __future__ import annotations

from collections.abc import Sequence

import av

from videosnap_emulator.alibaba_mps.choice import Pick
from videosnap_emulator.alibaba_mps.config import SnapshotConfig
from videosnap_emulator.alibaba_mps.film import Film
from videosnap_emulator.alibaba_mps.packets import content_bad
from videosnap_emulator.alibaba_mps.plan import single
from videosnap_emulator.video import scaled

#: How much of the video's beginning is looked at, in milliseconds.
EXAMINED_MS = 5_000
#: Where the request is silent: only a frame that is black all over, and the documents' example of a level.
# assumption: mps-black-defaults
_LEVEL, _THRESHOLD = 100, 70


def without_black(config: SnapshotConfig, picks: Sequence[Pick], film: Film) -> Sequence[Pick]:
    """Exchange a black first picture; a job of one picture fails when there is nothing but black."""
    if not _asked(config) or picks[0].at != 0:
        return picks
    for number, frame in film.frames(_candidates(config, film)):
        if not is_black(frame, *_levels(config)):
            return [Pick(0, number), *picks[1:]]
    if single(config):
        raise content_bad()
    return picks


def is_black(frame: av.VideoFrame, level: int, threshold: int) -> bool:
    """Say whether at least `level` per cent of the pixels are darker than `threshold` (0 to 255)."""
    # assumption: mps-black-pixel
    shades = scaled(frame, (frame.width, frame.height)).convert("L").histogram()
    return sum(shades[:threshold]) * 100 >= level * sum(shades)


def _asked(config: SnapshotConfig) -> bool:
    told = config.black_level, config.pixel_black_threshold
    return single(config) or any(value is not None for value in told)


def _levels(config: SnapshotConfig) -> tuple[int, int]:
    if single(config):
        return _LEVEL, _THRESHOLD
    level, threshold = config.black_level, config.pixel_black_threshold
    return _LEVEL if level is None else level, _THRESHOLD if threshold is None else threshold


def _candidates(config: SnapshotConfig, film: Film) -> list[int]:
    # assumption: mps-black-candidates
    line = film.timeline
    numbers = line.keys if config.frame_type == "intra" else range(len(line.times))
    return [number for number in numbers if line.time_ms(number) < EXAMINED_MS]
