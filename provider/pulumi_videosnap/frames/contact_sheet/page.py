"""The page of a contact sheet: views of tasks and series, for the template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_videosnap.frames.contact_sheet.cells import Cell, cells_of, shared_folder
from pulumi_videosnap.frames.contact_sheet.timeline import Scale, Timeline, scale, timeline
from pulumi_videosnap.frames.model import MEANINGS, Event, FramesReport, Series, TaskFrames
from pulumi_videosnap.frames.summary import location_text, summary, task_summary
from pulumi_videosnap.report.formatting import exact
from pulumi_videosnap.report.html import LOOK, NARROW, PRINT, page, wrapping

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


def _task_view(task: TaskFrames) -> TaskView:
    line = scale(task)
    return TaskView(
        task=task,
        where=location_text(task.location),
        summary="" if task.problem else task_summary(task),
        series=tuple(_series_view(series, line, task.gaps) for series in task.series if series.frames),
        timeline=timeline(task, line) if line else None,
    )


def _series_view(series: Series, line: Scale | None, gaps: Sequence[Event]) -> SeriesView:
    return SeriesView(series.name, shared_folder(series), tuple(cells_of(series, line, gaps)))
