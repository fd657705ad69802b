"""One snapshot job: from its request and its input video to all objects that it writes.

Nothing here depends on anything but the arguments: the same request and video give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import av

from videosnap_emulator.alibaba_mps.album import Album
from videosnap_emulator.alibaba_mps.black import without_black
from videosnap_emulator.alibaba_mps.choice import Pick, one, several
from videosnap_emulator.alibaba_mps.config import Shots, SnapshotConfig
from videosnap_emulator.alibaba_mps.film import Film
from videosnap_emulator.alibaba_mps.plan import Plan, planned, single
from videosnap_emulator.alibaba_mps.readings import DEFAULT_READINGS, Readings


def take(
    config: SnapshotConfig, input_key: str, video: bytes, readings: Readings = DEFAULT_READINGS
) -> Shots:
    """Take a job's pictures from `video`; raise CannotCut when the job fails.

    `input_key` is the decoded name of the input object, of which names of outputs may hold parts.
    """
    film = Film(video)
    album = Album(config, input_key, film)
    plan, picks = _picks(config, readings, film)
    picks = without_black(config, picks, film)
    for pick, (number, frame) in zip(picks, _frames(film, picks), strict=True):
        album.add(Pick(pick.at, number), frame)
    return album.closed(plan.spacing)


def _picks(config: SnapshotConfig, readings: Readings, film: Film) -> tuple[Plan, Sequence[Pick]]:
    if single(config):
        return Plan([config.time]), [one(config, film.timeline)]
    plan = planned(config, readings, film.timeline)
    return plan, several(config, plan, film.timeline)


def _frames(film: Film, picks: Sequence[Pick]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode in one pass, or two if the first picture comes from behind the second, as a black one may."""
    numbers = [pick.frame for pick in picks]
    if numbers != sorted(numbers):
        yield from film.frames(numbers[:1])
        numbers = numbers[1:]
    yield from film.frames(numbers)
