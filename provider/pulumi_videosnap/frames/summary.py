"""What all formats of the report share: counts, locations, times in a video, a report in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pulumi_videosnap.frames.model import Condition, FramesReport, TaskFrames
from pulumi_videosnap.report.base import ExitCode
from pulumi_videosnap.report.formatting import quantity
from pulumi_videosnap.storage.platforms import Location

FINDINGS = tuple(condition for condition in Condition if condition is not Condition.PRESENT)
_EXISTING = tuple(condition for condition in Condition if condition is not Condition.MISSING)


def exit_code(report: FramesReport) -> ExitCode:
    """What the command exits with: a task that cannot be checked outweighs a finding."""
    if any(task.problem for task in report.tasks):
        return ExitCode.FAILED
    return ExitCode.FINDING if any(task.count(*FINDINGS) for task in report.tasks) else ExitCode.AS_EXPECTED


def offset(milliseconds: int) -> str:
    """A time in a video: `0:02.000`, `1:00:02.000`."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return f"{whole}.{rest:03d}"


def location_text(location: Location | None) -> str:
    """`tos bucket frames, below shop/, cn-beijing`; empty for None."""
    if location is None:
        return ""
    below = f"below {location.prefix}" if location.prefix else ""
    bucket = f"{location.platform} bucket {location.bucket}"
    return ", ".join(filter(None, [bucket, below, location.region, location.endpoint]))


def summary(report: FramesReport) -> str:
    """The whole report in one sentence, with how many frames there should be."""
    if not report.tasks:
        return "There are no snapshot tasks."
    checked = [task for task in report.tasks if task.problem is None]
    parts = list(_counts(checked)) if checked else []
    if failed := len(report.tasks) - len(checked):
        parts.append(f"{failed} of {quantity(len(report.tasks), 'task')} could not be checked")
    return f"{_sentence(parts)}."


def task_summary(task: TaskFrames) -> str:
    """The same of one task, without a full stop."""
    return _sentence(list(_counts([task])))


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def _counts(tasks: Sequence[TaskFrames]) -> Iterator[str]:
    known = [task for task in tasks if task.expected is not None]
    unknown = sum(task.count(*_EXISTING) for task in tasks if task.expected is None)
    if known:
        yield from _expected(known)
    if not known:
        yield f"{quantity(unknown, 'frame')}; how many there should be is not known"
    elif len(known) < len(tasks):
        yield f"{quantity(unknown, 'frame')} of tasks whose number of frames is not known"
    for condition in FINDINGS[1:]:
        if count := sum(task.count(condition) for task in tasks):
            yield f"{count:,} {condition.value}"


def _expected(tasks: Sequence[TaskFrames]) -> Iterator[str]:
    expected = sum(task.expected or 0 for task in tasks)
    present = sum(map(_present, tasks))
    if present < expected:
        yield f"{present:,} of {quantity(expected, 'expected frame')}"
        yield f"{expected - present:,} missing"
    elif expected > 1:
        yield f"all {expected:,} expected frames are present"
    else:
        yield "the expected frame is present" if expected else "no frame expected"
    if surplus := sum(task.count(*_EXISTING) - _present(task) for task in tasks):
        yield f"{surplus:,} more than expected"


def _present(task: TaskFrames) -> int:
    """How many of the expected frames exist, whatever else their condition is."""
    return min(task.count(*_EXISTING), max(0, (task.expected or 0) - task.count(Condition.MISSING)))
