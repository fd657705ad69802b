"""A report of frames as text for a terminal and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.frames.model import Condition, Frame, FramesReport, Series, TaskFrames
from pulumi_videosnap.report.base import ExitCode, to_json
from pulumi_videosnap.report.formatting import brief, exact, printable, quantity
from pulumi_videosnap.storage.platforms import Location


def as_text(report: FramesReport) -> Iterator[str]:
    """The report for people: tasks, series with their counts, and each frame that is not present."""
    how = "every frame decoded" if report.verified else "listed only; --verify decodes every frame"
    yield f"{report.stack or 'stack'}, {exact(report.at)} ({how})"
    for task in report.tasks:
        yield ""
        yield from _task(task)
    yield ""
    yield summary(report)


def _task(task: TaskFrames) -> Iterator[str]:
    where = f"  {location_text(task.location)}" if task.location else ""
    yield f"{printable(task.name)}  {task.kind} {printable(task.id)}{printable(where)}"
    if task.problem:
        yield f"  cannot be checked: {printable(task.problem)}"
    for series in task.series:
        yield f"  {printable(series_title(task, series))}: {printable(_series_state(series))}"
        yield from (f"    {_finding(frame)}" for frame in _findings(series))
    yield from (f"  gap: {printable(gap.text)}" for gap in task.gaps)
    yield from (f"  note: {printable(note)}" for note in task.notes)


def series_title(task: TaskFrames, series: Series) -> str:
    """The name of a series, with its place where that is not the task's."""
    elsewhere = series.location and series.location != task.location
    return f"{series.name} ({location_text(series.location)})" if elsewhere else series.name


def _series_state(series: Series) -> str:
    if series.problem:
        return f"cannot be checked: {series.problem}"
    present = sum(frame.condition is Condition.PRESENT for frame in series.frames)
    return f"{present} of {len(series.frames)} present"


def _findings(series: Series) -> Iterator[Frame]:
    return (frame for frame in series.frames if frame.condition is not Condition.PRESENT)


def _finding(frame: Frame) -> str:
    which = [printable(frame.key)] if frame.key else []
    if frame.due:
        which.append(f"due {brief(frame.due, with_day=True)}")
    if frame.offset_ms is not None:
        which.append(f"at {offset(frame.offset_ms)}")
    return f"{frame.condition.value}: {', '.join(which)}" + (
        f" ({printable(frame.why)})" if frame.why else ""
    )


def as_json(report: FramesReport) -> str:
    """The report for programs; docs/frames.md describes it."""
    content = {
        "stack": report.stack,
        "at": _time(report.at),
        "verified": report.verified,
        "summary": summary(report),
        "exitCode": exit_code(report),
        "tasks": [_task_json(task) for task in report.tasks],
    }
    return to_json(content)


def _task_json(task: TaskFrames) -> dict[str, Any]:
    return {
        "name": task.name,
        "kind": task.kind,
        "id": task.id,
        "place": _place_json(task.location),
        "problem": "; ".join(task.problems) or None,
        "notes": list(task.notes),
        "expected": task.expected,
        "counts": {condition.value: task.count(condition) for condition in Condition},
        "events": [{"at": _time(e.at), "kind": e.kind, "text": e.text} for e in task.events],
        "series": [
            {
                "name": series.name,
                "place": _place_json(series.location),
                "problem": series.problem,
                "frames": [_frame_json(frame) for frame in series.frames],
            }
            for series in task.series
        ],
    }


def _place_json(location: Location | None) -> dict[str, str | None] | None:
    fields = ("platform", "bucket", "region", "prefix")
    return {name: getattr(location, name) for name in fields} if location else None


def _frame_json(frame: Frame) -> dict[str, Any]:
    stored, decoded = frame.stored, frame.decoded
    content = {
        "condition": frame.condition.value,
        "why": frame.why,
        "key": frame.key,
        "due": _time(frame.due),
        "offsetMs": frame.offset_ms,
        "modified": _time(stored.modified) if stored else None,
        "size": stored.size if stored else None,
        "etag": stored.etag if stored else None,
        "width": decoded.width if decoded else None,
        "height": decoded.height if decoded else None,
        "digest": decoded.digest if decoded else None,
    }
    return {name: value for name, value in content.items() if value not in (None, "")}


def _time(time: datetime | None) -> str | None:
    return format_rfc3339(time) if time else None


FINDINGS = tuple(condition for condition in Condition if condition is not Condition.PRESENT)
_EXISTING = tuple(condition for condition in Condition if condition is not Condition.MISSING)


def exit_code(report: FramesReport) -> ExitCode:
    """What the command exits with: what cannot be checked outweighs a finding."""
    if any(task.problems for task in report.tasks):
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
    checked = [task for task in report.tasks if _any_checked(task)]
    parts = list(_counts(checked)) if checked else []
    if failed := len(report.tasks) - len(checked):
        parts.append(f"{failed} of {quantity(len(report.tasks), 'task')} could not be checked")
    parts += [_unchecked(task) for task in checked if task.problems]
    return f"{_sentence(parts)}."


def task_summary(task: TaskFrames) -> str:
    """The same of one task, without a full stop; empty where nothing of it could be checked."""
    if not _any_checked(task):
        return ""
    return _sentence([*_counts([task]), *([_unchecked(task)] if task.problems else [])])


def _any_checked(task: TaskFrames) -> bool:
    failed = [series.problem is not None for series in task.series]
    return task.problem is None and not (failed and all(failed))


def _unchecked(task: TaskFrames) -> str:
    names = ", ".join(series.name for series in task.series if series.problem)
    return f"{names} of {task.name} could not be checked"


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
