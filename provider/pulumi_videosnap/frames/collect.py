"""Builds the report of a stack: each task's frames, from what state records and what the buckets have.

A task or a series whose frames cannot be listed has its problem in the report; it never looks like one
without frames.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from pulumi_videosnap.errors import CannotCheck, VideosnapError
from pulumi_videosnap.frames.expected import (
    Candidate,
    assign,
    events_of,
    frames_of_keys,
    frames_of_stream,
    gaps,
)
from pulumi_videosnap.frames.model import Frame, FramesReport, Series, TaskFrames, count_expected
from pulumi_videosnap.frames.rules import RecordedFrames, RecordedSeries
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.state import RecordedResource, Stack
from pulumi_videosnap.storage.bucket import StoredObject, common_prefix
from pulumi_videosnap.storage.platforms import Location


class _Scheduled(NamedTuple):
    """A task whose frames are found by listing its bucket, and its place in the program."""

    number: int
    task: RecordedResource
    candidate: Candidate


class _Access(NamedTuple):
    """How what belongs to one provider is read: its configuration, and its buckets, each opened once."""

    config: Lookup
    open_bucket: Callable[[Location], Any]
    listed: Callable[[int], None] | None

    @classmethod
    def of(cls, stack: Stack, dependencies: Dependencies, provider: str) -> _Access:
        config = dependencies.config or stack.for_provider(provider).setting
        if dependencies.open_bucket is None:
            raise CannotCheck("no bucket is listed")
        opened = functools.partial(dependencies.open_bucket, config=config)
        return cls(config, functools.cache(opened), dependencies.listed)

    def list(self, location: Location, prefix: str) -> Iterator[StoredObject]:
        yield from self.open_bucket(location).list(prefix, progress=self.listed)


def report_of(stack: Stack, dependencies: Dependencies, prefix: str | None = None) -> FramesReport:
    """The frames of every task of a stack, in the program's order.

    `prefix` is where frames are looked for whose keys no record has, in place of the tasks' own prefixes.
    """
    found: dict[int, TaskFrames] = {}
    scheduled: list[_Scheduled] = []
    access = functools.cache(lambda provider: _Access.of(stack, dependencies, provider))
    for number, task in enumerate(stack.tasks):
        own = access(task.provider)
        try:
            frames = task.kind.frames.expected(task.properties, own.config)
            if isinstance(frames, RecordedFrames):
                found[number] = _of_record(task, frames, own)
                continue
        except VideosnapError as problem:
            found[number] = _task(task, None, problem=str(problem))
            continue
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as odd:
            why = f"its recorded outputs are invalid ({type(odd).__name__}): the state was edited by hand"
            found[number] = _task(task, None, problem=why)
            continue
        if prefix is not None:
            frames = replace(frames, location=replace(frames.location, prefix=prefix))
        scheduled.append(_Scheduled(number, task, Candidate(task.name, frames)))
    began = dependencies.now()
    for _, group in groupby(sorted(scheduled, key=_bucket), key=_bucket):
        together = list(group)
        found.update(_in_one_bucket(together, access(together[0].task.provider), began))
    opened = [
        replace(found[number], open_bucket=access(task.provider).open_bucket)
        for number, task in enumerate(stack.tasks)
    ]
    tasks = tuple(_without_shared_moments(opened))
    # A bucket's clock may be ahead of this machine's: no frame is younger than the list that has it.
    stored = (
        frame.stored.modified for task in tasks for one in task.series for frame in one.frames if frame.stored
    )
    return FramesReport(stack.name, max((began, *stored)), tasks)


def _without_shared_moments(tasks: Sequence[TaskFrames]) -> Iterator[TaskFrames]:
    """Where two series record one key, the object is the last one's: which moment it shows is not certain."""
    keys = Counter(
        (_place(one.location), frame.key) for task in tasks for one in task.series for frame in one.frames
    )

    def moment(series: Series, frame: Frame) -> Frame:
        return replace(frame, offset_ms=None) if keys[_place(series.location), frame.key] > 1 else frame

    for task in tasks:
        series = [
            replace(one, frames=tuple(moment(one, frame) for frame in one.frames)) for one in task.series
        ]
        yield replace(task, series=tuple(series))


def _task(task: RecordedResource, location: Location | None, **fields: Any) -> TaskFrames:
    shown = task.name, task.kind.title, task.shown_id
    return TaskFrames(*shown, location, secrets=task.secrets, **fields)


def _of_record(task: RecordedResource, frames: RecordedFrames, access: _Access) -> TaskFrames:
    """A task whose state has the keys of its frames."""
    series = tuple(_recorded_series(one, access) for one in frames.series)
    return _task(
        task,
        next((one.location for one in series if one.location), None),
        series=series,
        expected=count_expected(series),
        notes=tuple(frames.notes),
    )


def _recorded_series(recorded: RecordedSeries, access: _Access) -> Series:
    """One row of a task; a bucket that cannot be listed is the problem of this row alone."""
    series = Series(recorded.name, (), recorded.location, recorded.problem)
    if recorded.location is None:
        return series
    try:
        found = _stored(recorded.location, recorded.keys, access)
    except VideosnapError as problem:
        return replace(series, problem=str(problem))
    return replace(series, frames=tuple(frames_of_keys(recorded, found)))


def _stored(location: Location, keys: Sequence[str], access: _Access) -> dict[str, StoredObject]:
    """The objects that exist of those that are recorded, from a listing of what all keys begin with."""
    wanted = set(keys)
    listed = access.list(location, common_prefix(keys))
    return {stored.key: stored for stored in listed if stored.key in wanted}


def _place(location: Location | None) -> tuple[str, ...]:
    """A bucket, whoever reads it."""
    return (location.platform, location.region or "", location.bucket) if location else ()


def _bucket(one: _Scheduled) -> tuple[str, ...]:
    return _place(one.candidate.frames.location)


def _in_one_bucket(
    group: Sequence[_Scheduled], access: _Access, now: datetime
) -> Iterator[tuple[int, TaskFrames]]:
    """The tasks of one bucket together, since each sees the others' objects; listed as the first one may."""
    candidates = [one.candidate for one in group]
    locations = [candidate.frames.location for candidate in candidates]
    prefix = common_prefix([location.prefix for location in locations])
    problem = ""
    try:
        assign(candidates, access.list(replace(locations[0], prefix=prefix), prefix))
    except VideosnapError as failed:
        problem = str(failed)
    for number, task, candidate in group:
        if problem:
            yield number, _task(task, candidate.frames.location, problem=problem)
        else:
            yield number, _scheduled(task, candidate, now)


def _scheduled(task: RecordedResource, candidate: Candidate, now: datetime) -> TaskFrames:
    """A task whose frames were found by listing its bucket."""
    frames = candidate.frames
    if candidate.undecided:
        return _task(
            task,
            frames.location,
            problem=_ambiguous(candidate),
            undecided=candidate.undecided,
            undecided_bytes=candidate.undecided_bytes,
        )
    until = frames.until or now
    series = tuple(
        Series(name, tuple(frames_of_stream(objects, frames.schedule, until)), frames.location)
        for name, objects in candidate.streams()
    )
    events = [*events_of(frames.schedule), *(gap for one in series for gap in gaps(one))]
    return _task(
        task,
        frames.location,
        series=series,
        events=tuple(sorted(events, key=lambda event: event.at)),
        expected=count_expected(series) if series else None,
        notes=tuple(_notes(candidate)),
    )


def _notes(candidate: Candidate) -> Iterator[str]:
    prefix, reason = candidate.frames.location.prefix, candidate.frames.reason
    where = f"below {prefix} " if prefix else ""
    yield (
        f"{reason}{': ' if reason else ''}frames written {where}while it ran count as its own, each folder "
        "is a stream, and a stream is expected from its first frame on"
    )
    if not candidate.objects:
        yield "no frame was written while it ran"


def _ambiguous(candidate: Candidate) -> str:
    rivals, advice = ", ".join(sorted(candidate.rivals)), candidate.frames.advice
    return (
        f"{candidate.undecided} frames could be its own or those of {rivals}: "
        "they share a bucket and a time" + (f"; {advice}" if advice else "")
    )
