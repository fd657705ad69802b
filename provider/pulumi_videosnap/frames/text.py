"""A report as text for a terminal, as JSON for a program, and as an exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.frames.contact_sheet.formatting import offset, place, summary
from pulumi_videosnap.frames.model import Condition, Frame, Report, Series, TaskFrames
from pulumi_videosnap.report.formatting import brief, exact, shown

AS_EXPECTED, BAD, UNCHECKED = 0, 1, 2
"""Exit codes: every frame as it should be; some missing or bad; something could not be looked at."""


def exit_code(report: Report) -> int:
    """What the command exits with; what could not be checked outweighs what is known to be bad."""
    if any(task.problem for task in report.tasks):
        return UNCHECKED
    bad = [c for c in Condition if c is not Condition.PRESENT]
    return BAD if any(task.counted(*bad) for task in report.tasks) else AS_EXPECTED


def as_text(report: Report) -> Iterator[str]:
    """The report for people: tasks, series with their counts, frames that are not as they should be."""
    how = "each picture opened" if report.verified else "listed, not opened; --verify opens each"
    yield f"{report.stack or 'stack'}, {exact(report.at)} ({how})"
    for task in report.tasks:
        yield ""
        yield from _task(task)
    yield ""
    yield summary(report)


def _task(task: TaskFrames) -> Iterator[str]:
    where = f"  {place(task.place)}" if task.place else ""
    yield f"{shown(task.name)}  {task.kind} {shown(task.id)}{where}"
    if task.problem:
        yield f"  could not be looked at: {shown(task.problem)}"
    for series in task.series:
        yield f"  {shown(series.name)}: {_counts(series)}"
        yield from (
            f"    {_bad(frame)}" for frame in series.frames if frame.condition is not Condition.PRESENT
        )
    yield from (f"  gap: {event.text}" for event in task.events if event.kind == "gap" and event.until)
    yield from (f"  note: {shown(note)}" for note in task.notes)


def _counts(series: Series) -> str:
    total = len(series.frames)
    present = sum(frame.condition is Condition.PRESENT for frame in series.frames)
    return f"{present} of {total}" + ("" if present == total else " as they should be")


def _bad(frame: Frame) -> str:
    which = [shown(frame.key)] if frame.key else []
    if frame.due:
        which.append(f"due {brief(frame.due, with_day=True)}")
    if frame.offset_ms is not None:
        which.append(f"at {offset(frame.offset_ms)}")
    return f"{frame.condition.value}: {', '.join(which)}" + (f" ({shown(frame.why)})" if frame.why else "")


def as_json(report: Report) -> str:
    """The report for programs; docs/frames.md describes it."""
    told = {
        "stack": report.stack,
        "at": _moment(report.at),
        "verified": report.verified,
        "summary": summary(report),
        "exitCode": exit_code(report),
        "tasks": [_task_json(task) for task in report.tasks],
    }
    return json.dumps(told, indent=2, ensure_ascii=True)


def _task_json(task: TaskFrames) -> dict[str, Any]:
    where = task.place
    return {
        "name": task.name,
        "kind": task.kind,
        "id": task.id,
        "place": where
        and {
            "platform": where.platform,
            "bucket": where.bucket,
            "region": where.region,
            "prefix": where.prefix,
        },
        "problem": task.problem,
        "notes": list(task.notes),
        "expected": task.expected,
        "counts": {condition.value: task.counted(condition) for condition in Condition},
        "events": [{"at": _moment(e.at), "kind": e.kind, "text": e.text} for e in task.events],
        "series": [
            {"name": series.name, "frames": [_frame_json(frame) for frame in series.frames]}
            for series in task.series
        ],
    }


def _frame_json(frame: Frame) -> dict[str, Any]:
    stored, picture = frame.stored, frame.picture
    told = {
        "condition": frame.condition.value,
        "why": frame.why,
        "key": frame.key,
        "due": _moment(frame.due),
        "offsetMs": frame.offset_ms,
        "modified": _moment(stored.modified) if stored else None,
        "size": stored.size if stored else None,
        "etag": stored.etag if stored else None,
        "width": picture.width if picture else None,
        "height": picture.height if picture else None,
        "digest": picture.digest if picture else None,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _moment(moment: datetime | None) -> str | None:
    return format_rfc3339(moment) if moment else None
