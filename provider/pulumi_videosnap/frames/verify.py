"""Decodes every frame of a report: whether it can be decoded, is black, or repeats the one before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from pulumi_videosnap.errors import Rejected, VideosnapError
from pulumi_videosnap.frames.decode import UnreadableFrame, decode_frame, is_black, is_same
from pulumi_videosnap.frames.model import (
    Condition,
    DecodedFrame,
    Frame,
    FramesReport,
    Series,
    TaskFrames,
    count_expected,
)
from pulumi_videosnap.storage.errors import is_absent
from pulumi_videosnap.storage.platforms import Location

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of a frame that are read; a sheet of thousands of cells is smaller."""
THREADS = 8


@dataclass
class _Verifier:
    pool: ThreadPoolExecutor
    progress: Callable[[int], None] | None
    decoded: int = 0

    def task(self, task: TaskFrames) -> TaskFrames:
        series = tuple(self.series(one, task.open_bucket) for one in task.series)
        failed = any(one.problem for one in series)
        return replace(task, series=series, expected=count_expected(series) if failed else task.expected)

    def series(self, series: Series, open_bucket: Callable[[Location], Any]) -> Series:
        """The series with its frames decoded; what the store refuses is its problem, and no other's."""
        if series.location is None or series.problem:
            return series
        try:
            return replace(series, frames=tuple(self.frames(series, open_bucket(series.location))))
        except VideosnapError as problem:
            return replace(series, frames=(), problem=str(problem))

    def frames(self, series: Series, bucket: Any) -> list[Frame]:
        """The frames in order, each compared with the one before."""
        frames: list[Frame] = []
        before: DecodedFrame | None = None
        for frame in self.pool.map(lambda one: _decode(one, bucket), series.frames):
            if frame.stored:
                self.decoded += 1
                if self.progress:
                    self.progress(self.decoded)
            frames.append(_compare(frame, before))
            before = frame.decoded or before
        return frames


def verify(report: FramesReport, progress: Callable[[int], None] | None = None) -> FramesReport:
    """The report with every frame decoded; a series whose frames cannot be read has that as its problem.

    `progress` is called after each frame with the number of those that were decoded so far.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="videosnap-frames") as pool:
        verifier = _Verifier(pool, progress)
        return replace(report, tasks=tuple(map(verifier.task, report.tasks)), verified=True)


def _decode(frame: Frame, bucket: Any) -> Frame:
    """A frame with its pixels measured; UNREADABLE and BLACK outweigh a condition that it had before."""
    if frame.key is None or frame.stored is None:
        return frame
    try:
        decoded = decode_frame(bucket.read(frame.key, MAX_BYTES))
    except Rejected as problem:
        if not is_absent(problem):
            raise
        return replace(frame, condition=Condition.MISSING, stored=None, why="deleted since it was listed")
    except UnreadableFrame as unreadable:
        return replace(frame, condition=Condition.UNREADABLE, why=str(unreadable))
    if is_black(decoded):
        return replace(frame, condition=Condition.BLACK, decoded=decoded, why="nothing but black")
    return replace(frame, decoded=decoded)


def _compare(frame: Frame, before: DecodedFrame | None) -> Frame:
    if frame.condition is Condition.PRESENT and frame.decoded and before and is_same(frame.decoded, before):
        why = "every pixel equals the frame before: the stream may be frozen"
        return replace(frame, condition=Condition.DUPLICATE, why=why)
    return frame
