"""Reads every recorded task of some stacks, and reports what each reading means.

Nothing is written: not in the clouds, not in the stacks' state. A task that cannot be read is in the report
with the reason; it never looks like one without drift.
"""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_videosnap.core.encrypted import without_encrypted
from pulumi_videosnap.core.lifecycle import Context, Present
from pulumi_videosnap.drift.compare import BucketAccess, compare, interrupted_replacement, lost_frames
from pulumi_videosnap.drift.model import DriftReport, FailedRuns, Finding, StackDrift, Unmanaged, Verdict
from pulumi_videosnap.drift.unrecorded import interrupted_creates, unmanaged
from pulumi_videosnap.errors import (
    NotConfigured,
    Throttled,
    Unauthorized,
    Unreachable,
    VideosnapError,
    unexpected,
)
from pulumi_videosnap.kinds import kinds
from pulumi_videosnap.redaction import mask_values
from pulumi_videosnap.report.base import Dependencies
from pulumi_videosnap.report.formatting import few, value
from pulumi_videosnap.settings import SECRET
from pulumi_videosnap.state import RecordedResource, Stack

READS_AT_ONCE = 16
"""Tasks that are read at a time, within the service's rate limit."""
MAX_FAILURES = 3
"""Failed reads in a row after which an account is not called again, if the next call would fail too."""

_ACCOUNT_FAILURES = (Unreachable, Unauthorized, NotConfigured, Throttled)
_INVALID_INPUTS = (
    "recorded inputs are invalid: encrypted secrets were not decrypted, or the state was edited by hand"
)

T = TypeVar("T")


def detect_drift(stacks: Sequence[Stack | StackDrift], dependencies: Dependencies) -> DriftReport:
    """The report on some stacks; a StackDrift among them is a stack that could not be read."""
    began = dependencies.now()
    readable = [stack for stack in stacks if isinstance(stack, Stack)]
    progress = _Progress(sum(len(stack.tasks) for stack in readable), dependencies.checked)
    orphans: list[Unmanaged] = []
    checked = []
    begun = interrupted_creates(readable)
    for stack in stacks:
        if isinstance(stack, StackDrift):
            checked.append(stack)
            continue
        creates = next(begun)
        orphans += _only(Unmanaged, creates)
        checked.append(_check(stack, dependencies, progress, _only(Finding, creates)))
    known = {one.id for one in orphans}
    found = unmanaged(readable)
    listed = [one for one in found if not (isinstance(one, Unmanaged) and one.id in known)]
    scope = (*_ignored(checked), *_scope(readable, dependencies), *_only(str, listed))
    hide = _hide_secrets_of(readable)
    return DriftReport(
        at=began,
        seconds=(dependencies.now() - began).total_seconds(),
        stacks=tuple(_without_secrets(stack, hide) for stack in checked),
        unmanaged=(*orphans, *_only(Unmanaged, listed)),
        failed_runs=tuple(
            one.model_copy(update={"latest": tuple(map(hide, one.latest))})
            for one in _only(FailedRuns, listed)
        ),
        scope=tuple(map(hide, scope)),
    )


def _hide_secrets_of(stacks: Sequence[Stack]) -> Callable[[str], str]:
    """Takes every task's secrets out of a text: what a service says may be of another task or the account."""
    lists = ((one.tasks, one.pending_creates, one.pending_replacements) for one in stacks)
    secrets = {text for of_stack in lists for tasks in of_stack for task in tasks for text in task.secrets}
    return functools.cache(lambda text: mask_values(text, secrets, SECRET))


def _without_secrets(stack: StackDrift, hide: Callable[[str], str]) -> StackDrift:
    """A stack's findings; only those that could not be read quote a service."""
    findings = (
        one.model_copy(update={"why": hide(one.why)}) if one.verdict is Verdict.UNREADABLE else one
        for one in stack.findings
    )
    return stack.model_copy(update={"findings": tuple(findings)})


def _only(kind: type[T], found: Iterable[object]) -> list[T]:
    return [one for one in found if isinstance(one, kind)]


def _ignored(stacks: Sequence[StackDrift]) -> Iterator[str]:
    tasks: dict[str, list[str]] = defaultdict(list)
    for finding in (finding for stack in stacks for finding in stack.findings):
        for change in finding.ignored:
            tasks[f"{change.field} is {value(change.actual)}, not {value(change.recorded)}"].append(
                finding.name
            )
    for what, names in tasks.items():
        yield f"No drift, since the engine ignores it (ignore_changes): {what}: {few(names)}."


def _scope(stacks: Sequence[Stack], dependencies: Dependencies) -> Iterator[str]:
    recorded = {task.kind for stack in stacks for task in stack.tasks}
    for kind in kinds():
        if kind in recorded:
            yield from kind.drift.scope(dependencies.open_bucket is not None)
    for stack in stacks:
        names = {(one.kind.token, one.id): one.name for one in stack.tasks}
        for entry in stack.shared:
            both = f"{names[entry.kind.token, entry.id]} and {entry.name}"
            yield (
                f"{stack.name}: {both} are one task, listed once: an `up` was interrupted, or it was "
                "imported twice; declare one of them, and the next `up` drops the other's entry."
            )


def _check(
    stack: Stack, dependencies: Dependencies, progress: _Progress, interrupted: Sequence[Finding]
) -> StackDrift:
    failures = _AccountFailures()
    tasks = sorted(stack.tasks, key=lambda task: (task.name, task.urn))
    with ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="videosnap-drift") as pool:
        read = list(pool.map(lambda task: progress.count(_read(task, stack, failures)), tasks))
    findings = [finding for finding, _ in read]
    open_bucket = dependencies.open_bucket
    if open_bucket:
        pairs = zip(tasks, read, strict=True)
        complete = [
            (task, seen) for task, (found, seen) in pairs if seen and found.verdict is Verdict.COMPLETE
        ]

        def absent(bucket: BucketAccess, keys: Sequence[str]) -> Any:
            place, provider = bucket
            config = stack.for_provider(provider).setting
            return open_bucket(place, config=config).missing(keys, by_listing=True)

        lost = lost_frames(complete, absent)
        findings = [lost.get(one.urn, one) for one in findings]
    return StackDrift(
        stack=stack.name,
        written=stack.written,
        findings=(
            *findings,
            *(
                interrupted_replacement(task, *_read(task, stack, failures))
                for task in stack.pending_replacements
            ),
            *interrupted,
        ),
    )


def _read(task: RecordedResource, stack: Stack, failures: _AccountFailures) -> tuple[Finding, Present | None]:
    """The finding for one task, and the service's answer where there was one."""
    if reason := failures.reason(task):
        return Finding.of(task, Verdict.UNREADABLE, reason), None
    try:
        lifecycle = task.kind.lifecycle(
            Context(resource=task.urn, config=stack.for_provider(task.provider).setting)
        )
        outcome = lifecycle.read(task.id, without_encrypted(task.properties))
        finding = compare(task, outcome)
    except VideosnapError as failed:
        failures.add(task, failed)
        return Finding.of(task, Verdict.UNREADABLE, str(failed)), None
    except ValidationError:
        return Finding.of(task, Verdict.UNREADABLE, _INVALID_INPUTS), None
    except Exception as bug:
        return Finding.of(task, Verdict.UNREADABLE, unexpected(bug)), None
    failures.reset(task)
    return finding, outcome if isinstance(outcome, Present) else None


class _AccountFailures:
    """Counts failures by account, so that an endpoint that is down costs a few calls, not one a task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[object, int] = defaultdict(int)
        self._last: dict[object, VideosnapError] = {}

    def reason(self, task: RecordedResource) -> str:
        """Why a read of this task would fail; empty where it may succeed."""
        with self._lock:
            if self._counts[_account(task)] < MAX_FAILURES:
                return ""
            return (
                f"not read, since {MAX_FAILURES} reads of this account failed: {self._last[_account(task)]}"
            )

    def add(self, task: RecordedResource, failure: VideosnapError) -> None:
        """Note a failed read; a failure of this task alone does not count."""
        with self._lock:
            if isinstance(failure, _ACCOUNT_FAILURES):
                self._last[_account(task)] = failure
                self._counts[_account(task)] += 1

    def reset(self, task: RecordedResource) -> None:
        """Note that the account responds."""
        with self._lock:
            self._counts[_account(task)] = 0


def _account(task: RecordedResource) -> tuple[str, ...]:
    return task.provider, task.kind.token, *task.kind.drift.account(task.properties)


class _Progress:
    """Counts the tasks that were read."""

    def __init__(self, total: int, report: Callable[[int, int], None] | None) -> None:
        self._lock = threading.Lock()
        self._done, self._total, self._report = 0, total, report

    def count(self, result: T) -> T:
        """Count one task, and return what was found."""
        with self._lock:
            self._done += 1
            if self._report:
                self._report(self._done, self._total)
        return result
