"""The resource kind of `alibaba.Pipeline`: what review, drift and frames ask of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pulumi_videosnap.alibaba.auth import KEYS
from pulumi_videosnap.alibaba.frames import OSS
from pulumi_videosnap.alibaba.named import has_ended
from pulumi_videosnap.alibaba.pipeline.data_sources import get_pipeline, list_pipelines, search_pipelines
from pulumi_videosnap.alibaba.pipeline.lifecycle import TOKEN, pipeline_lifecycle
from pulumi_videosnap.alibaba.pipeline.schema import PAUSED, PRESENT, PipelineInputs
from pulumi_videosnap.core.properties import Path, dotted
from pulumi_videosnap.drift.model import Unmanaged, Verdict
from pulumi_videosnap.drift.rules import DriftRules, StoredObjects, explain_other_value
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.rules import FrameRules, RecordedFrames
from pulumi_videosnap.kinds import ResourceKind
from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome, Risk, TaskReview
from pulumi_videosnap.review.preview import Step, text_at
from pulumi_videosnap.review.rules import FrameForm, Limits, ReviewRules, StepEffect, sum_calls
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.state import RecordedResource, Stack
from pulumi_videosnap.storage.platforms import Location

Values = Mapping[str, Any]
QUERY = Calls(action="QueryPipelineList", count=1, at_least=True)
SEARCH = Calls(action="SearchPipeline", count=1, at_least=True)
_UNCHANGED = {("adopt",), ("presence",)}


def _call(action: str) -> Calls:
    return Calls(action=action, count=1)


class Review(ReviewRules):
    """What a planned step does to a pipeline, and to the jobs that wait in it."""

    continuous = False
    price = "perThousandJobPictures"
    shared_actions = frozenset[str]()
    credentials = (KEYS,)

    def effects(self, steps: Sequence[Step]) -> Callable[[Step], StepEffect]:  # noqa: ARG002, D102
        return _effect

    def frames(self, inputs: Values) -> FrameEstimate | None:  # noqa: ARG002, D102
        return None

    def recorded_frames(self, old: RecordedResource) -> FrameEstimate | None:  # noqa: ARG002, D102
        return None

    def form(self, inputs: Values) -> FrameForm:  # noqa: ARG002, D102
        return FrameForm("jpeg", 0)

    def assumptions(self, tasks: Sequence[TaskReview]) -> Iterator[str]:  # noqa: ARG002, D102
        yield from ()

    def risks(self, steps: Sequence[Step], limits: Limits) -> Iterator[Risk]:  # noqa: ARG002, D102
        yield from ()


def _effect(step: Step) -> StepEffect:
    if step.operation == "delete":
        return _delete(step)
    if step.operation == "create":
        return _create(step)
    if step.operation == "replace":
        ended, made = _delete(step), _create(step)
        text = f"another pipeline: {made.text}; jobs in the old one do not move"
        return StepEffect(Outcome.RESTART, text, sum_calls((*ended.calls, *made.calls)))
    return _update(step)


def _create(step: Step) -> StepEffect:
    if adopted := text_at(step.inputs, "adopt"):
        text = f"adopts pipeline {adopted}; what is declared otherwise is changed, and it is never deleted"
        return StepEffect(Outcome.STARTS, text, (QUERY,))
    calls = (SEARCH, _call("AddPipeline"), QUERY)
    if text_at(step.inputs, "state") == PAUSED:
        return StepEffect(
            Outcome.STARTS, "a new pipeline, in which jobs wait", (*calls, _call("UpdatePipeline"))
        )
    return StepEffect(Outcome.STARTS, "a new pipeline", calls)


def _delete(step: Step) -> StepEffect:
    if step.retained or (step.old and text_at(step.old.inputs, "adopt")):
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: the pipeline stays as it is")
    text = "the pipeline is deleted; what becomes of its jobs is not documented"
    return StepEffect(Outcome.STOPS, text, (_call("DeletePipeline"),))


def _update(step: Step) -> StepEffect:
    changed = {leaf.path for leaf in step.changed_fields()} - _UNCHANGED
    if not changed:
        return StepEffect(Outcome.RECORDED, "only the record changes", (QUERY,))
    text = f"{', '.join(sorted(map(dotted, changed)))} is changed"
    if ("state",) in changed:
        paused = text_at(step.inputs, "state") == PAUSED
        text += "; jobs in it wait, and workflows may fail" if paused else "; its jobs run again"
    return StepEffect(Outcome.IN_PLACE, text, (QUERY, _call("UpdatePipeline")))


class Drift(DriftRules):
    """What another value of a field means, and what brings a pipeline back."""

    service = "MPS"
    desired_state_input: Path = ("presence",)
    desired_state = PRESENT
    can_change = True
    stored_fields = frozenset[str]()

    def account(self, properties: Values) -> tuple[str, ...]:  # noqa: D102
        return str(properties.get("profile")), str(properties.get("location"))

    def explain_change(self, field: str, recorded: Any, actual: Any) -> str:  # noqa: D102
        if field == "state":
            return "jobs in it wait" if actual == PAUSED else "jobs in it run"
        if field.startswith("notification"):
            return f"messages go to {actual or 'nobody'} instead of {recorded or 'nobody'}"
        return explain_other_value(recorded, actual)

    def explain_end(self, outputs: Values) -> str:  # noqa: ARG002
        """Never needed: a pipeline does not end."""
        return "it ended"

    def describe(self, outputs: Values) -> str:  # noqa: D102
        return str(outputs.get("state") or "active")

    def remedy(self, verdict: Verdict, fields: Collection[str]) -> str:  # noqa: ARG002, D102
        step = "adds it again" if verdict is Verdict.MISSING else "sets it back"
        return f"`pulumi up --refresh` {step}"

    def stored_objects(  # noqa: D102
        self,
        recorded: RecordedResource,  # noqa: ARG002
        outputs: Values,  # noqa: ARG002
    ) -> Iterator[StoredObjects]:
        yield from ()

    def state(self, outputs: Values) -> tuple[str, datetime | None]:  # noqa: D102
        return self.describe(outputs), None

    def unmanaged(self, recorded: Sequence[tuple[RecordedResource, Stack]]) -> Iterator[Unmanaged | str]:  # noqa: ARG002
        """An account has pipelines of its own, so one that no stack records is not remarkable."""
        yield from ()

    def scope(self, frames: bool) -> Iterator[str]:  # noqa: ARG002, D102
        yield from ()


class Frames(FrameRules):
    """A pipeline has no frames of its own."""

    keys_output = None
    run_inputs: tuple[str, ...] = ()
    since_output = None
    location_outputs: tuple[str, ...] = ()
    schedule_outputs: tuple[str, ...] = ()

    def location(self, properties: Values) -> Location:  # noqa: ARG002, D102
        raise CannotCheck(f"a pipeline writes nothing to {OSS.title}; name the job or the workflow")

    def expected(self, properties: Values, config: Lookup) -> RecordedFrames:  # noqa: ARG002, D102
        return RecordedFrames((), ("a pipeline has no frames of its own",))


KIND = ResourceKind(
    token=TOKEN,
    title="pipeline",
    provider="pulumi_videosnap.alibaba.pipeline.resource.PipelineProvider",
    inputs=PipelineInputs,
    lifecycle=pipeline_lifecycle,
    lookups=(get_pipeline, search_pipelines),
    search=list_pipelines,
    has_ended=has_ended,
    review=Review(),
    drift=Drift(),
    frames=Frames(),
)
