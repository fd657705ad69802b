"""The lifecycle of `FramesReady`: its create waits until a bucket has a number of frames.

It creates and deletes nothing in the cloud. Once created it is not evaluated again, until what it waits for
changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from pulumi_videosnap.core.lifecycle import Checked, Context, Created, Lifecycle, Present, ReadOutcome
from pulumi_videosnap.core.properties import Path, Properties
from pulumi_videosnap.core.schema import (
    Effect,
    Inputs,
    Unit,
    WholeNumber,
    differences,
    inputs_of,
    merge_inputs,
)
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import TaskUnfinished
from pulumi_videosnap.frames.expected import EXTENSIONS
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location

PAUSE = 2.0
"""Seconds between two listings."""


class FramesReadyInputs(Inputs):
    """What to wait for: frames written since a time, or the objects with these keys."""

    platform: Annotated[str, Effect.REPLACE] = Field(description="storage platform, such as `tos`")
    bucket: Annotated[str, Effect.REPLACE] = Field(min_length=1, description="bucket of the frames")
    region: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="the platform's name of the region"
    )
    prefix: Annotated[str, Effect.REPLACE] = Field("", description="what the keys of the frames begin with")
    since: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="RFC 3339: older frames do not count"
    )
    keys: Annotated[list[str] | None, Effect.REPLACE] = Field(
        None, description="keys of the objects to wait for"
    )
    count: Annotated[WholeNumber, Effect.REPLACE, Unit("frames")] = Field(
        1, ge=1, le=1_000_000, description="how many must exist"
    )
    timeout: Annotated[WholeNumber, Effect.IN_PLACE, Unit("seconds")] = Field(
        300, ge=1, le=86400, description="how long to wait for them"
    )


class FramesReadyLifecycle(Lifecycle):
    """Drives one resource; `open_bucket` opens a bucket with the reader's own credentials."""

    def __init__(
        self,
        context: Context,
        open_bucket: Callable[[Location], Any],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._context = context
        self._open = open_bucket
        self._monotonic = monotonic
        self._sleep = sleep

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs."""
        ready, failures = validate(FramesReadyInputs, declared)
        return Checked(ready.properties() if ready else dict(declared), failures)

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Replace where something else is to be waited for."""
        changed = differences(FramesReadyInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """Wait until the frames exist; TaskUnfinished when they do not in time."""
        wanted = FramesReadyInputs.model_validate(inputs)
        location = Location(wanted.platform, wanted.bucket, wanted.region, wanted.prefix)
        found = self._wait(wanted, self._open(location))
        return Created(f"{wanted.bucket}/{found[-1]}", {**wanted.properties(), "frames": found})

    def read(self, _task_id: str, recorded: Properties) -> ReadOutcome:
        """What was recorded: whether the frames still exist is the question of `videosnap frames`."""
        return Present(inputs_of(FramesReadyInputs, recorded), recorded)

    def update(self, _task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """Record another timeout."""
        return merge_inputs(FramesReadyInputs, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """Nothing was created that could be deleted."""

    def _wait(self, wanted: FramesReadyInputs, bucket: Any) -> list[str]:
        started, timeout = self._monotonic(), self._context.timeout or wanted.timeout
        count = len(wanted.keys) if wanted.keys else wanted.count
        while len(found := _list_keys(wanted, bucket)) < count:
            waited = self._monotonic() - started
            if waited >= timeout:
                raise TaskUnfinished(
                    f"waiting for {count} frames in {wanted.bucket}", f"at {len(found)}", waited
                )
            self._context.progress(f"{len(found)} of {count} frames after {waited:.0f} s")
            self._sleep(min(PAUSE, timeout - waited))
        return found[:count]


def _list_keys(wanted: FramesReadyInputs, bucket: Any) -> list[str]:
    """The keys of the frames that count, oldest first."""
    since = parse_rfc3339(wanted.since)
    listed = [stored for stored in bucket.list(wanted.prefix) if _counts(stored, wanted, since)]
    return [stored.key for stored in sorted(listed, key=lambda stored: (stored.modified, stored.key))]


def _counts(stored: StoredObject, wanted: FramesReadyInputs, since: datetime | None) -> bool:
    if wanted.keys:
        return stored.key in wanted.keys
    # A listing has the second in which an object was written.
    old = since is not None and stored.modified < since.replace(microsecond=0)
    return stored.key.lower().endswith(EXTENSIONS) and not old
