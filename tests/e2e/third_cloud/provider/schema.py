"""The inputs of a recorder: every field with its range, default and effect."""

from typing import Annotated

from pydantic import Field

from pulumi_videosnap.core.schema import Effect, Inputs, Unit, WholeNumber, text

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
