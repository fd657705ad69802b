"""Opens every picture of a report: whether it is one, whether it is black, whether the stream is frozen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.frames.model import Condition, Frame, Picture, Report, Series, TaskFrames
from pulumi_videosnap.frames.pictures import NotAPicture, is_black, is_same, look
from pulumi_videosnap.storage.platforms import Location

LARGEST = 64 * 1024 * 1024
"""Bytes of a picture that are read; a sheet of thousands of cells stays below."""
AT_ONCE = 8

Told = Callable[[int], None]


class Bucket(Protocol):
    """What opening pictures needs of a store."""

    def read(self, key: str, limit: int) -> bytes: ...  # noqa: D102


def verified(report: Report, open_bucket: Callable[[Location], Bucket], told: Told | None = None) -> Report:
    """The report with every picture opened; a task whose pictures cannot be read has that as its problem.

    `told` hears after each picture how many were opened so far.
    """
    opened = _Counter(told)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-frames") as pool:
        tasks = tuple(_verified_task(task, open_bucket, pool, opened) for task in report.tasks)
    return replace(report, tasks=tasks, verified=True)


class _Counter:
    def __init__(self, told: Told | None) -> None:
        self._told, self._count = told, 0

    def one_more(self) -> None:
        self._count += 1
        if self._told:
            self._told(self._count)


def _verified_task(
    task: TaskFrames, open_bucket: Callable[[Location], Bucket], pool: ThreadPoolExecutor, opened: _Counter
) -> TaskFrames:
    if task.problem or task.place is None:
        return task
    try:
        bucket = open_bucket(task.place)
        return replace(task, series=tuple(_verified_series(one, bucket, pool, opened) for one in task.series))
    except VideosnapError as problem:
        return replace(task, series=(), expected=None, problem=str(problem))


def _verified_series(series: Series, bucket: Bucket, pool: ThreadPoolExecutor, opened: _Counter) -> Series:
    def judged(frame: Frame) -> Frame:
        return _judged(frame, bucket)

    frames: list[Frame] = []
    before: Picture | None = None
    for frame in pool.map(judged, series.frames):
        if frame.stored:
            opened.one_more()
        frames.append(_compared(frame, before))
        before = frame.picture or before
    return Series(series.name, tuple(frames))


def _judged(frame: Frame, bucket: Bucket) -> Frame:
    """A frame with its picture; what is black or no picture at all says so, whatever else is the matter."""
    if frame.key is None or frame.stored is None:
        return frame
    try:
        picture = look(bucket.read(frame.key, LARGEST))
    except NotAPicture as broken:
        return replace(frame, condition=Condition.UNREADABLE, why=str(broken))
    if is_black(picture):
        return replace(frame, condition=Condition.BLACK, picture=picture, why="nothing but black")
    return replace(frame, picture=picture)


def _compared(frame: Frame, before: Picture | None) -> Frame:
    if frame.condition is Condition.PRESENT and frame.picture and before and is_same(frame.picture, before):
        return replace(
            frame, condition=Condition.DUPLICATE, why="the very picture before it: a frozen stream?"
        )
    return frame
