"""The resource kind of `alibaba.SnapshotJob`, for the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_videosnap.alibaba import review
from pulumi_videosnap.alibaba.connected import snapshot_job
from pulumi_videosnap.alibaba.models import ENDED
from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.kinds import ResourceKind


def _has_ended(outputs: Mapping[str, Any]) -> bool:
    return outputs.get("state") in ENDED


KIND = ResourceKind(
    token="alibaba:SnapshotJob",  # noqa: S106 - no secret
    title="video file",
    provider="pulumi_videosnap.alibaba.resource.SnapshotJobProvider",
    inputs=SnapshotJobInputs,
    lifecycle=snapshot_job,
    has_ended=_has_ended,
    review=review,
)
