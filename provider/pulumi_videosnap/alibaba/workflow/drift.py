"""What drift of a workflow means, what brings it back, failed runs and orphaned workflows (`drift.rules`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pulumi_videosnap.alibaba.pipeline.schema import PRESENT
from pulumi_videosnap.alibaba.workflow.api import WorkflowApi
from pulumi_videosnap.alibaba.workflow.api import connect as open_api
from pulumi_videosnap.alibaba.workflow.convert import read_topology
from pulumi_videosnap.alibaba.workflow.frames import failed_runs
from pulumi_videosnap.alibaba.workflow.models import ACTIVE, MediaWorkflow
from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.model import FailedRuns, Unmanaged, Verdict
from pulumi_videosnap.drift.rules import StoredObjects, explain_other_value
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.state import RecordedResource, Stack

service: str = "MPS"
desired_state_input: Path = ("presence",)
desired_state: str = PRESENT
can_change: bool = True
stored_fields: frozenset[str] = frozenset()

_SHOWN_RUNS = 3
_MEANINGS = {
    "trigger": "only what AddMedia names is processed",
    "pipeline_id": "its jobs wait in another pipeline",
    "other_activities": "it does something that the program does not declare",
    "input.bucket": "uploads to another bucket are processed",
    "input.prefix": "other uploads are processed",
    "role": "it works with another role",
}
Connect = Callable[[str | None, str, Callable[[str], "str | None"]], WorkflowApi]


def account(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Its profile and its location, which decides on the endpoint."""
    return str(properties.get("profile")), str((properties.get("input") or {}).get("location", ""))


def explain_change(field: str, recorded: Any, actual: Any) -> str:
    """What another value of a field does to the frames of uploads."""
    if field == "active":
        return "uploads are processed" if actual else "uploads are not processed"
    if field == "publish":
        return "its frames have the bucket's access rules" if actual == "auto" else "its frames are private"
    if field == "trigger" and actual == "automatic":
        return "every upload is processed"
    if field.startswith("snapshots."):
        return _explain_snapshot(field.split(".")[1:], recorded, actual)
    if field.startswith("notification"):
        return f"messages go to {actual or 'nobody'} instead of {recorded or 'nobody'}"
    return _MEANINGS.get(field) or explain_other_value(recorded, actual)


def _explain_snapshot(path: Sequence[str], recorded: Any, actual: Any) -> str:
    if len(path) == 1 and actual is None:
        return f"no frames are taken by {path[0]}"
    if len(path) == 1 and recorded is None:
        return f"{path[0]} takes frames that the program does not declare"
    return f"{path[0]} takes other frames of every upload: {explain_other_value(recorded, actual)}"


def explain_end(outputs: Mapping[str, Any]) -> str:  # noqa: ARG001
    """Never needed: a workflow does not end."""
    return "it ended"


def describe(outputs: Mapping[str, Any]) -> str:
    """Whether it is active, and which uploads it processes."""
    source = outputs.get("input") or {}
    where = f"{source.get('bucket')}/{source.get('prefix') or ''}"
    return f"{'active' if outputs.get('active', True) else 'inactive'}, uploads to {where}"


def remedy(verdict: Verdict, fields: Collection[str]) -> str:
    """Another workflow, or its settings again."""
    if verdict is Verdict.MISSING:
        return "`pulumi up --refresh` adds it again"
    if "name" in fields:
        return "`pulumi up --refresh` replaces it: the name is its identity"
    if set(fields) == {"active"}:
        return "`pulumi up --refresh` brings it back; nothing that was uploaded meanwhile is caught up"
    return "`pulumi up --refresh` sets it back; uploads in the seconds that this takes are not processed"


def stored_objects(
    recorded: RecordedResource,  # noqa: ARG001
    outputs: Mapping[str, Any],  # noqa: ARG001
) -> Iterator[StoredObjects]:
    """None: the frames are those of its runs, which `videosnap frames` looks for."""
    yield from ()


def state(outputs: Mapping[str, Any]) -> tuple[str, datetime | None]:
    """Whether it is active, and when it was added."""
    return "Active" if outputs.get("active", True) else "Inactive", parse_rfc3339(outputs.get("creationTime"))


def scope(frames: bool) -> Iterator[str]:  # noqa: ARG001
    """The frames of workflows are not looked for."""
    yield "The frames of workflows were not checked: `videosnap frames` goes through their runs."


def unmanaged(
    recorded: Sequence[tuple[RecordedResource, Stack]], connect: Connect = open_api
) -> Iterator[Unmanaged | FailedRuns | str]:
    """Each account's workflows that no stack records, and the runs that failed since state was written."""
    accounts: dict[tuple[str | None, str, str], list[tuple[RecordedResource, Stack]]] = defaultdict(list)
    for task, stack in recorded:
        profile, location = (
            task.properties.get("profile"),
            (task.properties.get("input") or {}).get("location"),
        )
        if isinstance(location, str):
            key = (profile if isinstance(profile, str) else None, location, task.provider)
            accounts[key].append((task, stack))
    for (profile, location, _), tasks in accounts.items():
        where = f"{service} in {location.removeprefix('oss-')}" + (f", profile {profile}" if profile else "")
        try:
            api = connect(profile, location, tasks[0][1].setting)
            listed = api.all_workflows()
            yield from _orphans(listed, [task for task, _ in recorded], where)
            yield f"{where}: looked for unmanaged workflows among {len(listed):,}."
            for task, stack in tasks:
                yield from _failures(api, task, stack)
        except VideosnapError as failed:
            yield f"{where}: unmanaged workflows and failed runs are not known: {failed}"


def _orphans(
    listed: Sequence[MediaWorkflow], recorded: Sequence[RecordedResource], where: str
) -> Iterator[Unmanaged]:
    ids = {task.id for task in recorded}
    for one in listed:
        if one.media_workflow_id not in ids:
            yield Unmanaged(
                id=one.media_workflow_id,
                where=where,
                state=one.state,
                created=one.creation_time,
                note=f"workflow {one.name!r}{_overlap(one, recorded)}",
            )


def _overlap(found: MediaWorkflow, recorded: Sequence[RecordedResource]) -> str:
    """Which recorded workflows process the same uploads."""
    try:
        source = read_topology(found.topology)["input"]
    except (ValueError, TypeError, AttributeError):
        return ", whose topology cannot be read"
    others = [task.name for task in recorded if overlaps(source, task.properties.get("input") or {})]
    active = found.state == ACTIVE
    return f": it processes uploads of {', '.join(others)} too" if others and active else ""


def overlaps(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether an upload can be in both inputs."""
    first, second = (str(source.get("prefix") or "") for source in (one, other))
    same = all(one.get(name) == other.get(name) for name in ("location", "bucket"))
    return same and (first.startswith(second) or second.startswith(first))


def _failures(api: WorkflowApi, task: RecordedResource, stack: Stack) -> Iterator[FailedRuns]:
    """What failed since the last `up` or refresh."""
    runs = list(api.runs(task.id, stack.written))
    if failed := [run for run in runs if run.failed]:
        yield FailedRuns(
            name=task.name,
            urn=task.urn,
            stack=stack.name,
            failed=len(failed),
            runs=len(runs),
            since=stack.written,
            latest=tuple(next(failed_runs([run])) for run in failed[:_SHOWN_RUNS]),
        )
