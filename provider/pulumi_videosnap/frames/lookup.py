"""`frames.of`: the keys of a task's pictures, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pulumi

from pulumi_videosnap.alibaba.resource import SnapshotJob
from pulumi_videosnap.dynamic.resource import camel_keys, program_config
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.collect import Surroundings, every_frame, report_of
from pulumi_videosnap.kinds import kind_titled
from pulumi_videosnap.state import LIVE, RecordedResource, Stack
from pulumi_videosnap.storage.bucket import open_bucket
from pulumi_videosnap.volcengine.resource import SnapshotTask


def of(task: SnapshotTask | SnapshotJob) -> pulumi.Output[Sequence[str]]:
    """The keys of a task's pictures, oldest first, as an Output.

    Of a job they are the ones that it wrote. Of a live room's task the bucket is listed each time the program
    runs, with your own credentials: what was written while the task ran, below its `frame_prefix`.

    :raises CannotCheck: the pictures cannot be told from those of others, or the bucket cannot be listed.
    """
    if isinstance(task, SnapshotJob):
        return task.frames
    told = pulumi.Output.all(
        id=task.id,
        storage_config=task.storage_config,
        image_config=task.image_config,
        start_time=task.start_time,
        end_time=task.end_time,
        frame_prefix=task.frame_prefix,
    )
    return told.apply(_listed)


def _listed(told: Mapping[str, Any]) -> list[str]:
    recorded = RecordedResource("the task", kind_titled(LIVE), str(told["id"]), camel_keys(told))
    around = Surroundings(lambda place: open_bucket(place, config=program_config), datetime.now(timezone.utc))
    report = report_of(Stack("", (recorded,)), around)
    if problem := report.tasks[0].problem:
        raise CannotCheck(problem)
    there = [frame.stored for _, _, frame in every_frame(report) if frame.stored]
    return [stored.key for stored in sorted(there, key=lambda stored: (stored.modified, stored.key))]
