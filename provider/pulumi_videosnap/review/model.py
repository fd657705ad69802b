"""The values of a review: one entry for each task that a change touches."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import Field, computed_field

from pulumi_videosnap.report.base import ReportModel

HOURS_A_DAY = 24


class Action(str, Enum):
    """What the engine is going to do, in its own words."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Outcome(str, Enum):
    """What that does to the task and its frames."""

    STARTS = "starts"
    IN_PLACE = "in place, no gap"
    RECORDED = "recorded only"
    """No call to the cloud."""
    RESTART = "restart with a gap"
    STARTS_AGAIN = "starts again"
    """Its last run is over, so nothing is interrupted."""
    STOPS = "stops"
    GOES_ON = "goes on under another name"
    NEW_JOB = "new job"
    FORGOTTEN = "no longer managed"
    """Nothing can be stopped; the frames stay."""
    FRAMES_DELETED = "its pictures are deleted"
    """The value is part of the JSON contract; reports for people say frames."""
    REFUSED = "will be refused"
    """The engine will not do it, such as to a protected task."""


class FieldChange(ReportModel):
    """One field that changes; a secret's value is "[secret]", one that is not known yet "[unknown]"."""

    field: str = Field(description="as a program writes it, such as image_config.interval")
    before: Any = None
    after: Any = None
    replaces: bool = Field(False, description="whether this change needs a replacement")


class FrameEstimate(ReportModel):
    """How many frames a task takes, and how large they are."""

    per_hour: float | None = Field(
        None,
        description="of a continuous task: by all its listed streams, or by one stream where all are taken",
    )
    streams: int | None = Field(None, description="streams that are listed; null when every stream is taken")
    once: int | None = Field(None, description="of a job: frames and sheets that it writes")
    at_most: bool = Field(False, description="whether the video may be too short for so many")
    bytes_each: float | None = None
    size_from: str = Field("", description='what the size rests on: "measured over …", "assumed: …"')

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bytes_per_day(self) -> float | None:
        """What a continuous task stores in a day."""
        if self.per_hour is None or self.bytes_each is None:
            return None
        return self.per_hour * HOURS_A_DAY * self.bytes_each

    @computed_field  # type: ignore[prop-decorator]
    @property
    def bytes_once(self) -> float | None:
        """What a job stores."""
        return None if self.once is None or self.bytes_each is None else self.once * self.bytes_each


class Calls(ReportModel):
    """Calls of one action of a cloud's API."""

    action: str
    count: int
    at_least: bool = Field(False, description="whether there may be more, as while waiting for a job")


class Risk(ReportModel):
    """Something that a reviewer should look at before the change is approved."""

    code: str = Field(description="a stable name, such as interval-below-floor")
    task: str = Field("", description="the task's name in the program; empty when it concerns the stack")
    field: str = ""
    text: str


class TaskReview(ReportModel):
    """What a change does to one task."""

    name: str = Field(description="its name in the program")
    urn: str
    kind: str = Field(description="the title of its resource kind")
    continuous: bool = Field(
        description="whether it takes frames at a rate until it ends, rather than a number of them once"
    )
    action: Action
    outcome: Outcome
    effect: str = Field(description="the consequence in a sentence")
    gap_seconds: float | None = Field(
        None, description="the longest time between two frames over a restart, approximately"
    )
    fields: tuple[FieldChange, ...] = ()
    before: FrameEstimate | None = None
    after: FrameEstimate | None = None
    calls: tuple[Calls, ...] = ()
    cost_before: float | None = Field(None, description="a day, by the given prices; of a job: once")
    cost_after: float | None = None
    notes: tuple[str, ...] = ()


class Totals(ReportModel):
    """All live tasks of the stack together, changed or not; a room that takes every stream counts for one."""

    frames_per_hour_before: float = Field(alias="picturesPerHourBefore")
    frames_per_hour_after: float = Field(alias="picturesPerHourAfter")
    bytes_per_day_before: float
    bytes_per_day_after: float
    cost_per_day_before: float | None = None
    cost_per_day_after: float | None = None
    job_frames: int = Field(0, alias="jobPictures", description="frames and sheets that new jobs write, once")
    calls: tuple[Calls, ...] = ()


class Review(ReportModel):
    """What a change to a stack does."""

    stack: str
    at: datetime
    tasks: tuple[TaskReview, ...] = Field(description="those that change, by name")
    unchanged: int = Field(description="tasks that stay as they are")
    unlisted: int = Field(
        0,
        description="resources that the preview counts as unchanged and does not list; there may be tasks "
        "among them",
    )
    left_out: tuple[str, ...] = Field(
        (),
        description="names of resources that the preview leaves out, by --target or --exclude",
    )
    risks: tuple[Risk, ...] = ()
    warnings: tuple[Risk, ...] = Field(
        (), description="what the check of a task warns of, changed or not; --strict does not count them"
    )
    totals: Totals
    currency: str = Field("", description="of the costs; empty without prices")
    assumptions: tuple[str, ...] = Field((), description="sentences that say what the figures rest on")
    problem: str | None = Field(
        None, description="set when the preview failed, so that what it lists may not be all"
    )
