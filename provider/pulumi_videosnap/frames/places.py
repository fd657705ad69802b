"""Where a recorded task writes, or why nobody can list that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.stores import platform_key, platform_of
from pulumi_videosnap.state import LIVE, RecordedResource, is_encrypted


def place_of(task: RecordedResource) -> Place:
    """The bucket that a task's pictures go into; NotConfigured or CannotCheck say why it cannot be listed."""
    return _of_room(task) if task.kind.title == LIVE else of_file(task, "outputFile")


def of_file(task: RecordedResource, file: str) -> Place:
    """The bucket that one of a job's outputs goes into."""
    output = _block(_block(task.properties, "snapshotConfig"), file)
    region = str(output.get("location", "")).removeprefix("oss-")
    return Place("oss", _bucket(output), region or None)


def _of_room(task: RecordedResource) -> Place:
    storage = _block(task.properties, "storageConfig")
    kind, prefix = str(storage.get("type", "tos")), str(task.properties.get("framePrefix") or "")
    block = _block(storage, f"{kind}Config")
    key = platform_key(kind, str(block.get("vendor", "aws")))
    region = platform_of(key).regions.get(int(block.get("region", 0)))
    return Place(key, _bucket(block), region, prefix)


def _block(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = values.get(name) or {}
    if is_encrypted(block):
        raise CannotCheck(f"{name} is a secret as a whole in state: make only its keys secret")
    return block if isinstance(block, Mapping) else {}


def _bucket(block: Mapping[str, Any]) -> str:
    bucket = block.get("bucket")
    if is_encrypted(bucket):
        raise CannotCheck("its bucket is a secret in state, so it cannot be listed")
    if not bucket:
        raise CannotCheck("state records no bucket for it")
    return str(bucket)
