"""The contact sheet: all frames of a report in one HTML file that loads nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi_videosnap.frames.contact_sheet.cells import cells_of, shared_folder
from pulumi_videosnap.frames.contact_sheet.timeline import Scale, scale, timeline
from pulumi_videosnap.frames.model import MEANINGS, FramesReport, Series, TaskFrames
from pulumi_videosnap.frames.text import location_text, series_title, summary, task_summary
from pulumi_videosnap.report.formatting import exact
from pulumi_videosnap.report.html import LOOK, NARROW, PRINT, page, wrapping

TEMPLATES = Path(__file__).parent / "templates"
STYLES = (LOOK, TEMPLATES / "task.css", TEMPLATES / "frame.css", NARROW, PRINT)
SCRIPTS = tuple(TEMPLATES / name for name in ("frames.js", "filter.js", "walk.js", "facts.js", "view.js"))


def as_html(report: FramesReport) -> str:
    """The sheet as one HTML file, which opens from a file, a mail or a web server alike."""
    return page(
        TEMPLATES,
        "page.html",
        styles=STYLES,
        scripts=SCRIPTS,
        report=report,
        summary=wrapping(summary(report)),
        at=exact(report.at),
        tasks=[_task_view(task) for task in report.tasks],
        counts=list(_counts(report)),
        meanings={condition.value: text for condition, text in MEANINGS.items()},
    )


def _counts(report: FramesReport) -> Iterator[tuple[str, int]]:
    for condition in MEANINGS:
        if count := sum(task.count(condition) for task in report.tasks):
            yield condition.value, count


def _task_view(task: TaskFrames) -> dict[str, Any]:
    line = scale(task)
    return {
        "task": task,
        "where": location_text(task.location),
        "summary": task_summary(task),
        "series": [_series_view(task, one, line) for one in task.series if one.frames],
        "timeline": timeline(task, line) if line else None,
    }


def _series_view(task: TaskFrames, series: Series, line: Scale | None) -> dict[str, Any]:
    cells = list(cells_of(series, line, task.gaps))
    return {"name": series_title(task, series), "folder": shared_folder(series), "cells": cells}
