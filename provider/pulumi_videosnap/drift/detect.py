"""Asks the clouds about every recorded task of some stacks, and reports what each answer means.

Nothing is written: not in the clouds, not in the stacks' state. A task that cannot be asked about is in the
report with the reason; it never looks like one without drift.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.drift.judge import finding, interrupted, judged
from pulumi_videosnap.drift.kinds import KINDS
from pulumi_videosnap.drift.model import DriftReport, Finding, StackDrift, Unmanaged, Verdict
from pulumi_videosnap.drift.pictures import Open, with_lost_pictures
from pulumi_videosnap.drift.unmanaged import Seen, unmanaged_in
from pulumi_videosnap.drift.unrecorded import unrecorded_in
from pulumi_videosnap.errors import NotConfigured, Throttled, Unauthorized, Unreachable, VideosnapError
from pulumi_videosnap.state import LIVE, RecordedResource, Stack, without_encrypted

AT_ONCE = 16
"""Tasks that are asked about at a time; the service's rate limit is kept all the same."""
GIVES_UP_AFTER = 3
"""Calls in a row that fail for a reason which the next call would meet too."""

_SPEAKS_FOR_ALL = (Unreachable, Unauthorized, NotConfigured, Throttled)


@dataclass(frozen=True)
class Around:
    """What a check takes from its surroundings."""

    now: Callable[[], datetime]
    open: Open | None
    """Opens the store of a place; None when pictures are not to be looked for."""
    seen: Seen
    progress: Callable[[int, int], None]


def report_of(stacks: Sequence[Stack | StackDrift], around: Around) -> DriftReport:
    """What became of the tasks of some stacks; a StackDrift among them could not be looked at, and stays."""
    began = around.now()
    known = [stack for stack in stacks if isinstance(stack, Stack)]
    done = _Progress(sum(len(stack.tasks) for stack in known), around.progress)
    begun = {stack.name: list(unrecorded_in(stack)) for stack in known}
    checked = tuple(
        _checked(stack, around, done, _findings(begun[stack.name])) if isinstance(stack, Stack) else stack
        for stack in stacks
    )
    running = [one for found in begun.values() for one in found if isinstance(one, Unmanaged)]
    unmanaged, scope = unmanaged_in(known, around.seen)
    return DriftReport(
        at=began,
        seconds=(around.now() - began).total_seconds(),
        stacks=checked,
        unmanaged=(*running, *unmanaged),
        scope=(*_scope(known, around), *scope),
    )


def _findings(begun: Sequence[Unmanaged | Finding]) -> list[Finding]:
    return [one for one in begun if isinstance(one, Finding)]


def _checked(stack: Stack, around: Around, done: _Progress, more: Sequence[Finding]) -> StackDrift:
    patience = _Patience()
    tasks = sorted(stack.tasks, key=lambda task: (task.name, task.urn))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="videosnap-drift") as pool:
        read = list(pool.map(lambda task: done.after(_asked(task, stack, patience)), tasks))
    findings = [one for one, _ in read]
    present = [(task, one, answer) for task, (one, answer) in zip(tasks, read, strict=True) if answer]
    if around.open:
        lost = with_lost_pictures(stack, present, around.open)
        findings = [lost.get(one.urn, one) for one in findings]
    return StackDrift(
        stack=stack.name,
        written=stack.written,
        findings=(*findings, *(interrupted(task) for task in stack.pending_replacements), *more),
    )


def _asked(task: RecordedResource, stack: Stack, patience: _Patience) -> tuple[Finding, Present | None]:
    """The finding for one task, and the service's answer where there was one."""
    if given_up := patience.lost_with(task):
        return finding(task, Verdict.UNREADABLE, given_up), None
    try:
        lifecycle = KINDS[task.kind.title].lifecycle(Context(resource=task.urn, config=stack.setting))
        outcome = lifecycle.read(task.id, without_encrypted(task.properties))
    except VideosnapError as failed:
        patience.failed(task, failed)
        return finding(task, Verdict.UNREADABLE, str(failed)), None
    except ValidationError:
        why = "its record does not hold together: settings are secrets that were not opened, or it was edited"
        return finding(task, Verdict.UNREADABLE, why), None
    patience.succeeded(task)
    return judged(task, outcome), outcome if isinstance(outcome, Present) else None


def _scope(stacks: Sequence[Stack], around: Around) -> Iterator[str]:
    tasks = [task for stack in stacks for task in stack.tasks]
    if any(task.kind.title == LIVE for task in tasks):
        yield "Volcengine RTC cannot list tasks, so a live room's task that no stack knows of is not seen."
        yield (
            "State records no pictures of live rooms, so they are not held against anything here: "
            "`videosnap frames` does that."
        )
    if any(task.kind.title != LIVE for task in tasks) and not around.open:
        yield "The pictures of jobs were not looked for (--no-pictures)."


class _Patience:
    """Remembers which accounts do not answer, so that a dead endpoint costs a few calls, not one a task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[object, int] = defaultdict(int)
        self._last: dict[object, VideosnapError] = {}

    def lost_with(self, task: RecordedResource) -> str:
        """Why asking about this task would be in vain; empty where it may not be."""
        with self._lock:
            if self._failures[_account(task)] < GIVES_UP_AFTER:
                return ""
            return f"not asked, after {GIVES_UP_AFTER} tasks of this account: {self._last[_account(task)]}"

    def failed(self, task: RecordedResource, why: VideosnapError) -> None:
        """Note a failure; one that concerns this task alone counts as an answer."""
        with self._lock:
            if isinstance(why, _SPEAKS_FOR_ALL):
                self._last[_account(task)] = why
                self._failures[_account(task)] += 1

    def succeeded(self, task: RecordedResource) -> None:
        """Note that the account answers."""
        with self._lock:
            self._failures[_account(task)] = 0


def _account(task: RecordedResource) -> tuple[str, str, str]:
    """What tasks of one account and endpoint have in common."""
    location = (task.properties.get("input") or {}).get("location", "")
    return task.kind.title, str(task.properties.get("profile")), str(location)


class _Progress:
    """Counts the tasks that were asked about."""

    def __init__(self, total: int, tell: Callable[[int, int], None]) -> None:
        self._lock = threading.Lock()
        self._done, self._total, self._tell = 0, total, tell

    def after(self, result: tuple[Finding, Present | None]) -> tuple[Finding, Present | None]:
        """Count one task, and hand on what was found."""
        with self._lock:
            self._done += 1
            self._tell(self._done, self._total)
        return result
