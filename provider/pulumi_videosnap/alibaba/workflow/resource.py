"""`alibaba.SnapshotWorkflow`: the Pulumi resource, and the provider that the engine calls for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_videosnap.alibaba.pipeline.resource import NotificationArgs
from pulumi_videosnap.alibaba.resource import SnapshotConfigArgs
from pulumi_videosnap.alibaba.workflow.rules import fault_in_name
from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, to_plain


@dataclass(kw_only=True)
class WorkflowInputArgs:
    """The uploads that are processed."""

    location: pulumi.Input[str]
    """Where the bucket is, in OSS's spelling: `oss-cn-hangzhou`. The workflow is in that region."""
    bucket: pulumi.Input[str]
    """The bucket; it must be bound to MPS as an input."""
    prefix: pulumi.Input[str] | None = None
    """What the keys begin with, as it is; without it, the whole bucket."""


@dataclass(kw_only=True)
class WorkflowSnapshotArgs(SnapshotConfigArgs):
    """Which frames one activity takes of every upload, and where they go.

    Keys may have the workflow's own placeholders `{RunId}` and `{MediaId}` too.
    """

    media_cover: pulumi.Input[bool] | None = None
    """Whether its frame becomes the media's cover."""


class SnapshotWorkflowProvider(LifecycleProvider):
    """Drives snapshot workflows. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one workflow."""
        from pulumi_videosnap.alibaba.workflow.lifecycle import (  # noqa: PLC0415 - the plugin alone
            snapshot_workflow,
        )

        return snapshot_workflow(context)


class SnapshotWorkflow(TaskResource, module="alibaba", name="SnapshotWorkflow"):
    """Frames of every video that is uploaded below a prefix of a bucket, until the resource is deleted.

    A change of anything but the name is made in place: the workflow is deactivated, changed and activated,
    and uploads in between are not processed.
    """

    _instead_of_import = "set `adopt` and the name of the workflow"
    _outputs = ("media_workflow_id", "creation_time", "other_activities", "presence")

    name: pulumi.Output[str]
    """Its name, which is its identity."""
    input: pulumi.Output[dict[str, Any]]
    """The uploads that are processed."""
    pipeline_id: pulumi.Output[str]
    """The pipeline of its jobs."""
    snapshots: pulumi.Output[dict[str, dict[str, Any]]]
    """By activity name: which frames to take, and where they go."""
    notification: pulumi.Output[dict[str, Any] | None]
    """The queue or topic that is notified when a run starts and ends."""
    role: pulumi.Output[str | None]
    """The RAM role that MPS works with, where declared."""
    publish: pulumi.Output[str]
    """`auto` or `manual`, which leaves the frames private."""
    trigger: pulumi.Output[str]
    """`automatic` or `manual`."""
    active: pulumi.Output[bool]
    """Whether anything is processed at all."""
    adopt: pulumi.Output[bool]
    """Whether a workflow of this name with other settings was to be adopted."""
    profile: pulumi.Output[str | None]
    """The account, by its name in the vendor's profile file."""
    media_workflow_id: pulumi.Output[str]
    """The service's id."""
    creation_time: pulumi.Output[str | None]
    """RFC 3339, UTC."""
    other_activities: pulumi.Output[list[str]]
    """What the workflow does beside its snapshots: nothing, unless somebody changed it."""
    presence: pulumi.Output[str]
    """`present`."""

    def __init__(
        self,
        resource_name: str,
        *,
        input: pulumi.Input[WorkflowInputArgs | Mapping[str, Any]],
        pipeline_id: pulumi.Input[str],
        snapshots: Mapping[str, pulumi.Input[WorkflowSnapshotArgs | Mapping[str, Any]]],
        name: pulumi.Input[str] | None = None,
        notification: pulumi.Input[NotificationArgs | Mapping[str, Any]] | None = None,
        role: pulumi.Input[str] | None = None,
        publish: pulumi.Input[str] | None = None,
        trigger: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a workflow.

        :param input: the uploads: location, bucket and prefix.
        :param pipeline_id: the pipeline of its jobs, such as `Pipeline.pipeline_id`.
        :param snapshots: by activity name: which frames to take, and where they go.
        :param name: unique in the account; `<project>-<stack>-<name>` by default, cut to 64 bytes.
        :param notification: the queue or topic that is notified when a run starts and ends.
        :param role: the RAM role that MPS works with.
        :param publish: `"manual"` (default) leaves frames private; `"auto"` gives them the bucket's rules.
        :param trigger: `"automatic"` (default), or `"manual"`: only what AddMedia names.
        :param active: whether anything is processed at all (default true).
        :param adopt: adopt a workflow of this name that has other settings, and change it.
        :param profile: account to use, from the vendor's profile file.
        """
        for activity in snapshots if isinstance(snapshots, Mapping) else ():
            if fault := fault_in_name(str(activity)):
                raise pulumi.RunError(f"{type(self).__name__} {resource_name!r}: snapshots {fault}")
        props = {
            "name": f"{pulumi.get_project()}-{pulumi.get_stack()}-{resource_name}" if name is None else name,
            "input": to_plain(input),
            "pipeline_id": pipeline_id,
            "snapshots": to_plain(snapshots),
            "notification": to_plain(notification),
            "role": role,
            "publish": publish,
            "trigger": trigger,
            "active": active,
            "adopt": adopt,
            "profile": profile,
        }
        super().__init__(SnapshotWorkflowProvider(), resource_name, props, opts)
