"""What the rules repeat of pulumi_videosnap, which lives in another environment.

tests/policy/test_facts.py holds each line against the provider's own models.
"""

from __future__ import annotations

Path = tuple[str, ...]
"""Where a value stands in a resource's properties, in the engine's camelCase."""

TASK = "pulumi-python:dynamic/volcengine:SnapshotTask"
JOB = "pulumi-python:dynamic/alibaba:SnapshotJob"
PROVIDER = "pulumi:providers:pulumi-python"
"""What the engine keeps the stack's configuration in, for all dynamic resources."""

PLACES: dict[str, tuple[Path, ...]] = {
    TASK: (
        ("storageConfig", "tosConfig", "bucket"),
        ("storageConfig", "vodConfig", "space"),
        ("storageConfig", "customConfig", "bucket"),
        ("storageConfig", "veImageXConfig", "serviceId"),
    ),
    JOB: (
        ("snapshotConfig", "outputFile", "bucket"),
        ("snapshotConfig", "tileOutputFile", "bucket"),
    ),
}
"""Each field that says where pictures go."""

INTERVALS: dict[str, Path] = {TASK: ("imageConfig", "interval"), JOB: ("snapshotConfig", "interval")}
"""Seconds between two pictures. A job's may be absent, or 0: spread over the whole video."""
LONGEST_INTERVAL = 600
"""Seconds, of a task (1 to 600); a job's may be far longer."""

STREAMS: Path = ("targetStreams", "streamList")
"""The streams of a task; an empty list is every stream of the room."""
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
    "videosnap:alibabaAccessKeyId": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "videosnap:alibabaAccessKeySecret": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "videosnap:alibabaSecurityToken": "ALIBABA_CLOUD_SECURITY_TOKEN",
}
"""An account's keys in the stack's configuration, each with the environment variable that goes before it."""
