"""`acme.Recorder`: the Pulumi resource, and the provider that the engine calls for it."""

import pulumi

from pulumi_videosnap.core.lifecycle import Context, Lifecycle
from pulumi_videosnap.dynamic.provider import LifecycleProvider
from pulumi_videosnap.dynamic.resource import TaskResource


class RecorderProvider(LifecycleProvider):
    """Drives recorders. State names this class: it must never be renamed or moved."""

    def lifecycle(self, context: Context) -> Lifecycle:
        from e2e.third_cloud.provider.lifecycle import RecorderLifecycle  # noqa: PLC0415 - only the plugin needs it

        return RecorderLifecycle(context)


class Recorder(TaskResource, module="acme", name="Recorder"):
    """Takes a frame of a camera every `interval` seconds (default 10), into a bucket."""

    _outputs = ("state", "start_time", "end_time", "intervals")

    def __init__(
        self,
        resource_name: str,
        *,
        camera: pulumi.Input[str],
        bucket: pulumi.Input[str] | None = None,
        interval: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f"{pulumi.get_project()}.{pulumi.get_stack()}.{resource_name}"
        props = {"name": name, "camera": camera, "bucket": bucket, "interval": interval}
        super().__init__(RecorderProvider(), resource_name, props, opts)
