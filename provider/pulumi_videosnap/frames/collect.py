"""Builds the report of a stack: each task's frames, from what state records and what the buckets hold.

A task that cannot be looked at is in the report with its problem; it never looks like one without frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Protocol

from pulumi_videosnap.alibaba.storage import output_location
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.errors import CannotCheck, VideosnapError
from pulumi_videosnap.frames.expected import frames_of_job, frames_of_stream, gaps, offsets_of_job
from pulumi_videosnap.frames.model import Frame, Report, Series, TaskFrames
from pulumi_videosnap.frames.ownership import Claim, attribute, streams_of
from pulumi_videosnap.frames.schedule import events_of, pace_of
from pulumi_videosnap.state import LIVE, RecordedResource, Stack
from pulumi_videosnap.storage.bucket import StoredObject, common_prefix
from pulumi_videosnap.storage.platforms import Location
from pulumi_videosnap.volcengine.storage import frame_location

Progress = Callable[[int], None]


class Bucket(Protocol):
    """What gathering needs of a store."""

    def list(  # noqa: D102
        self, prefix: str | None = None, *, progress: Progress | None = None
    ) -> Iterator[StoredObject]: ...


@dataclass(frozen=True)
class Surroundings:
    """How to open the store of a place, what the time is, and whom to tell how many objects were seen."""

    open: Callable[[Location], Bucket]
    now: datetime
    progress: Progress | None = None


def report_of(stack: Stack, around: Surroundings) -> Report:
    """What every task of a stack took, in the program's order."""
    rooms = [task for task in stack.tasks if task.kind.title == LIVE]
    told = dict(_rooms(rooms, around))
    for task in stack.tasks:
        if task.kind.title != LIVE:
            told[task.id] = _job_or_problem(task, around)
    return Report(stack.name, around.now, tuple(told[task.id] for task in stack.tasks))


def _job_or_problem(task: RecordedResource, around: Surroundings) -> TaskFrames:
    try:
        return _job(task, around)
    except VideosnapError as problem:
        return TaskFrames(task.name, task.kind.title, task.id, None, problem=str(problem))


def _rooms(tasks: Sequence[RecordedResource], around: Surroundings) -> Iterator[tuple[str, TaskFrames]]:
    """The tasks of live rooms; those of one bucket together, since each sees the others' objects."""
    claims: list[tuple[RecordedResource, Claim]] = []
    for task in tasks:
        try:
            claims.append((task, _claim(task)))
        except VideosnapError as problem:
            yield task.id, TaskFrames(task.name, task.kind.title, task.id, None, problem=str(problem))
    by_bucket = sorted(claims, key=lambda pair: _bucket_of(pair[1].place))
    for _, group in groupby(by_bucket, key=lambda pair: _bucket_of(pair[1].place)):
        yield from _rooms_of_one_bucket(list(group), around)


def _rooms_of_one_bucket(
    group: Sequence[tuple[RecordedResource, Claim]], around: Surroundings
) -> Iterator[tuple[str, TaskFrames]]:
    claims = [claim for _, claim in group]
    prefix = common_prefix([claim.place.prefix for claim in claims])
    problem = ""
    try:
        bucket = around.open(replace(claims[0].place, prefix=prefix))
        attribute(claims, bucket.list(prefix, progress=around.progress))
    except VideosnapError as failed:
        problem = str(failed)
    for task, claim in group:
        if problem:
            yield task.id, TaskFrames(task.name, task.kind.title, task.id, claim.place, problem=problem)
        else:
            yield task.id, _room(task, claim, around.now)


def _claim(task: RecordedResource) -> Claim:
    place, pace = frame_location(task.properties), pace_of(task.properties)
    started = pace.starts[0] if pace.starts else parse_rfc3339(task.properties.get("startTime"))
    if started is None:
        raise CannotCheck("state records no start of it, so its time is not known: run `pulumi refresh`")
    return Claim(task.name, place, started, parse_rfc3339(task.properties.get("endTime")))


def _room(task: RecordedResource, claim: Claim, now: datetime) -> TaskFrames:
    if claim.ambiguous:
        return TaskFrames(
            task.name,
            task.kind.title,
            task.id,
            claim.place,
            problem=_ambiguous(claim),
            undecided=claim.ambiguous,
            undecided_bytes=claim.ambiguous_bytes,
        )
    pace = pace_of(task.properties)
    series = tuple(
        Series(name, tuple(frames_of_stream(objects, pace, claim.until or now)))
        for name, objects in streams_of(claim)
    )
    events = [*events_of(task.properties), *(gap for one in series for gap in gaps(one))]
    expected = sum(len(one.frames) for one in series)
    return TaskFrames(
        task.name,
        task.kind.title,
        task.id,
        claim.place,
        series,
        tuple(sorted(events, key=lambda event: event.at)),
        expected=expected if series else None,
        notes=tuple(_notes_of_room(claim)),
    )


def _notes_of_room(claim: Claim) -> Iterator[str]:
    where = f"below {claim.place.prefix} " if claim.place.prefix else ""
    yield (
        f"the vendor documents no keys: pictures written {where}while it ran count as its own, each folder "
        "is a stream, and a stream is expected from its first picture on"
    )
    if not claim.objects:
        yield "no picture was written in its time"


def _ambiguous(claim: Claim) -> str:
    rivals = ", ".join(sorted(claim.rivals))
    return (
        f"{claim.ambiguous} pictures could be its own or those of {rivals}: they share a bucket and a time; "
        "give each a frame_prefix of its own"
    )


def _bucket_of(place: Location) -> tuple[str, str, str]:
    return place.platform, place.region or "", place.bucket


def _job(task: RecordedResource, around: Surroundings) -> TaskFrames:
    properties = task.properties
    state = str(properties.get("state"))
    if state == "Fail":
        raise CannotCheck(f"the job failed ({properties.get('code')}), so it has no pictures")
    if state != "Success":
        raise CannotCheck(f"the job was still {state} when state was last written: run `pulumi refresh`")
    config = properties.get("snapshotConfig") or {}
    pictures = _named(task, "outputFile", properties.get("frames") or [], around)
    sheets = _named(task, "tileOutputFile", properties.get("tileFrames") or [], around)
    offsets = offsets_of_job(config, len(pictures))
    keys = list(pictures)
    series = [
        Series("pictures", tuple(frames_of_job(keys, _there(pictures), offsets))),
        Series("sheets", tuple(frames_of_job(list(sheets), _there(sheets), []))),
    ]
    kept = tuple(one for one in series if one.frames)
    return TaskFrames(
        task.name,
        task.kind.title,
        task.id,
        output_location(properties, "outputFile"),
        kept,
        expected=sum(len(one.frames) for one in kept),
        notes=tuple(_notes_of_job(properties)),
    )


def _notes_of_job(properties: Mapping[str, object]) -> Iterator[str]:
    if properties.get("vtt"):
        yield f"the pictures of a WebVTT have no documented names: {properties['vtt']} lists them"


def _named(
    task: RecordedResource, file: str, keys: Sequence[str], around: Surroundings
) -> dict[str, StoredObject | None]:
    """The objects of a job's keys, from a listing of what all keys begin with."""
    if not keys:
        return {}
    wanted: dict[str, StoredObject | None] = dict.fromkeys(keys)
    bucket = around.open(output_location(task.properties, file))
    for stored in bucket.list(common_prefix(keys), progress=around.progress):
        if stored.key in wanted:
            wanted[stored.key] = stored
    return wanted


def _there(objects: Mapping[str, StoredObject | None]) -> dict[str, StoredObject]:
    return {key: stored for key, stored in objects.items() if stored is not None}


def every_frame(report: Report) -> Iterator[tuple[TaskFrames, Series, Frame]]:
    """All frames of a report."""
    for task in report.tasks:
        for series in task.series:
            for frame in series.frames:
                yield task, series, frame
