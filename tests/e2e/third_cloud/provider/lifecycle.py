"""The inputs and the lifecycle of a recorder. Its name precedes the call, so a repeated create finds it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field

from e2e.third_cloud.provider.api import connect
from pulumi_videosnap.core.lifecycle import (
    Checked,
    Context,
    Created,
    Failure,
    Gone,
    Lifecycle,
    Present,
    ReadOutcome,
)
from pulumi_videosnap.core.properties import Path, Properties
from pulumi_videosnap.core.schema import Effect, Inputs, Unit, WholeNumber, differences, inputs_of, text
from pulumi_videosnap.core.validation import validate
from pulumi_videosnap.errors import NotFound

RUNNING = "running"
Name = Annotated[str, text(r"[A-Za-z0-9.\-]{1,100}", "1 to 100 letters, digits, dots or hyphens")]


class RecorderInputs(Inputs):
    """All inputs of one recorder; the provider sets `state`, the state that the recorder should have."""

    name: Annotated[Name, Effect.REPLACE] = Field(description="its id: `<project>.<stack>.<name>`")
    camera: Annotated[Name, Effect.REPLACE] = Field(description="the camera whose frames are taken")
    bucket: Annotated[Name, Effect.REPLACE] = Field("frames", description="S3 bucket for the frames")
    interval: Annotated[WholeNumber, Effect.IN_PLACE, Unit("seconds")] = Field(
        10, ge=1, le=3600, description="time between two frames"
    )
    state: Annotated[str, Effect.IN_PLACE] = RUNNING


class RecorderLifecycle(Lifecycle):
    """Drives one recorder; all that the service returns is recorded."""

    def __init__(self, context: Context) -> None:
        self._call, self._context = connect(context.config).call, context

    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete the inputs with defaults and validate them."""
        recorder, failures = validate(RecorderInputs, declared)
        if recorder and (other := self._context.other_declaring(recorder.name)):
            failures = [Failure(("name",), f"is declared by {other} too")]
        return Checked(recorder.properties() if recorder else dict(declared), failures)

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """Every field but the interval needs another recorder."""
        changed = differences(RecorderInputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def create(self, inputs: Properties) -> Created:
        """StartRecorder; one that runs already with these settings is adopted."""
        return Created(inputs["name"], self._start(inputs))

    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """GetRecorder; a recorder that the service does not know is gone."""
        try:
            outputs = self._call("GetRecorder", name=task_id)
        except NotFound:
            return Gone()
        return Present(inputs_of(RecorderInputs, outputs), outputs)

    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """UpdateRecorder for the interval; one that has stopped is started again."""
        if not has_ended(recorded):
            with suppress(NotFound):  # it stopped since
                return self._call("UpdateRecorder", name=task_id, interval=int(inputs["interval"]))
        return self._start(inputs)

    def delete(self, task_id: str, recorded: Properties) -> None:
        """StopRecorder, unless the recorder stays as another resource's."""
        if not self._context.holder(task_id):
            with suppress(NotFound):
                self._call("StopRecorder", name=task_id)

    def _start(self, inputs: Properties) -> Properties:
        recorder = RecorderInputs.model_validate(inputs)
        started = self._call("StartRecorder", **recorder.model_dump(exclude={"state"}))
        self._context.runs.mark_created(recorder.name)
        return started


def has_ended(outputs: Mapping[str, Any]) -> bool:
    """Whether the recorder has stopped."""
    return outputs.get("state") != RUNNING
