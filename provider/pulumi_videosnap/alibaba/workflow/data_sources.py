"""`get_snapshot_workflow` and `search_snapshot_workflows`: look at media workflows without managing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_videosnap.alibaba.data_sources import not_found, require_id, require_state
from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.dynamic.resource import call_later, program_config, snake_keys
from pulumi_videosnap.kinds import Listed
from pulumi_videosnap.settings import Lookup

if TYPE_CHECKING:
    from pulumi_videosnap.alibaba.workflow.api import WorkflowApi
    from pulumi_videosnap.alibaba.workflow.models import MediaWorkflow

STATES = ("All", "Active", "Inactive")


@dataclass(frozen=True)
class MediaWorkflowResult:
    """A media workflow of any purpose, as a list has it."""

    media_workflow_id: str
    name: str
    state: str
    """Active or Inactive."""
    creation_time: str | None
    """RFC 3339, UTC."""


@dataclass(frozen=True)
class WorkflowSnapshotResult:
    """Which frames one activity takes of every upload."""

    snapshot_config: dict[str, Any]
    """Its settings, with decoded keys; numbers as numbers."""
    media_cover: bool
    """Whether its frame becomes the media's cover."""


@dataclass(frozen=True)
class SnapshotWorkflowResult:
    """What the service says of a workflow, with its defaults; None where it says nothing."""

    media_workflow_id: str
    name: str
    state: str
    """Active or Inactive."""
    creation_time: str | None
    """RFC 3339, UTC."""
    trigger: str | None
    """automatic or manual."""
    input: dict[str, Any]
    """The uploads that are processed: location, bucket and prefix."""
    pipeline_id: str | None
    """The pipeline of its jobs."""
    snapshots: dict[str, WorkflowSnapshotResult]
    """By activity name: which frames are taken."""
    notification: dict[str, Any] | None
    """The queue or topic that is notified when a run starts and ends."""
    role: str
    """The RAM role that MPS works with."""
    publish: str
    """auto or manual."""
    other_activities: list[str]
    """What the workflow does beside its snapshots."""


def get_snapshot_workflow(
    workflow_id: str, *, location: str | None = None, profile: str | None = None
) -> SnapshotWorkflowResult:
    """Ask for a media workflow (QueryMediaWorkflowList), in the region of an OSS location or the one set.

    :param workflow_id: the service's id of it.
    :raises NotFound: the service does not know the workflow, or it was deleted.
    :raises CallFailed: the call failed.
    """
    require_id("workflow_id", workflow_id, "workflow")
    found = _connect(profile, location, program_config).workflow(workflow_id)
    if found is None:
        raise not_found("QueryMediaWorkflowList", f"workflow {workflow_id} does not exist")
    return _result(found)


def get_snapshot_workflow_output(
    workflow_id: pulumi.Input[str],
    *,
    location: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[SnapshotWorkflowResult]:
    """`get_snapshot_workflow` for values that are only known later."""
    return call_later(get_snapshot_workflow, workflow_id=workflow_id, location=location, profile=profile)


def search_snapshot_workflows(
    state: str = "All", *, location: str | None = None, profile: str | None = None
) -> list[MediaWorkflowResult]:
    """The account's media workflows in a region (SearchMediaWorkflow), without deleted ones.

    :param state: All, Active or Inactive.
    :raises CallFailed: the call failed.
    """
    require_state(state, STATES)
    listed = _connect(profile, location, program_config).all_workflows()
    return [MediaWorkflowResult(*_facts(one)) for one in listed if state in ("All", one.state)]


def search_snapshot_workflows_output(
    state: pulumi.Input[str] = "All",
    *,
    location: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[list[MediaWorkflowResult]]:
    """`search_snapshot_workflows` for values that are only known later."""
    return call_later(search_snapshot_workflows, state=state, location=location, profile=profile)


def list_workflows(*, location: str, profile: str | None = None, config: Lookup) -> Iterator[Listed]:
    """The account's workflows in a region, each with the id to import it by.

    :param location: an OSS location, which names the region.
    """
    for one in _connect(profile, location, config).all_workflows():
        yield Listed(one.name, f"{location}/{one.media_workflow_id}")


def _connect(profile: str | None, location: str | None, config: Lookup) -> WorkflowApi:
    # Imported here: a program that only declares resources does not need the HTTP stack.
    from pulumi_videosnap.alibaba.workflow.api import connect  # noqa: PLC0415

    return connect(profile, location, config)


def _facts(found: MediaWorkflow) -> tuple[str, str, str, str | None]:
    created = found.creation_time
    return (
        found.media_workflow_id,
        found.name,
        found.state,
        format_rfc3339(created, "seconds") if created else None,
    )


def _result(found: MediaWorkflow) -> SnapshotWorkflowResult:
    from pulumi_videosnap.alibaba.workflow.convert import read_inputs  # noqa: PLC0415

    inputs = read_inputs(found, {})
    snapshots = {
        name: WorkflowSnapshotResult(media_cover=config.pop("mediaCover"), snapshot_config=snake_keys(config))
        for name, config in inputs["snapshots"].items()
    }
    return SnapshotWorkflowResult(
        *_facts(found),
        trigger=inputs.get("trigger"),
        input=inputs["input"],
        pipeline_id=inputs.get("pipelineId"),
        snapshots=snapshots,
        notification=snake_keys(inputs.get("notification")),
        role=inputs["role"],
        publish=inputs["publish"],
        other_activities=inputs["otherActivities"],
    )
