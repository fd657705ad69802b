"""How the sheet says it: conditions, places, moments of a video, and the whole report in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_videosnap.frames.model import Condition, Report, TaskFrames
from pulumi_videosnap.report.formatting import counted
from pulumi_videosnap.storage.platforms import Location

EXPLAINED = {
    Condition.PRESENT: "as it should be",
    Condition.MISSING: "expected, and not in the bucket",
    Condition.LATE: "more than half an interval after its time",
    Condition.UNREADABLE: "no picture that can be opened safely",
    Condition.DUPLICATE: "the same picture as the one before: the stream may be frozen",
    Condition.BLACK: "nothing but black",
}
"""What each condition means, in the order in which the sheet names them."""


def offset(milliseconds: int) -> str:
    """A moment of a video: `0:02.000`, `1:00:02.000`."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return f"{whole}.{rest:03d}"


def place(where: Location) -> str:
    """`tos bucket frames, below shop/, cn-beijing`."""
    below = f"below {where.prefix}" if where.prefix else ""
    parts = [f"{where.platform} bucket {where.bucket}", below, where.region or "", where.endpoint or ""]
    return ", ".join(part for part in parts if part)


def summary(report: Report) -> str:
    """The whole report in one sentence, with how many there should be."""
    if not report.tasks:
        return "There are no snapshot tasks."
    readable = [task for task in report.tasks if task.problem is None]
    unread = len(report.tasks) - len(readable)
    parts = _population(readable) if readable else []
    if unread:
        parts.append(f"{unread} of {counted(len(report.tasks), 'task')} could not be read")
    return _sentence(parts) + "."


def task_summary(task: TaskFrames) -> str:
    """The same of one task."""
    return _sentence(_population([task]))


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _population(tasks: list[TaskFrames]) -> list[str]:
    sure = [task for task in tasks if task.expected is not None]
    unsure = [task for task in tasks if task.expected is None]
    parts = _of_expected(sure) if sure else []
    if unsure and not sure:
        parts = [f"{counted(_there(unsure), 'frame')}, and nothing says how many there should be"]
    elif unsure:
        parts.append(f"{counted(_there(unsure), 'frame')} where nothing says how many there should be")
    return parts + list(_oddities(tasks))


def _of_expected(tasks: list[TaskFrames]) -> list[str]:
    expected = sum(task.expected or 0 for task in tasks)
    kept = sum(_kept(task) for task in tasks)
    surplus = sum(_there([task]) - _kept(task) for task in tasks)
    parts = [f"{kept:,} of {counted(expected, 'expected frame')}", f"{expected - kept:,} missing"]
    if kept == expected:
        parts = [_all_there(expected)]
    return parts + ([f"{surplus:,} more than expected"] if surplus else [])


def _all_there(expected: int) -> str:
    if expected == 0:
        return "no frame expected"
    return "the expected frame is there" if expected == 1 else f"all {expected:,} expected frames are there"


def _kept(task: TaskFrames) -> int:
    """How many of the expected frames are there."""
    return min(_there([task]), max(0, (task.expected or 0) - task.counted(Condition.MISSING)))


def _there(tasks: Iterable[TaskFrames]) -> int:
    there = [condition for condition in Condition if condition is not Condition.MISSING]
    return sum(task.counted(*there) for task in tasks)


def _oddities(tasks: list[TaskFrames]) -> Iterable[str]:
    for condition in list(EXPLAINED)[2:]:
        count = sum(task.counted(condition) for task in tasks)
        if count:
            yield f"{count:,} {condition.value}"
