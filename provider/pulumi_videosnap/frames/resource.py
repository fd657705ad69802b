"""`FramesReady`: a resource that is there once a task's pictures are; others can depend on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pulumi

from pulumi_videosnap.alibaba.resource import SnapshotJob
from pulumi_videosnap.alibaba.storage import output_location
from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, camel_keys
from pulumi_videosnap.frames.ready import FramesReadyLifecycle
from pulumi_videosnap.storage.bucket import common_prefix, open_bucket
from pulumi_videosnap.storage.platforms import Location
from pulumi_videosnap.volcengine.resource import SnapshotTask
from pulumi_videosnap.volcengine.storage import frame_location

Task = SnapshotTask | SnapshotJob


class FramesReadyProvider(LifecycleProvider):
    """Drives gates. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one gate."""
        return FramesReadyLifecycle(context, lambda place: open_bucket(place, config=context.config))


class FramesReady(TaskResource, module="frames", name="FramesReady"):
    """A gate that opens once a task has written so many pictures, with a deadline.

    Of a live room's task those count that were written since it started; of a job, the very ones that it
    names. A gate that was passed stays open; it waits again when the task is another run.
    """

    _outputs = ("frames",)

    frames: pulumi.Output[Sequence[str]]
    """The keys of the pictures that opened the gate, oldest first."""

    def __init__(
        self,
        resource_name: str,
        *,
        task: Task,
        count: pulumi.Input[int] | None = None,
        timeout: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for pictures.

        :param task: whose pictures.
        :param count: how many must be there (default 1); a job's are all waited for.
        :param timeout: seconds to wait for them (1 to 86400, default 300).
        """
        where = _where(task)
        props = {name: where.apply(partial(_part, name)) for name in _FROM_THE_TASK}
        super().__init__(
            FramesReadyProvider(), resource_name, {**props, "count": count, "timeout": timeout}, opts
        )


_FROM_THE_TASK = ("platform", "bucket", "region", "prefix", "since", "keys")


def _part(name: str, told: Mapping[str, Any]) -> Any:
    return told.get(name)


def _where(task: Task) -> pulumi.Output[dict[str, Any]]:
    if isinstance(task, SnapshotJob):
        return pulumi.Output.all(config=task.snapshot_config, keys=task.frames).apply(_of_job)
    return pulumi.Output.all(
        storage=task.storage_config, prefix=task.frame_prefix, since=task.start_time
    ).apply(_of_room)


def _of_job(told: Mapping[str, Any]) -> dict[str, Any]:
    place = output_location({"snapshotConfig": camel_keys(told["config"])}, "outputFile")
    keys = list(told["keys"])
    return {**_place(place), "prefix": common_prefix(keys), "keys": keys}


def _of_room(told: Mapping[str, Any]) -> dict[str, Any]:
    recorded = {"storageConfig": camel_keys(told["storage"]), "framePrefix": told["prefix"]}
    place = frame_location(recorded)
    return {**_place(place), "prefix": place.prefix, "since": told["since"]}


def _place(place: Location) -> dict[str, Any]:
    return {"platform": place.platform, "bucket": place.bucket, "region": place.region}
