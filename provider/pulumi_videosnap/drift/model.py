"""What a drift run finds: one finding for each recorded task, and what else the clouds list. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import Field, computed_field

from pulumi_videosnap.report.base import ReportModel

NO_DRIFT, DRIFT, UNCHECKED = 0, 1, 2
"""Exit codes: all as recorded; something drifted; something could not be checked, whatever else is known."""


class Verdict(str, Enum):
    """What became of one recorded task."""

    IN_SYNC = "in sync"
    COMPLETE = "complete"
    """It ended as it was declared to."""
    CHANGED = "changed"
    """It is there with other settings, or without the pictures that it took."""
    STOPPED = "stopped"
    """It ended, and was not to."""
    FAILED = "failed"
    MISSING = "missing"
    """The service says that there is no such task."""
    UNREADABLE = "cannot be read"
    """Nothing may be said of it."""


DRIFTED = (Verdict.CHANGED, Verdict.STOPPED, Verdict.FAILED, Verdict.MISSING)


class Change(ReportModel):
    """One field on which the cloud and the record disagree."""

    field: str = Field(description="as a program writes it, such as image_config.interval")
    recorded: Any
    actual: Any
    meaning: str = Field(description="what that does to the pictures, in one sentence")


class Finding(ReportModel):
    """What became of one task that a stack records."""

    name: str = Field(description="its name in the program")
    urn: str
    kind: str = Field(description='"live room" or "video file"')
    id: str
    verdict: Verdict
    why: str = Field(
        "", description="what the verdict rests on; for a task that cannot be read, why that is so"
    )
    changes: tuple[Change, ...] = ()
    mend: str = Field("", description="what brings it back; empty where nothing drifted")

    @property
    def drifted(self) -> bool:
        """Whether it is not as recorded."""
        return self.verdict in DRIFTED


class Unmanaged(ReportModel):
    """A job that a service lists, or a room's task that runs, and that no checked stack records."""

    id: str
    where: str = Field(description="the service that has it, and its region")
    state: str
    created: datetime | None
    note: str = ""


class StackDrift(ReportModel):
    """The findings of one stack; `problem` is set when the stack itself could not be looked at."""

    stack: str
    written: datetime | None = Field(None, description="when its state was last written, where it says so")
    findings: tuple[Finding, ...] = ()
    problem: str | None = None

    def drifted(self) -> tuple[Finding, ...]:
        """The findings that are drift."""
        return tuple(finding for finding in self.findings if finding.drifted)


class DriftReport(ReportModel):
    """One run over any number of stacks."""

    at: datetime = Field(description="when the check began (UTC)")
    seconds: float = Field(description="how long it took")
    stacks: tuple[StackDrift, ...]
    unmanaged: tuple[Unmanaged, ...] = ()
    scope: tuple[str, ...] = Field(
        (), description="sentences that say what was looked at, and what cannot be seen"
    )

    def findings(self) -> Iterator[Finding]:
        """All findings of all stacks."""
        for stack in self.stacks:
            yield from stack.findings

    @computed_field  # type: ignore[prop-decorator]
    @property
    def counts(self) -> dict[str, int]:
        """How many tasks there are of each verdict, every verdict named."""
        found = Counter(finding.verdict for finding in self.findings())
        return {verdict.value: found[verdict] for verdict in Verdict}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def complete(self) -> bool:
        """Whether every task of every stack could be checked."""
        return not any(stack.problem for stack in self.stacks) and not self.counts[Verdict.UNREADABLE.value]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        """What the command exits with; what could not be checked outweighs what is known."""
        if not self.complete:
            return UNCHECKED
        return DRIFT if any(finding.drifted for finding in self.findings()) else NO_DRIFT
