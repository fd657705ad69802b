"""Frames in programs: `FramesReady`, which others can depend on, and `of`, the keys of the frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource, camel_keys, program_config
from pulumi_videosnap.errors import CannotCheck, InvalidInput

if TYPE_CHECKING:
    from pulumi_videosnap.kinds import ResourceKind

# The registry, the reports and the buckets are imported where they are used: programs that only declare
# resources do not wait for them.

_INPUTS = ("platform", "bucket", "region", "prefix", "profile", "since", "keys", "run")
"""Inputs of `FramesReady` that come from the task."""


class FramesReadyProvider(LifecycleProvider):
    """Drives `FramesReady`. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        """The lifecycle of one resource."""
        from pulumi_videosnap.frames.ready import frames_ready  # noqa: PLC0415

        return frames_ready(context)


class FramesReady(TaskResource, module="frames", name="FramesReady"):
    """A resource that is created once a task has written a number of frames, within a timeout.

    Of a task whose outputs have the keys of its frames, its end is waited for, and then all of its frames and
    sheets; otherwise frames count that were written since the task started. Once created it stays as it is;
    it waits again when the task is another run.
    """

    _waits = ("create",)
    _outputs = ("frames",)

    frames: pulumi.Output[Sequence[str]]
    """The keys of the frames that were waited for, oldest first."""

    def __init__(
        self,
        resource_name: str,
        *,
        task: TaskResource,
        count: pulumi.Input[int] | None = None,
        timeout: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for frames.

        :param task: the resource that takes the frames.
        :param count: how many must exist (default 1); of a job all are waited for.
        :param timeout: seconds to wait for them (1 to 86400, default 300).
        """
        kind = _kind_of(task)
        rules = kind.frames
        source = _outputs(task, "id", *rules.location_outputs, rules.keys_output, rules.since_output)
        run = {name: task.declared[name] for name in rules.run_inputs if name in task.declared}
        inputs = pulumi.Output.all(source, run).apply(partial(_ready_inputs, kind))
        props = {name: inputs.apply(partial(_value, name)) for name in _INPUTS}
        super().__init__(
            FramesReadyProvider(), resource_name, {**props, "count": count, "timeout": timeout}, opts
        )


def of(task: TaskResource) -> pulumi.Output[Sequence[str]]:
    """The keys of a task's frames, oldest first, as an Output.

    Where the task's outputs have the keys, they are these. Otherwise the bucket is listed each time the
    program runs, with your own credentials: what was written while the task ran, below its prefix.

    :raises CannotCheck: other tasks could have written the same frames, or the bucket cannot be listed.
    """
    kind = _kind_of(task)
    rules = kind.frames
    if rules.keys_output:
        keys: pulumi.Output[Sequence[str]] = getattr(task, rules.keys_output)
        return keys
    return _outputs(task, "id", *rules.location_outputs, *rules.schedule_outputs).apply(
        partial(_list_keys, kind)
    )


def _kind_of(task: TaskResource) -> ResourceKind:
    """The kind of a program's resource, also of a subclass; InvalidInput for any other object."""
    from pulumi_videosnap.kinds import kinds  # noqa: PLC0415

    types = {vars(parent).get("_resource_type_name") for parent in type(task).__mro__}
    found = next((kind for kind in kinds() if f"dynamic/{kind.token}" in types), None)
    if found is None:
        tokens = ", ".join(kind.token for kind in kinds())
        raise InvalidInput("task", f"must be a resource that takes frames: {tokens}")
    return found


def _outputs(task: TaskResource, *names: str | None) -> pulumi.Output[dict[str, Any]]:
    """Some outputs, and the profile as declared: state that has none would make it unknown in a preview."""
    profile = {name: value for name, value in task.declared.items() if name == "profile"}
    return pulumi.Output.all(**{name: getattr(task, name) for name in names if name}, **profile)


def _ready_inputs(kind: ResourceKind, source: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What to wait for: the keys of a run that has ended, the end of one that has not, or new frames."""
    from pulumi_videosnap.storage.bucket import common_prefix  # noqa: PLC0415

    outputs, run = source
    rules = kind.frames
    location = rules.location(camel_keys(outputs))
    inputs = {
        "platform": location.platform,
        "bucket": location.bucket,
        "region": location.region,
        "prefix": location.prefix,
        "profile": location.profile,
    }
    if rules.keys_output:
        if keys := list(outputs[rules.keys_output] or ()):
            return {**inputs, "prefix": common_prefix(keys), "keys": keys}
        return {**inputs, "run": {"kind": kind.token, "id": outputs["id"], "inputs": camel_keys(run)}}
    return {**inputs, "since": outputs[rules.since_output] if rules.since_output else None}


def _value(name: str, inputs: Mapping[str, Any]) -> Any:
    return inputs.get(name)


def _list_keys(kind: ResourceKind, outputs: Mapping[str, Any]) -> list[str]:
    from pulumi_videosnap.frames.collect import report_of  # noqa: PLC0415
    from pulumi_videosnap.report.base import Dependencies  # noqa: PLC0415
    from pulumi_videosnap.state import RecordedResource, Stack  # noqa: PLC0415
    from pulumi_videosnap.storage.bucket import open_bucket  # noqa: PLC0415

    recorded = RecordedResource("the task", kind, str(outputs["id"]), camel_keys(outputs))
    dependencies = Dependencies(open_bucket=open_bucket, config=program_config)
    report = report_of(Stack("", (recorded,)), dependencies)
    if problems := report.tasks[0].problems:
        raise CannotCheck("; ".join(problems))
    stored = [frame.stored for *_, frame in report.frames() if frame.stored]
    return [one.key for one in sorted(stored, key=lambda one: (one.modified, one.key))]
