"""What `videosnap review` asks of a resource kind: effect and calls of a planned step, frames, risks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pulumi_videosnap.review.model import Calls, FrameEstimate, Outcome, Risk, TaskReview
from pulumi_videosnap.review.preview import Step, number_at
from pulumi_videosnap.state import RecordedResource

if TYPE_CHECKING:
    from pulumi_videosnap.http.credentials import KeySettings

DAY = 86_400
STREAM_SIZE = (1280, 720)
"""ASSUMED where a task keeps the stream's own size, in pixels."""


@dataclass(frozen=True)
class Limits:
    """Thresholds of risks, in seconds."""

    floor: int = 2
    """An interval below is a risk: the default is the vendor's own, and a shorter one is rarely meant."""
    idle: int = DAY
    """An idle time from here on is a risk."""


@dataclass(frozen=True)
class StepEffect:
    """What becomes of a task: in a word, in a sentence, and in calls of the cloud's API.

    `gap` is the longest time between two frames over a restart, in seconds, approximately. `compared` is the
    step whose fields are compared, where the task belonged to another resource before. `counted` is whether
    its frames before are not those of another step too.
    """

    outcome: Outcome
    text: str
    calls: tuple[Calls, ...] = ()
    gap: float | None = None
    notes: tuple[str, ...] = ()
    compared: Step | None = None
    counted: bool = True


def sum_calls(calls: Iterable[Calls], shared: frozenset[str] = frozenset()) -> tuple[Calls, ...]:
    """Calls with one entry for each action; one call of a shared action can serve many tasks."""
    by_action: dict[str, list[Calls]] = {}
    for call in calls:
        by_action.setdefault(call.action, []).append(call)
    return tuple(
        Calls(
            action=action,
            count=(max if action in shared else sum)(call.count for call in same),
            at_least=any(call.at_least for call in same),
        )
        for action, same in by_action.items()
    )


class FrameForm(NamedTuple):
    """What the size of a frame depends on."""

    format: str
    """`jpeg` or `png`."""
    pixels: int


def pixels_of(inputs: Mapping[str, Any], block: str) -> int:
    """Pixels of a frame by the width and height in a block; one alone keeps the stream's proportions."""
    width, height = number_at(inputs, block, "width") or 0, number_at(inputs, block, "height") or 0
    stream_width, stream_height = STREAM_SIZE
    if not width and not height:
        return stream_width * stream_height
    return (width or height * stream_width // stream_height) * (
        height or width * stream_height // stream_width
    )


class ReviewRules(Protocol):
    """What a kind contributes to a review; the module `<cloud>/review.py` is its implementation."""

    continuous: bool
    """Whether a task takes frames at a rate until it ends, rather than a number of them once."""
    price: str
    """Its key in the file of prices: the price of a thousand frames."""
    shared_actions: frozenset[str]
    """Actions of which one call can serve many tasks, so that their counts do not add up."""

    @property
    def credentials(self) -> Sequence[KeySettings]:
        """The stack-config keys of its accounts' credentials, which should not be in plain text there."""

    def effects(self, steps: Sequence[Step]) -> Callable[[Step], StepEffect]:
        """A function that says what one of these steps, all of its kind in a plan, does; none is refused."""

    def frames(self, inputs: Mapping[str, Any]) -> FrameEstimate | None:
        """How many frames a task with these inputs takes; None where that is not up to the task."""

    def recorded_frames(self, old: RecordedResource) -> FrameEstimate | None:
        """How many frames a recorded task takes, or took where it has ended."""

    def form(self, inputs: Mapping[str, Any]) -> FrameForm:
        """Format and pixels of the frames."""

    def assumptions(self, tasks: Sequence[TaskReview]) -> Iterator[str]:
        """Sentences on what the figures of its changing tasks rest on."""

    def risks(self, steps: Sequence[Step], limits: Limits) -> Iterator[Risk]:
        """What a reviewer should look at in these steps, beside what is a risk for every kind."""
