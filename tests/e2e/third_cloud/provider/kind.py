"""The resource kind of `acme.Recorder`: what review, drift and frames ask of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from e2e.third_cloud.provider.api import KEYS
from e2e.third_cloud.provider.lifecycle import RUNNING, RecorderInputs, RecorderLifecycle, has_ended
from pulumi_videosnap.core.timestamps import parse_rfc3339
from pulumi_videosnap.drift.rules import DriftRules, explain_other_value
from pulumi_videosnap.frames.expected import Run, Schedule
from pulumi_videosnap.frames.rules import FrameRules, ScheduledFrames
from pulumi_videosnap.kinds import ResourceKind
from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome
from pulumi_videosnap.review.preview import Step, number_at
from pulumi_videosnap.review.rules import FrameForm, ReviewRules, StepEffect
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.state import RecordedResource
from pulumi_videosnap.storage.platforms import Location

Values = Mapping[str, Any]


def _nothing(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


class Review(ReviewRules):
    """What a planned step does."""

    continuous, price, credentials = True, "perThousandRecorderFrames", (KEYS,)
    shared_actions = frozenset[str]()
    assumptions = risks = staticmethod(_nothing)

    def effects(self, steps: Sequence[Step]) -> Callable[[Step], StepEffect]:
        return _effect

    def frames(self, inputs: Values) -> FrameEstimate:
        interval = number_at(inputs, "interval")
        return FrameEstimate(per_hour=3600 / interval if interval else None, streams=1)

    def recorded_frames(self, old: RecordedResource) -> FrameEstimate:
        return FrameEstimate(per_hour=0, streams=1) if has_ended(old.properties) else self.frames(old.inputs)

    def form(self, inputs: Values) -> FrameForm:
        return FrameForm("jpeg", 640 * 360)


def _effect(step: Step) -> StepEffect:
    start, update, stop = (Calls(action=f"{verb}Recorder", count=1) for verb in ("Start", "Update", "Stop"))
    if step.retained:
        return StepEffect(Outcome.FORGOTTEN, "no longer managed: it continues to run")
    if step.operation == "delete":
        return StepEffect(Outcome.STOPS, "stops: no more frames are taken", (stop,))
    if step.old is None or has_ended(step.old.properties):
        return StepEffect(Outcome.STARTS, "starts taking frames", (start,))
    if step.operation == "replace":
        return StepEffect(Outcome.RESTART, "stops, and another one starts", (stop, start))
    return StepEffect(Outcome.IN_PLACE, "the next frame has the new interval", (update,))


class Drift(DriftRules):
    """What another value means, and what brings a recorder back."""

    service = "Acme Cameras"
    desired_state_input = ("state",)
    desired_state = RUNNING
    can_change = True
    stored_fields = frozenset[str]()
    stored_objects = unmanaged = staticmethod(_nothing)

    def account(self, properties: Values) -> tuple[str, ...]:
        return ()

    def explain_change(self, field: str, recorded: Any, actual: Any) -> str:
        if field == "interval":
            return f"a frame every {actual} s instead of every {recorded} s"
        return explain_other_value(recorded, actual)

    def explain_end(self, outputs: Values) -> str:
        return f"no frames have been taken since {outputs['endTime']}"

    def describe(self, outputs: Values) -> str:
        return f"running since {outputs['startTime']}, a frame every {outputs['interval']} s"

    def remedy(self, verdict: Any, fields: Any) -> str:
        return "`pulumi up --refresh` brings it back"

    def state(self, outputs: Values) -> tuple[str, datetime | None]:
        return str(outputs["state"]), parse_rfc3339(outputs["startTime"])

    def scope(self, frames: bool) -> Iterator[str]:
        yield f"{self.service} cannot list recorders, so one that no stack records is not found."


class Frames(FrameRules):
    """Where the frames are, and when they are due."""

    keys_output, since_output = None, "start_time"
    location_outputs = ("bucket", "camera", "name")
    schedule_outputs = ("start_time", "end_time", "intervals")

    def location(self, properties: Values) -> Location:
        return Location("aws", properties["bucket"], prefix="{camera}/{name}/".format_map(properties))

    def expected(self, properties: Values, config: Lookup) -> ScheduledFrames:
        start, end = (parse_rfc3339(properties.get(name)) for name in ("startTime", "endTime"))
        assert start is not None
        changes = [(parse_rfc3339(one["since"]) or start, one["seconds"]) for one in properties["intervals"]]
        schedule = Schedule(tuple(changes), (Run(start, end),))
        return ScheduledFrames(self.location(properties), schedule, start, end)


KIND = ResourceKind(
    token="acme:Recorder",
    title="camera",
    provider="e2e.third_cloud.provider.resource.RecorderProvider",
    inputs=RecorderInputs,
    lifecycle=RecorderLifecycle,
    has_ended=has_ended,
    review=Review(),
    drift=Drift(),
    frames=Frames(),
)
