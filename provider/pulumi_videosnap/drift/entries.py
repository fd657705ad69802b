"""What is read of the runs that a folder keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, NonNegativeInt
from pydantic.alias_generators import to_camel

from pulumi_videosnap.drift.model import DRIFTED, Verdict
from pulumi_videosnap.report.formatting import utc


class _StackName(BaseModel):
    stack: str


class Entry(BaseModel):
    """One run as the index tells it: what is read of its JSON, and the name of its page."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore")

    at: Annotated[datetime, AfterValidator(utc)]
    counts: dict[str, NonNegativeInt]
    complete: bool
    stacks: tuple[_StackName, ...] = ()
    unmanaged: tuple[Any, ...] = ()
    page: str = ""

    @property
    def tasks(self) -> int:
        """How many tasks were recorded."""
        return sum(self.counts.values())

    @property
    def drifted(self) -> int:
        """How many of them were not as recorded."""
        return sum(self.counts.get(verdict.value, 0) for verdict in DRIFTED)

    @property
    def unreadable(self) -> int:
        """Of how many nothing is known."""
        return self.counts.get(Verdict.UNREADABLE.value, 0)


class Kept(BaseModel):
    """What lies in the folder: runs, the newest first; files that could not be read, and why; older runs."""

    entries: tuple[Entry, ...]
    unread: tuple[tuple[str, str], ...]
    older: int
