"""What one reading of a task means against its record: the verdict, the fields, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_videosnap.core.lifecycle import Gone, Present, ReadOutcome
from pulumi_videosnap.core.properties import Path, dotted, value_at
from pulumi_videosnap.core.schema import differences, facts
from pulumi_videosnap.drift import meaning
from pulumi_videosnap.drift.kinds import KINDS, Kind
from pulumi_videosnap.drift.model import Change, Finding, Verdict
from pulumi_videosnap.state import RecordedResource, holds_hidden, is_hidden

SECRET = "[secret]"  # noqa: S105 - what stands for one


def judged(task: RecordedResource, outcome: ReadOutcome) -> Finding:
    """The finding for a task that the service was asked about."""
    if isinstance(outcome, Gone):
        why = "the service knows no such task, and it would still know it"
        return finding(task, Verdict.MISSING, why, mend=meaning.mend_missing(task))
    if not isinstance(outcome, Present):
        return finding(task, Verdict.UNREADABLE, outcome.reason)
    kind = KINDS[task.kind]
    if value_at(outcome.inputs, kind.goal) != kind.reached:
        return _ended_otherwise(task, kind, outcome)
    over = kind.is_over(outcome.outputs)
    # The settings of a run that is over are history, and so is what was recorded of them.
    changes = () if over else tuple(_changes(task, kind, outcome))
    if changes:
        return finding(task, Verdict.CHANGED, "", changes, meaning.mend_changed(task, changes))
    if not over and (unknown := [dotted(path) for path in _compared(kind) if _is_closed(task, path)]):
        why = f"{', '.join(unknown)} of its record are secrets: export the stack with --show-secrets"
        return finding(task, Verdict.UNREADABLE, why)
    verdict = Verdict.COMPLETE if over else Verdict.IN_SYNC
    return finding(task, verdict, meaning.as_declared(task, outcome.outputs))


def _compared(kind: Kind) -> list[Path]:
    """The settings that are held against the service's."""
    paths = [leaf.path for leaf in facts(kind.inputs) if leaf.compared and leaf.path != kind.goal]
    return paths if kind.can_change else []


def _is_closed(task: RecordedResource, path: Path) -> bool:
    """Whether a recorded value is a secret that was not opened, lies in one, or has one in it."""
    blocks = (value_at(task.inputs, path[:depth]) for depth in range(1, len(path)))
    return any(map(is_hidden, blocks)) or holds_hidden(value_at(task.inputs, path))


def interrupted(task: RecordedResource) -> Finding:
    """The finding for a task that was ended to be replaced, and never made again."""
    why = "its replacement was broken off: it was ended, and no other was started"
    return finding(task, Verdict.MISSING, why, mend="`pulumi up` makes the other one")


def finding(
    task: RecordedResource, verdict: Verdict, why: str, changes: tuple[Change, ...] = (), mend: str = ""
) -> Finding:
    """A finding about a task."""
    return Finding(
        name=task.name,
        urn=task.urn,
        kind=task.kind,
        id=task.id,
        verdict=verdict,
        why=why,
        changes=changes,
        mend=mend,
    )


def _ended_otherwise(task: RecordedResource, kind: Kind, outcome: Present) -> Finding:
    actual = str(value_at(outcome.inputs, kind.goal))
    change = Change(
        field=dotted(kind.goal),
        recorded=kind.reached,
        actual=actual,
        meaning=meaning.of_end(task, outcome.outputs),
    )
    verdict = Verdict.FAILED if actual.startswith("failed") else Verdict.STOPPED
    return finding(task, verdict, "", (change,), meaning.mend_ended(task))


def _changes(task: RecordedResource, kind: Kind, outcome: Present) -> Iterator[Change]:
    compared = _compared(kind)
    for _, found in differences(kind.inputs, task.inputs, outcome.inputs):
        if found.path in compared and not _is_closed(task, found.path):
            yield Change(
                field=dotted(found.path),
                recorded=_shown(task, found.path, found.recorded),
                actual=_shown(task, found.path, found.actual),
                meaning=meaning.of_change(dotted(found.path), found.recorded, found.actual)
                if not _is_sealed(task, found.path)
                else "a secret value differs",
            )


def _shown(task: RecordedResource, path: Path, value: Any) -> Any:
    return SECRET if _is_sealed(task, path) or is_hidden(value) else value


def _is_sealed(task: RecordedResource, path: Path) -> bool:
    """Whether a value is a secret in state, lies in one, or holds one."""
    return any(path[: len(one)] == one or one[: len(path)] == path for one in task.sealed)
