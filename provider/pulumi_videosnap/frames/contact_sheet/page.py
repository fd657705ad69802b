"""Putting the sheet together: views of tasks and series, and the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from pulumi_videosnap.frames.contact_sheet import formatting as words
from pulumi_videosnap.frames.contact_sheet.cells import Cell, cell, shared_folder
from pulumi_videosnap.frames.contact_sheet.timeline import Scale, Timeline, scale, timeline
from pulumi_videosnap.frames.model import Report, Series, TaskFrames
from pulumi_videosnap.report import formatting as figures
from pulumi_videosnap.report.html import environment, joined, policy
from pulumi_videosnap.report.page import LOOK, NARROW, PRINT, wrapping

TEMPLATES = Path(__file__).parent / "templates"
STYLES = (LOOK, TEMPLATES / "task.css", TEMPLATES / "frame.css", NARROW, PRINT)
SCRIPTS = tuple(TEMPLATES / name for name in ("frames.js", "filter.js", "walk.js", "facts.js", "view.js"))


@dataclass(frozen=True)
class SeriesView:
    """A series as the template writes it."""

    name: str
    folder: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TaskView:
    """A task as the template writes it."""

    task: TaskFrames
    where: str
    summary: str
    series: tuple[SeriesView, ...]
    timeline: Timeline | None


def page(report: Report) -> str:
    """Fill the template."""
    style, script = joined(STYLES), joined(SCRIPTS)
    return _template().render(
        report=report,
        summary=wrapping(words.summary(report)),
        at=figures.exact(report.at),
        tasks=[_task_view(task) for task in report.tasks],
        counts=list(_counts(report)),
        explained={condition.value: text for condition, text in words.EXPLAINED.items()},
        policy=policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    return environment(TEMPLATES).get_template("page.html")


def _counts(report: Report) -> Iterator[tuple[str, int]]:
    for condition in words.EXPLAINED:
        count = sum(task.counted(condition) for task in report.tasks)
        if count:
            yield condition.value, count


def _task_view(task: TaskFrames) -> TaskView:
    line = scale(task)
    return TaskView(
        task=task,
        where=words.place(task.place) if task.place else "",
        summary="" if task.problem else words.task_summary(task),
        series=tuple(_series_view(series, line) for series in task.series if series.frames),
        timeline=timeline(task, line) if line else None,
    )


def _series_view(series: Series, line: Scale | None) -> SeriesView:
    folder = shared_folder(series)
    with_day = line is not None and line.with_day
    cells = (
        cell(frame, series, folder, with_day, line.of(frame) if line else None) for frame in series.frames
    )
    return SeriesView(series.name, folder, tuple(cells))
