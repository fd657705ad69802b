"""The inputs of a snapshot workflow: every field with its range, default and effect.

Sources: AddMediaWorkflow, and the page on activities (媒体工作流活动介绍).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from pulumi_videosnap.alibaba.enums import SnapshotWorkflowPublish, SnapshotWorkflowTrigger
from pulumi_videosnap.alibaba.pipeline.schema import DEFAULT_ROLE, PRESENT, Notification, PipelineId, Role
from pulumi_videosnap.alibaba.rules import fault_in_key
from pulumi_videosnap.alibaba.schema import Bucket, Location, Profile, SnapshotConfig
from pulumi_videosnap.alibaba.workflow.rules import broken_rules, fault_in_name
from pulumi_videosnap.core.schema import Effect, Inputs, Mark, one_of, rule, text, text_without, words_in

(MANUAL, AUTO), AUTOMATIC = words_in(SnapshotWorkflowPublish), SnapshotWorkflowTrigger.AUTOMATIC.value
LONGEST_NAME = 64
"""Characters of a workflow's name; one page of 2018 says bytes."""
MAX_PER_REGION = 10
"""Workflows of an account in one region."""

_Name = Annotated[
    str,
    text(rf"(?s).{{1,{LONGEST_NAME}}}", f"1 to {LONGEST_NAME} characters long"),
]


def _check_names(snapshots: dict[str, Any]) -> dict[str, Any]:
    for name in snapshots:
        if fault := fault_in_name(name):
            raise rule((), fault)
    return snapshots


_Prefix = Annotated[str, text_without(fault_in_key)]


class WorkflowInput(Inputs):
    """The uploads that are processed."""

    location: Annotated[Location, Effect.REPLACE] = Field(description="OSS location; it names the region too")
    bucket: Annotated[Bucket, Effect.IN_PLACE] = Field(description="bucket, bound to MPS as an input")
    prefix: Annotated[_Prefix | None, Effect.IN_PLACE] = Field(
        None, description="what the keys begin with, plain; without it, the whole bucket"
    )


class WorkflowSnapshot(SnapshotConfig):
    """Which frames one activity takes of every upload, and where they go."""

    media_cover: Annotated[bool | None, Effect.IN_PLACE] = Field(
        None, description="whether its frame becomes the media's cover"
    )


class SnapshotWorkflowInputs(Inputs):
    """All inputs of one snapshot workflow."""

    name: Annotated[_Name, Effect.REPLACE] = Field(
        description="unique in the account; defaults to `<project>-<stack>-<name>`"
    )
    input: WorkflowInput
    pipeline_id: Annotated[PipelineId, Effect.IN_PLACE] = Field(description="the pipeline of its jobs")
    snapshots: Annotated[dict[str, WorkflowSnapshot], AfterValidator(_check_names), Effect.IN_PLACE] = Field(
        min_length=1, description="by activity name: which frames to take, and where they go"
    )
    notification: Notification | None = None
    role: Annotated[Role | None, Effect.IN_PLACE] = Field(
        None, description=f"role that MPS works with; defaults to `{DEFAULT_ROLE}`"
    )
    publish: Annotated[str, one_of(SnapshotWorkflowPublish), Effect.IN_PLACE] = Field(
        MANUAL, description="`manual` leaves frames private; with `auto` they have the bucket's access rules"
    )
    trigger: Annotated[str, one_of(SnapshotWorkflowTrigger), Effect.IN_PLACE] = Field(
        AUTOMATIC, description="whether every upload is processed, or only what AddMedia names"
    )
    active: Annotated[bool, Effect.IN_PLACE] = Field(True, description="whether anything is processed at all")
    adopt: Annotated[bool, Effect.IN_PLACE, Mark.NOT_RETURNED] = Field(
        False, description="adopt a workflow of this name that has other settings, and change it"
    )
    profile: Annotated[Profile | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="account to use, from the vendor's profile file"
    )
    other_activities: Annotated[list[Any], Effect.IN_PLACE] = Field(
        default_factory=lambda: [],
        description="set by the provider: what the workflow does beside its snapshots, which is nothing",
    )
    presence: Annotated[str, Effect.IN_PLACE] = Field(
        PRESENT, description="set by the provider: whether it should exist"
    )

    @model_validator(mode="after")
    def _rules_among_fields(self) -> SnapshotWorkflowInputs:
        for path, reason in broken_rules(self.properties()):
            raise rule(path, reason)
        return self
