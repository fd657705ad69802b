"""Jobs that a service lists and no checked stack records. Only Alibaba Cloud MPS can list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pulumi_videosnap.alibaba.convert import TOKEN, owner_tag
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.model import Unmanaged
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.state import FILE, RecordedResource, Stack

Seen = Callable[[str | None, str, Stack], tuple[Sequence[SnapshotJob], datetime | None]]
"""The newest jobs of a profile's account at a location, and since when they are all there."""


@dataclass(frozen=True)
class _Managed:
    """What the checked stacks record of jobs: their ids, and when each owner's job was submitted."""

    ids: frozenset[str]
    owners: dict[str, datetime | None]


def unmanaged_in(stacks: Sequence[Stack], seen: Seen) -> tuple[list[Unmanaged], list[str]]:
    """The jobs that nobody manages, and sentences that say how far was looked."""
    jobs = [(task, stack) for stack in stacks for task in stack.tasks if task.kind == FILE]
    managed = _managed([task for task, _ in jobs])
    accounts = {_account(task): stack for task, stack in jobs if _account(task)[1]}
    found: list[Unmanaged] = []
    scope: list[str] = []
    for (profile, location), stack in accounts.items():
        where = f"MPS in {location.removeprefix('oss-')}" + (f", profile {profile}" if profile else "")
        try:
            listed, since = seen(profile, location, stack)
        except VideosnapError as failed:
            scope.append(f"{where}: unmanaged jobs are not known: {failed}")
            continue
        found += _left_over(listed, managed, where)
        period = f"since {since:%Y-%m-%d %H:%M:%S} UTC" if since else "all that the service remembers"
        scope.append(f"{where}: looked for unmanaged jobs among {len(listed):,} ({period}).")
    return found, scope


def _account(task: RecordedResource) -> tuple[str | None, str]:
    location = (task.properties.get("input") or {}).get("location")
    profile = task.properties.get("profile")
    return (profile if isinstance(profile, str) else None, location if isinstance(location, str) else "")


def _managed(jobs: Sequence[RecordedResource]) -> _Managed:
    owners = {
        owner_tag(str(job.properties.get("owner"))): parse_rfc3339(job.properties.get("creationTime"))
        for job in jobs
    }
    return _Managed(frozenset(job.id for job in jobs), owners)


def _left_over(listed: Sequence[SnapshotJob], managed: _Managed, where: str) -> Iterator[Unmanaged]:
    for job in listed:
        if job.id not in managed.ids and not _is_an_earlier_run(job, managed):
            yield Unmanaged(
                id=job.id, where=where, state=job.state, created=job.creation_time, note=_note(job, managed)
            )


def _is_an_earlier_run(job: SnapshotJob, managed: _Managed) -> bool:
    """Whether the job was made for a managed resource, before the one that it has now."""
    for mark, submitted in managed.owners.items():
        if mark in (job.user_data or ""):
            return bool(job.creation_time and submitted and job.creation_time <= submitted)
    return False


def _note(job: SnapshotJob, managed: _Managed) -> str:
    if any(mark in (job.user_data or "") for mark in managed.owners):
        return "made for a resource of this stack after the job that state records: an `up` was broken off"
    return (
        "made by this package for another stack, or for a resource that is gone"
        if TOKEN in (job.user_data or "")
        else ""
    )
