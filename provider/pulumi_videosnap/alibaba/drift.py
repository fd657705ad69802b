"""What drift of a video file's snapshot job means, what brings it back, and orphaned jobs (`drift.rules`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pulumi_videosnap.alibaba.failures import explain
from pulumi_videosnap.alibaba.frames import output_location
from pulumi_videosnap.alibaba.job_token import TOKEN, owner_tag, state_tag, state_tag_of
from pulumi_videosnap.alibaba.jobs import open_account
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.alibaba.schema import SUCCESS
from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.model import Unmanaged, Verdict
from pulumi_videosnap.drift.rules import StoredObjects, explain_other_value
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.state import RecordedResource, Stack

service: str = "MPS"
desired_state_input: Path = ("result",)
desired_state: str = SUCCESS
can_change: bool = False

_OUTPUTS = (
    ("frames", "frames", "outputFile"),
    ("tileFrames", "tile_frames", "tileOutputFile"),
    ("vtt", "vtt", "outputFile"),
)
"""Outputs that name objects: in state, in a program, and the input that says in which bucket."""
stored_fields: frozenset[str] = frozenset(field for _, field, _ in _OUTPUTS)

Newest = Callable[[str | None, str, Stack], tuple[Sequence[SnapshotJob], datetime | None]]
"""The newest jobs of a profile's account at a location, and since when all of them are there."""

Workflows = Callable[[str | None, str, Stack, Collection[str]], Mapping[str, str]]
"""The media workflow that made a job, by the job's id, of some jobs in a profile's account at a location."""


def account(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Its profile and its location, which decides on the endpoint."""
    return str(properties.get("profile")), str((properties.get("input") or {}).get("location", ""))


def explain_change(field: str, recorded: Any, actual: Any) -> str:  # noqa: ARG001
    """Never needed: a job cannot be changed."""
    return explain_other_value(recorded, actual)


def explain_end(outputs: Mapping[str, Any]) -> str:
    """Why the job failed."""
    why = explain(str(outputs.get("code") or ""), str(outputs.get("message") or ""))
    return f"the job produced no usable frames: {why}"


def describe(outputs: Mapping[str, Any]) -> str:
    """The job's state, and how many frames it took."""
    return f"{outputs.get('state')}, {outputs.get('count') or 0} frames"


def remedy(verdict: Verdict, fields: Collection[str]) -> str:  # noqa: ARG001
    """Another job."""
    job = "the job again" if verdict is Verdict.MISSING else "a new job"
    return f"`pulumi up --refresh` submits {job}"


def stored_objects(recorded: RecordedResource, outputs: Mapping[str, Any]) -> Iterator[StoredObjects]:
    """The keys of frames, sheets and WebVTT, as recorded or as the service says now."""
    for output, field, file in _OUTPUTS:
        keys = dict.fromkeys([*_keys(recorded.properties, output), *_keys(outputs, output)])
        if keys:
            yield StoredObjects(field, tuple(keys), output_location(recorded.properties, file))


def _keys(outputs: Mapping[str, Any], output: str) -> list[str]:
    keys = outputs.get(output)
    return [keys] if isinstance(keys, str) else list(keys or [])


def state(outputs: Mapping[str, Any]) -> tuple[str, datetime | None]:
    """The job's state, and when it was submitted."""
    return str(outputs.get("state")), parse_rfc3339(outputs.get("creationTime"))


def scope(frames: bool) -> Iterator[str]:
    """Whether the frames were looked for."""
    if not frames:
        yield "The frames of jobs were not checked (--no-frames)."


def _newest(
    profile: str | None, location: str, stack: Stack
) -> tuple[Sequence[SnapshotJob], datetime | None]:
    return open_account(profile, location, stack.setting).jobs.newest()


def _workflows(profile: str | None, location: str, stack: Stack, ids: Collection[str]) -> Mapping[str, str]:
    return open_account(profile, location, stack.setting).jobs.workflows(ids)


def unmanaged(
    recorded: Sequence[tuple[RecordedResource, Stack]],
    newest: Newest = _newest,
    workflows: Workflows = _workflows,
) -> Iterator[Unmanaged | str]:
    """Jobs on the newest pages of each account that no stack records, and the period of these pages."""
    managed = _managed(recorded)
    accounts = {
        (*_account_of(task), task.provider): stack for task, stack in recorded if _account_of(task)[1]
    }
    for (profile, location, _), stack in accounts.items():
        where = f"{service} in {location.removeprefix('oss-')}" + (f", profile {profile}" if profile else "")
        try:
            listed, since = newest(profile, location, stack)
        except VideosnapError as failed:
            yield f"{where}: unmanaged jobs are not known: {failed}"
            continue
        orphans = list(_orphans(listed, managed, where))
        made_by: Mapping[str, str] = {}
        try:
            if foreign := {job.id for job in orphans if not job.note}:
                made_by = workflows(profile, location, stack, foreign)
        except VideosnapError as failed:
            yield f"{where}: which jobs a media workflow made is not known: {failed}"
        for job in orphans:
            name = made_by.get(job.id)
            yield job if name is None else job.model_copy(update={"note": f"made by media workflow {name!r}"})
        period = f"since {since:%Y-%m-%d %H:%M:%S} UTC" if since else "all that the service lists"
        yield f"{where}: looked for unmanaged jobs among {len(listed):,} ({period})."


def _account_of(task: RecordedResource) -> tuple[str | None, str]:
    location = (task.properties.get("input") or {}).get("location")
    profile = task.properties.get("profile")
    return (profile if isinstance(profile, str) else None, location if isinstance(location, str) else "")


@dataclass(frozen=True)
class _Managed:
    """What the checked stacks record: ids, when each owner's job was submitted, and the states' tags."""

    ids: frozenset[str]
    owners: Mapping[str, datetime | None]
    states: frozenset[str]

    def is_recorded(self, job: SnapshotJob) -> bool:
        """Whether the stacks record the job, or a later run of its owner."""
        if job.id in self.ids:
            return True
        submitted = self.owners.get(self._owner(job))
        is_earlier = bool(job.creation_time and submitted and job.creation_time <= submitted)
        return is_earlier and state_tag_of(job.user_data) in (*self.states, "")

    def note(self, job: SnapshotJob) -> str:
        """Where a job comes from that is not recorded; empty where its UserData does not say."""
        if TOKEN not in (job.user_data or ""):
            return ""
        has_owner, state = bool(self._owner(job)), state_tag_of(job.user_data)
        if state in self.states:
            return _INTERRUPTED if has_owner else _UNRECORDED
        if not has_owner:
            return _OTHER_STACK
        return _OTHER_STATE if state else _OLDER

    def _owner(self, job: SnapshotJob) -> str:
        return next((tag for tag in self.owners if tag in (job.user_data or "")), "")


_INTERRUPTED = "submitted for a resource of this stack after the recorded job: an `up` was interrupted"
_UNRECORDED = "submitted by this stack, which does not record it: deleted, or its `up` was interrupted"
_OLDER = (
    "submitted by an older version of this package for a resource of these names after the recorded job: "
    "an `up` was interrupted, or another backend has a stack of the same names"
)
_OTHER_STATE = (
    "not of this stack, although the names are: submitted by a stack of the same names in another backend, "
    "or by this stack before it was destroyed"
)
_OTHER_STACK = "submitted by this package for another stack, or for a deleted resource"


def _managed(recorded: Sequence[tuple[RecordedResource, Stack]]) -> _Managed:
    jobs = [job for job, _ in recorded]
    owners = {
        owner_tag(str(job.properties.get("owner"))): parse_rfc3339(job.properties.get("creationTime"))
        for job in jobs
    }
    states = {state_tag(state_id) for _, stack in recorded for state_id in stack.state_ids}
    states |= {state_tag_of(str(job.properties.get("token"))) for job in jobs}
    return _Managed(frozenset(job.id for job in jobs), owners, frozenset(states - {""}))


def _orphans(listed: Sequence[SnapshotJob], managed: _Managed, where: str) -> Iterator[Unmanaged]:
    for job in listed:
        if not managed.is_recorded(job):
            yield Unmanaged(
                id=job.id, where=where, state=job.state, created=job.creation_time, note=managed.note(job)
            )
