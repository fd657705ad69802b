"""The inputs of a pipeline: every field with its range, default and effect.

Sources: AddPipeline, UpdatePipeline, and the queue and topic rules of the parameter details (参数详情).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pulumi_videosnap.alibaba.enums import PipelineSpeed, PipelineState
from pulumi_videosnap.alibaba.schema import HAN, Location, Profile
from pulumi_videosnap.core.properties import Unknown
from pulumi_videosnap.core.schema import (
    Effect,
    Inputs,
    Mark,
    WholeNumber,
    one_of,
    rule,
    text,
    text_without,
    words_in,
)

ACTIVE, PAUSED = words_in(PipelineState)
STANDARD = PipelineSpeed.STANDARD.value
SPEEDS = ("Standard", "Boost", "NarrowBandHDV2", "AIVideoCover", "AIVideoTag")
"""What a request may ask for; in a program in any case."""
DEFAULT_ROLE = "AliyunMTSDefaultRole"
PRESENT = "present"
"""The `presence` that every declared object should have."""
LONGEST_NAME = 128
"""Bytes of a pipeline's name."""

PipelineId = Annotated[str, text(r"[0-9a-f]{32}", "32 digits or letters from a to f")]
Role = Annotated[
    str, text(r"[A-Za-z0-9._-]{1,64}", "the name of a RAM role, not its ARN: letters, digits, hyphens, dots")
]
_Queue = Annotated[str, text(r"[A-Za-z][-A-Za-z0-9]*", "a letter, then letters, digits or hyphens")]
_Topic = Annotated[
    str, text(r"[A-Za-z0-9][-A-Za-z0-9]*", "a letter or a digit, then letters, digits or hyphens")
]


def longest(size: int) -> object:
    """A text of at most so many bytes in UTF-8."""
    fault = f"must be at most {size} bytes long"
    return text_without(lambda value: fault if len(value.encode("utf-8", "replace")) > size else None)


_Name = Annotated[
    str,
    text(
        rf"[A-Za-z0-9{HAN}][-A-Za-z0-9{HAN}]*",
        "Chinese or English letters, digits and hyphens, with no hyphen first",
    ),
    longest(LONGEST_NAME),
]


class Notification(Inputs):
    """Where messages go: a queue or a topic of MNS, which must exist in the same region."""

    queue_name: Annotated[_Queue | None, Effect.IN_PLACE] = Field(None, description="queue for the messages")
    topic: Annotated[_Topic | None, Effect.IN_PLACE] = Field(None, description="topic, instead of a queue")

    @model_validator(mode="after")
    def _either(self) -> Notification:
        if (self.queue_name is None) == (self.topic is None):
            raise rule((), "must have either queue_name or topic")
        return self


class PipelineInputs(Inputs):
    """All inputs of one pipeline."""

    location: Annotated[Location, Effect.REPLACE] = Field(description="OSS location; it names the region")
    name: Annotated[_Name | None, Effect.IN_PLACE] = Field(
        None, description="unique in a program; defaults to `<project>-<stack>-<name>`"
    )
    state: Annotated[str | None, one_of(PipelineState), Effect.IN_PLACE] = Field(
        None, description="whether its jobs run, or wait; defaults to `active`"
    )
    notification: Notification | None = None
    role: Annotated[Role | None, Effect.IN_PLACE] = Field(
        None, description=f"role that MPS works with; defaults to `{DEFAULT_ROLE}`"
    )
    speed: Annotated[str | None, one_of(PipelineSpeed), Effect.REPLACE] = Field(
        None, description="kind of jobs; snapshots need `standard`; defaults to `standard`"
    )
    speed_level: Annotated[WholeNumber | None, Effect.REPLACE] = Field(
        None, ge=1, le=3, description="level of the speed; its meaning is not documented"
    )
    adopt: Annotated[PipelineId | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="id of a pipeline to adopt: what is not declared stays, and it is never deleted"
    )
    profile: Annotated[Profile | None, Effect.REPLACE, Mark.NOT_RETURNED] = Field(
        None, description="account to use, from the vendor's profile file"
    )
    presence: Annotated[str, Effect.IN_PLACE] = Field(
        PRESENT, description="set by the provider: whether it should exist"
    )

    @property
    def is_adopted(self) -> bool:
        """Whether it was there before, and stays when the resource goes."""
        return self.adopt is not None and not isinstance(self.adopt, Unknown)
