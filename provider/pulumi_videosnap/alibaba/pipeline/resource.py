"""`alibaba.Pipeline`: the Pulumi resource, and the provider that the engine calls for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, to_plain


@dataclass(kw_only=True)
class NotificationArgs:
    """Where messages go: a queue or a topic of MNS, which must exist in the same region."""

    queue_name: pulumi.Input[str] | None = None
    """The queue."""
    topic: pulumi.Input[str] | None = None
    """The topic, instead of a queue."""


class PipelineProvider(LifecycleProvider):
    """Drives pipelines. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one pipeline."""
        from pulumi_videosnap.alibaba.pipeline.lifecycle import (  # noqa: PLC0415 - the plugin alone
            pipeline_lifecycle,
        )

        return pipeline_lifecycle(context)


class Pipeline(TaskResource, module="alibaba", name="Pipeline"):
    """A queue in which jobs of Alibaba Cloud MPS wait; snapshot jobs and workflows name it by its id."""

    _instead_of_import = "set `adopt` to its id"
    _outputs = ("pipeline_id", "quota_allocate", "presence")

    location: pulumi.Output[str]
    """The region, in OSS's spelling."""
    name: pulumi.Output[str | None]
    """Its name; absent where an adopted one keeps its own."""
    state: pulumi.Output[str | None]
    """`active` or `paused`, where declared."""
    notification: pulumi.Output[dict[str, Any] | None]
    """The queue or topic that is notified of finished jobs."""
    role: pulumi.Output[str | None]
    """The RAM role that MPS works with, where declared."""
    speed: pulumi.Output[str | None]
    """What kind of jobs it runs, where declared."""
    speed_level: pulumi.Output[int | None]
    """The level of the speed, where declared."""
    adopt: pulumi.Output[str | None]
    """The id of the pipeline that was adopted."""
    profile: pulumi.Output[str | None]
    """The account, by its name in the vendor's profile file."""
    presence: pulumi.Output[str]
    """`present`."""
    pipeline_id: pulumi.Output[str]
    """The service's id, which jobs and workflows name."""
    quota_allocate: pulumi.Output[int | None]
    """As the service says it; its meaning is not documented."""

    def __init__(
        self,
        resource_name: str,
        *,
        location: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        state: pulumi.Input[str] | None = None,
        notification: pulumi.Input[NotificationArgs | Mapping[str, Any]] | None = None,
        role: pulumi.Input[str] | None = None,
        speed: pulumi.Input[str] | None = None,
        speed_level: pulumi.Input[int] | None = None,
        adopt: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a pipeline.

        :param location: the region, in OSS's spelling: `oss-cn-hangzhou`.
        :param name: its name; `<project>-<stack>-<name>` by default, unless one is adopted.
        :param state: `"active"` (default) or `"paused"`: jobs wait.
        :param notification: the queue or topic that is notified of finished jobs.
        :param role: the RAM role that MPS works with.
        :param speed: what kind of jobs it runs; snapshots need `"standard"` (default).
        :param speed_level: 1 to 3; its meaning is not documented.
        :param adopt: the id of an existing pipeline: what is not declared stays, and it is never deleted.
        :param profile: account to use, from the vendor's profile file.
        """
        default = (
            None if adopt is not None else f"{pulumi.get_project()}-{pulumi.get_stack()}-{resource_name}"
        )
        props = {
            "location": location,
            "name": default if name is None else name,
            "state": state,
            "notification": to_plain(notification),
            "role": role,
            "speed": speed,
            "speed_level": speed_level,
            "adopt": adopt,
            "profile": profile,
        }
        super().__init__(PipelineProvider(), resource_name, props, opts)
