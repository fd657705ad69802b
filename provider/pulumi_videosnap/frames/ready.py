"""The lifecycle of a gate: it is open once so many pictures are there, and a program can wait for that.

A gate makes nothing and deletes nothing. Once open it stays open, until what it waits for changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Protocol

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
from pulumi_videosnap.frames.ownership import PICTURES
from pulumi_videosnap.storage.bucket import StoredObject
from pulumi_videosnap.storage.platforms import Location

PAUSE = 2.0
"""Seconds between two looks."""


class FramesReadyInputs(Inputs):
    """What a gate waits for: pictures written since a moment, or objects with these very keys."""

    platform: Annotated[str, Effect.REPLACE] = Field(description="storage platform, such as `tos`")
    bucket: Annotated[str, Effect.REPLACE] = Field(min_length=1, description="bucket of the pictures")
    region: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="the platform's name of the region"
    )
    prefix: Annotated[str, Effect.REPLACE] = Field("", description="what the pictures' keys begin with")
    since: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="RFC 3339: older pictures do not count"
    )
    keys: Annotated[list[str] | None, Effect.REPLACE] = Field(
        None, description="the very objects to wait for"
    )
    count: Annotated[WholeNumber, Effect.REPLACE, Unit("pictures")] = Field(
        1, ge=1, le=1_000_000, description="how many must be there"
    )
    timeout: Annotated[WholeNumber, Effect.IN_PLACE, Unit("seconds")] = Field(
        300, ge=1, le=86400, description="how long to wait for them"
    )


class Bucket(Protocol):
    """What a gate needs of a store."""

    def list(self, prefix: str | None = None) -> Iterable[StoredObject]: ...  # noqa: D102


class FramesReadyLifecycle(Lifecycle):
    """Drives one gate; `open_bucket` opens the store of a place with the reader's own credentials."""

    def __init__(
        self,
        context: Context,
        open_bucket: Callable[[Location], Bucket],
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
        gate, failures = validate(FramesReadyInputs, declared)
        return Checked(gate.properties() if gate else dict(declared), failures)

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Another thing to wait for is another gate."""
        changed = differences(FramesReadyInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """Wait until the pictures are there; TaskUnfinished when they are not in time."""
        gate = FramesReadyInputs.model_validate(inputs)
        place = Location(gate.platform, gate.bucket, gate.region, gate.prefix)
        found = self._wait(gate, self._open(place))
        return Created(f"{gate.bucket}/{found[-1]}", {**gate.properties(), "frames": found})

    def read(self, _task_id: str, recorded: Properties) -> ReadOutcome:
        """A gate that was passed stays open; what became of the pictures is `videosnap frames`' to say."""
        return Present(inputs_of(FramesReadyInputs, recorded), recorded)

    def update(self, _task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """Only the patience changed."""
        return merge_inputs(FramesReadyInputs, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """A gate leaves nothing behind."""

    def _wait(self, gate: FramesReadyInputs, bucket: Bucket) -> list[str]:
        began = self._monotonic()
        while True:
            found = _found(gate, bucket)
            wanted = len(gate.keys) if gate.keys else gate.count
            if len(found) >= wanted:
                return found[:wanted]
            waited = self._monotonic() - began
            if waited >= gate.timeout:
                raise TaskUnfinished(
                    f"waiting for {wanted} pictures in {gate.bucket}", f"at {len(found)}", waited
                )
            self._context.progress(f"{len(found)} of {wanted} pictures after {waited:.0f} s")
            self._sleep(min(PAUSE, gate.timeout - waited))


def _found(gate: FramesReadyInputs, bucket: Bucket) -> list[str]:
    """The keys of the pictures that count, oldest first."""
    since = parse_rfc3339(gate.since)
    listed = [stored for stored in bucket.list(gate.prefix) if _counts(stored, gate, since)]
    return [stored.key for stored in sorted(listed, key=lambda stored: (stored.modified, stored.key))]


def _counts(stored: StoredObject, gate: FramesReadyInputs, since: datetime | None) -> bool:
    if gate.keys:
        return stored.key in gate.keys
    # Stores tell the second in which an object was written.
    old = since is not None and stored.modified < since.replace(microsecond=0)
    return stored.key.lower().endswith(PICTURES) and not old
