"""What the rules know of pulumi_videosnap, which the pack's environment (an older protobuf) cannot import.

A test compares each line with the provider's own models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .values import EACH, Path

PROVIDERS = {"pulumi:providers:pulumi-python": "", "pulumi:providers:videosnap": "videosnap:"}
"""The resources in which the engine keeps the configuration, and what their keys leave out."""
DYNAMIC, NATIVE = "pulumi-python:dynamic/", "videosnap:"


@dataclass(frozen=True)
class Kind:
    """A kind of resource; `places` say where frames go, `interval` the seconds between two."""

    token: str
    fields: tuple[str, ...]
    places: tuple[Path, ...]
    interval: Path


TASK = Kind(
    token="pulumi-python:dynamic/volcengine:SnapshotTask",  # noqa: S106
    fields=("appId", "roomId", "taskId", "storageConfig"),
    places=(
        ("storageConfig", "tosConfig", "bucket"),
        ("storageConfig", "vodConfig", "space"),
        ("storageConfig", "customConfig", "bucket"),
        ("storageConfig", "veImageXConfig", "serviceId"),
    ),
    interval=("imageConfig", "interval"),
)
JOB = Kind(
    token="pulumi-python:dynamic/alibaba:SnapshotJob",  # noqa: S106
    fields=("input", "snapshotConfig"),
    places=(("snapshotConfig", "outputFile", "bucket"), ("snapshotConfig", "tileOutputFile", "bucket")),
    interval=("snapshotConfig", "interval"),  # may be absent, or 0: spread over the whole video
)
WORKFLOW = Kind(
    token="pulumi-python:dynamic/alibaba:SnapshotWorkflow",  # noqa: S106
    fields=("input", "pipelineId", "snapshots"),
    places=(
        ("snapshots", EACH, "outputFile", "bucket"),
        ("snapshots", EACH, "tileOutputFile", "bucket"),
    ),
    interval=("snapshots", EACH, "interval"),  # of each upload, as of a job
)
KINDS = (TASK, JOB, WORKFLOW)
"""The kinds that take frames; a pipeline takes none."""


def kind_of(resource_type: str, properties: Mapping[str, Any]) -> Kind | None:
    """The kind of a resource: by its type, or by its fields, so that a subclass counts."""
    # The provider class would tell, but the engine sends policies no `__provider`.
    is_dynamic = resource_type.startswith("pulumi-python:dynamic")
    own_type = resource_type.replace(NATIVE, DYNAMIC) if resource_type.startswith(NATIVE) else resource_type
    for kind in KINDS:
        if own_type == kind.token or (is_dynamic and all(name in properties for name in kind.fields)):
            return kind
    return None


LONGEST_INTERVAL = 600  # seconds, of a task; a job's may be far longer
STREAMS: Path = ("targetStreams", "streamList")  # an empty list is every stream of the room
MAX_STREAMS = 17
BUSINESS_ID: Path = ("businessId",)

SECRET_KEYS: dict[Path, str] = {
    ("storageConfig", "customConfig", "accessKey"): "access_key_env",
    ("storageConfig", "customConfig", "secretKey"): "secret_key_env",
}
"""Keys of a third party's bucket, each with the argument that names an environment variable instead."""

CREDENTIALS: dict[str, str] = {
    "videosnap:volcengineAccessKey": "VOLCENGINE_ACCESS_KEY",
    "videosnap:volcengineSecretKey": "VOLCENGINE_SECRET_KEY",
    "videosnap:volcengineSessionToken": "VOLCENGINE_SESSION_TOKEN",
    "videosnap:byteplusAccessKey": "BYTEPLUS_ACCESS_KEY",
    "videosnap:byteplusSecretKey": "BYTEPLUS_SECRET_KEY",
    "videosnap:byteplusSessionToken": "BYTEPLUS_SESSION_TOKEN",
    "videosnap:alibabaAccessKeyId": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "videosnap:alibabaAccessKeySecret": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "videosnap:alibabaSecurityToken": "ALIBABA_CLOUD_SECURITY_TOKEN",
}
"""An account's keys in the stack's configuration, each with the environment variable that precedes it."""
