"""The drift report: one finding for each recorded task, and what else the clouds list. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import Field, computed_field

from pulumi_videosnap.report.base import ExitCode, ReportModel
from pulumi_videosnap.state import RecordedResource


class Verdict(str, Enum):
    """What one reading of a recorded task means."""

    IN_SYNC = "in sync"
    COMPLETE = "complete"
    """It ended as it was declared to."""
    CHANGED = "changed"
    """It is there with other settings, or without the frames that it took."""
    STOPPED = "stopped"
    """It ended, and should run."""
    FAILED = "failed"
    MISSING = "missing"
    """The service says that there is no such task."""
    UNREADABLE = "cannot be read"
    """Nothing is known of it."""


DRIFTED = (Verdict.CHANGED, Verdict.STOPPED, Verdict.FAILED, Verdict.MISSING)


class Change(ReportModel):
    """One field on which the cloud and the record disagree."""

    field: str = Field(description="as a program writes it, such as image_config.interval")
    recorded: Any
    actual: Any
    meaning: str = Field(description="what that does to the frames, in one sentence")


class Finding(ReportModel):
    """The verdict on one task that a stack records, and what it rests on."""

    name: str = Field(description="its name in the program")
    urn: str
    kind: str = Field(description="the title of its kind")
    id: str
    verdict: Verdict
    why: str = Field(
        "", description="what the verdict rests on; for a task that cannot be read, why that is so"
    )
    changes: tuple[Change, ...] = ()
    ignored: tuple[Change, ...] = Field(
        (), description="what differs too, and is no drift: the engine ignores it (ignore_changes)"
    )
    remedy: str = Field("", alias="mend", description="what brings it back; empty where nothing drifted")

    @classmethod
    def of(
        cls,
        task: RecordedResource,
        verdict: Verdict,
        why: str = "",
        changes: tuple[Change, ...] = (),
        remedy: str = "",
    ) -> Finding:
        """The finding about a recorded task."""
        return cls(
            name=task.name,
            urn=task.urn,
            kind=task.kind.title,
            id=task.shown_id,
            verdict=verdict,
            why=task.hide(why),
            changes=tuple(_without_secrets(change, task) for change in changes),
            remedy=remedy,
        )

    @property
    def drifted(self) -> bool:
        """Whether it is not as recorded."""
        return self.verdict in DRIFTED


def _without_secrets(change: Change, task: RecordedResource) -> Change:
    return change.model_copy(update={name: task.hide(value) for name, value in change if name != "field"})


class Unmanaged(ReportModel):
    """Something that runs, or that a service lists, and that no checked stack records."""

    id: str
    where: str = Field(description="the service that has it, and its region")
    state: str
    created: datetime | None
    note: str = ""


class FailedRuns(ReportModel):
    """What a recorded resource did that failed, such as with an upload: no drift, and no `up` repeats it."""

    name: str = Field(description="the resource's name in the program")
    urn: str
    stack: str
    failed: int = Field(description="how many runs failed")
    runs: int = Field(description="how many runs there were")
    since: datetime | None = Field(
        None, description="when state was written; null: as far back as the service lists runs"
    )
    latest: tuple[str, ...] = Field((), description="a sentence on each of the latest: what failed, and why")


class StackDrift(ReportModel):
    """The findings of one stack; `problem` is set when the stack itself could not be checked."""

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
    failed_runs: tuple[FailedRuns, ...] = ()
    scope: tuple[str, ...] = Field((), description="sentences on what was checked, and what cannot be found")

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
            return ExitCode.FAILED
        drifted = any(finding.drifted for finding in self.findings())
        return ExitCode.FINDING if drifted else ExitCode.AS_EXPECTED
