"""A report of frames as text for a terminal and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.frames.model import Condition, Frame, FramesReport, Series, TaskFrames
from pulumi_videosnap.frames.summary import exit_code, location_text, offset, summary
from pulumi_videosnap.report.formatting import brief, exact, printable


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
        present = [frame for frame in series.frames if frame.condition is Condition.PRESENT]
        yield f"  {printable(series.name)}: {len(present)} of {len(series.frames)} present"
        yield from (f"    {_finding(frame)}" for frame in _findings(series))
    yield from (f"  gap: {printable(gap.text)}" for gap in task.gaps)
    yield from (f"  note: {printable(note)}" for note in task.notes)


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
    return json.dumps(content, indent=2, ensure_ascii=True)


def _task_json(task: TaskFrames) -> dict[str, Any]:
    fields = ("platform", "bucket", "region", "prefix")
    return {
        "name": task.name,
        "kind": task.kind,
        "id": task.id,
        "place": task.location and {name: getattr(task.location, name) for name in fields},
        "problem": task.problem,
        "notes": list(task.notes),
        "expected": task.expected,
        "counts": {condition.value: task.count(condition) for condition in Condition},
        "events": [{"at": _time(e.at), "kind": e.kind, "text": e.text} for e in task.events],
        "series": [
            {"name": series.name, "frames": [_frame_json(frame) for frame in series.frames]}
            for series in task.series
        ],
    }


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
