"""The contact sheet: all frames of a report in one HTML file that loads nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi_videosnap.frames.contact_sheet.cells import cells_of, shared_folder
from pulumi_videosnap.frames.contact_sheet.timeline import scale, timeline
from pulumi_videosnap.frames.model import MEANINGS, FramesReport, TaskFrames
from pulumi_videosnap.frames.text import location_text, summary, task_summary
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
        "summary": "" if task.problem else task_summary(task),
        "series": [
            {"name": one.name, "folder": shared_folder(one), "cells": list(cells_of(one, line, task.gaps))}
            for one in task.series
            if one.frames
        ],
        "timeline": timeline(task, line) if line else None,
    }
