"""What falls due when.

A heap ordered by (time, kind, number), so every order of advancing gives the same run.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.tasks import Status, Task

#: On a tie the idle timeout wins. Its task has no published target, so no frame is lost by that.
IDLE, FRAME = 0, 1
#: A snapshot job begins, and ends. The numbers of such events are jobs', those of the others tasks'.
JOB_START, JOB_END = 2, 3


class Event(NamedTuple):
    """Something that falls due; the fields' order is the order of execution."""

    due: Milliseconds
    kind: int
    number: int


class Schedule:
    """The heap. Entries are never removed early.

    One whose task has other plans by then is dropped when popped.
    """

    def __init__(self) -> None:
        self._heap: list[Event] = []

    def add(self, events: Iterable[Event]) -> None:
        """Enter events that were planned elsewhere."""
        for event in events:
            heappush(self._heap, event)

    def plan_frame(self, task: Task) -> None:
        """Enter the task's next round of frames."""
        heappush(self._heap, Event(task.next_frame, FRAME, task.number))

    def plan(self, task: Task) -> None:
        """Enter all that a running task has coming."""
        if task.status is not Status.RUNNING:
            return
        self.plan_frame(task)
        if task.idle_due is not None:
            heappush(self._heap, Event(task.idle_due, IDLE, task.number))

    def pop_due(self, until: Milliseconds) -> Event | None:
        """Remove and return the next event that is due, or None."""
        if self._heap and self._heap[0].due <= until:
            return heappop(self._heap)
        return None


def is_fresh(event: Event, task: Task | None) -> bool:
    """Say whether the task still plans this event."""
    if task is None or task.status is not Status.RUNNING:
        return False
    return event.due == (task.next_frame if event.kind == FRAME else task.idle_due)
