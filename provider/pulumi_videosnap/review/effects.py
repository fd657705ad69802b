"""What a change does to a task, whatever its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_videosnap.review.model import Calls, Outcome
from pulumi_videosnap.review.preview import Step


@dataclass(frozen=True)
class Effect:
    """What becomes of a task: in a word, in a sentence, and in calls of the cloud's API.

    `gap` is the longest time between two pictures over a restart, in seconds: about that.
    """

    outcome: Outcome
    text: str
    calls: tuple[Calls, ...] = ()
    gap: float | None = None
    notes: tuple[str, ...] = ()
    compared: Step | None = None
    """The step whose fields are compared, where the task was another resource's before."""


def added(calls: Iterable[Calls], shared: frozenset[str] = frozenset()) -> tuple[Calls, ...]:
    """Calls with one entry for each action; one call of a shared action may do for many tasks."""
    return tuple(_added(list(calls), shared))


def _added(calls: list[Calls], shared: frozenset[str]) -> Iterator[Calls]:
    for action in dict.fromkeys(call.action for call in calls):
        same = [call for call in calls if call.action == action]
        counts = [call.count for call in same]
        yield Calls(
            action=action,
            count=max(counts) if action in shared else sum(counts),
            at_least=any(call.at_least for call in same),
        )
