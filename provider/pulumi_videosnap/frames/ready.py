"""The lifecycle of `FramesReady`: its create waits until a task's frames are in their bucket.

It creates and deletes nothing in the cloud. Once created it is not evaluated again, until what it waits for
changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Lifecycle,
    Present,
    ReadOutcome,
    Unreadable,
)
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
from pulumi_videosnap.errors import CannotCheck, TaskUnfinished
from pulumi_videosnap.frames.expected import EXTENSIONS
from pulumi_videosnap.frames.rules import RecordedFrames, RecordedSeries
from pulumi_videosnap.kinds import ResourceType, kinds
from pulumi_videosnap.storage.bucket import StoredObject, common_prefix, open_bucket
from pulumi_videosnap.storage.platforms import Location

PAUSE = 2.0
"""Seconds between two listings."""


class Run(Inputs):
    """The run of a task whose outputs have the keys of its frames, and what is needed to read it."""

    kind: Annotated[str, Effect.REPLACE] = Field(description="the kind of the task, such as `acme:Recorder`")
    id: Annotated[str, Effect.REPLACE] = Field(description="the id of the run")
    inputs: Annotated[dict[str, Any], Effect.IN_PLACE] = Field(description="inputs that name the run")


class FramesReadyInputs(Inputs):
    """What to wait for: frames written since a time, or all frames of a run."""

    platform: Annotated[str, Effect.REPLACE] = Field(description="storage platform, such as `tos`")
    bucket: Annotated[str, Effect.REPLACE] = Field(min_length=1, description="bucket of the frames")
    region: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="the platform's name of the region"
    )
    prefix: Annotated[str, Effect.REPLACE] = Field("", description="what the keys of the frames begin with")
    profile: Annotated[str | None, Effect.IN_PLACE] = Field(
        None, description="account to use, from the vendor's profile file"
    )
    since: Annotated[str | None, Effect.REPLACE] = Field(
        None, description="RFC 3339: older frames do not count"
    )
    keys: Annotated[list[str] | None, Effect.REPLACE] = Field(
        None, description="keys of the objects to wait for"
    )
    run: Run | None = None
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
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._context = context
        self._open = open_bucket
        self._monotonic = monotonic
        self._sleep = sleep or context.sleep

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete and validate the inputs."""
        ready, failures = validate(FramesReadyInputs, declared)
        return Checked(ready.properties() if ready else dict(declared), failures)

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Replace where something else is to be waited for."""
        if recorded.get("run") and inputs.get("keys") == recorded.get("frames"):
            return []  # the run has ended meanwhile, and these keys were waited for
        changed = differences(FramesReadyInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """Wait until the frames exist; TaskUnfinished after the timeout, CannotCheck when the run failed."""
        wanted = FramesReadyInputs.model_validate(inputs)
        find = self._find_frames_of_run if wanted.run else self._find_frames
        found = self._wait(wanted, find)
        newest = found[-1] if found else wanted.prefix
        return Created(f"{wanted.bucket}/{newest}", {**wanted.properties(), "frames": found})

    def read(self, _task_id: str, recorded: Properties) -> ReadOutcome:
        """What was recorded: whether the frames still exist is the question of `videosnap frames`."""
        return Present(inputs_of(FramesReadyInputs, recorded), recorded)

    def update(self, _task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """Record another timeout."""
        return merge_inputs(FramesReadyInputs, recorded, inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """Nothing was created that could be deleted."""

    def _wait(
        self, wanted: FramesReadyInputs, find: Callable[[FramesReadyInputs], list[str] | str]
    ) -> list[str]:
        """The keys, once `find` has all; until then it says how many there are."""
        started, timeout = self._monotonic(), self._context.timeout or wanted.timeout
        while isinstance(found := find(wanted), str):
            waited = self._monotonic() - started
            if waited >= timeout:
                raise TaskUnfinished(f"waiting for frames in {wanted.bucket}", f"at {found}", waited)
            self._context.progress(f"{found} after {waited:.0f} s")
            self._sleep(min(PAUSE, timeout - waited))
        return found

    def _find_frames(self, wanted: FramesReadyInputs) -> list[str] | str:
        """The recorded keys, or the oldest frames that were written since a time."""
        place = wanted.platform, wanted.bucket, wanted.region, wanted.prefix
        location = Location(*place, profile=wanted.profile)
        since = parse_rfc3339(wanted.since)
        listed = [one for one in self._open(location).list(wanted.prefix) if _counts(one, wanted, since)]
        found = [one.key for one in sorted(listed, key=lambda one: (one.modified, one.key))]
        count = len(wanted.keys or ()) or wanted.count
        return f"{len(found)} of {count} frames" if len(found) < count else found[:count]

    def _find_frames_of_run(self, wanted: FramesReadyInputs) -> list[str] | str:
        """All keys that a run has recorded at its end; those of its first series, if it has several."""
        assert wanted.run  # noqa: S101
        series = self._series_of(wanted.run)
        if series is None:
            return f"0 frames, since {wanted.run.id} has not ended"
        absent = [key for one in series for key in self._absent_keys(one)]
        count = sum(len(one.keys) for one in series)
        if absent:
            return f"{count - len(absent)} of {count} frames"
        return list(series[0].keys) if series else []

    def _series_of(self, run: Run) -> Sequence[RecordedSeries] | None:
        """What the run has written, as it is now; None until it has ended, CannotCheck when it has failed."""
        kind = next(kind for kind in kinds() if kind.token == run.kind)
        outcome = kind.lifecycle(self._context).read(run.id, run.inputs)
        if not isinstance(outcome, Present):
            reason = outcome.reason if isinstance(outcome, Unreadable) else "it does not exist any more"
            raise _no_frames(run, reason)
        if not kind.has_ended(outcome.outputs):
            return None
        try:
            expected = kind.frames.expected(outcome.outputs, self._context.config)
        except CannotCheck as problem:
            raise _no_frames(run, str(problem)) from None
        return expected.series if isinstance(expected, RecordedFrames) else ()

    def _absent_keys(self, series: RecordedSeries) -> list[str]:
        if series.location is None:
            raise CannotCheck(str(series.problem))
        listed = self._open(series.location).list(common_prefix(series.keys))
        return sorted(set(series.keys) - {stored.key for stored in listed})


def _no_frames(run: Run, reason: str) -> CannotCheck:
    return CannotCheck(
        f"waiting for the frames of {run.id}: {reason}; fix the cause and run `pulumi up --refresh`"
    )


def _counts(stored: StoredObject, wanted: FramesReadyInputs, since: datetime | None) -> bool:
    if wanted.keys:
        return stored.key in wanted.keys
    # A listing has the second in which an object was written.
    old = since is not None and stored.modified < since.replace(microsecond=0)
    return stored.key.lower().endswith(EXTENSIONS) and not old


def frames_ready(context: Context) -> FramesReadyLifecycle:
    """The lifecycle of one resource, with the buckets that the environment configures."""
    return FramesReadyLifecycle(context, partial(open_bucket, config=context.config))


TYPE = ResourceType(
    token="frames:FramesReady",  # noqa: S106 - no secret
    provider="pulumi_videosnap.frames.resource.FramesReadyProvider",
    inputs=FramesReadyInputs,
    lifecycle=frames_ready,
)
