"""One HTML file of the family to which the frames' sheet belongs too: look, scripts, and a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_videosnap.errors import VideosnapError

TEMPLATES = Path(__file__).parent / "templates"
LOOK, NARROW, PRINT = TEMPLATES / "page.css", TEMPLATES / "narrow.css", TEMPLATES / "print.css"
"""What the whole family has: colours, type and buttons; narrow screens; paper."""
STYLES = (LOOK, NARROW, PRINT, TEMPLATES / "report.css")
SCRIPTS = (TEMPLATES / "age.js", TEMPLATES / "filter.js", TEMPLATES / "view.js")
NO_JINJA = (
    "Making an HTML page needs Jinja2, which is not installed; "
    "install the extra with: pip install 'pulumi-videosnap[frames]'"
)


@dataclass(frozen=True)
class Chip:
    """A button that shows only what is of one kind."""

    kind: str
    count: int


@dataclass(frozen=True)
class Bar:
    """A figure before and after, in thousandths of the largest of its like."""

    before: float
    after: float


def page(folder: Path, template: str, **values: Any) -> str:
    """Fill a template of a folder, which extends `base.html`."""
    try:
        from pulumi_videosnap.report import html  # noqa: PLC0415 - an extra, loaded on demand
    except ModuleNotFoundError as missing:
        if missing.name not in {"jinja2", "markupsafe"}:
            raise
        raise VideosnapError(NO_JINJA) from None
    style, script = html.joined(STYLES), html.joined(SCRIPTS)
    return (
        html.environment(folder, TEMPLATES)
        .get_template(template)
        .render(style=html.ours(style), script=html.ours(script), policy=html.policy(style, script), **values)
    )


def wrapping(sentence: str) -> list[str]:
    """The parts of a sentence, of which none should be broken where there is room."""
    *parts, last = sentence.split("; ")
    return [*(f"{part};" for part in parts), last]


def chips(kinds: Iterable[str], order: Iterable[str]) -> list[Chip]:
    """A chip for each kind of which there is something."""
    counts = Counter(kinds)
    return [Chip(kind, counts[kind]) for kind in order if counts[kind]]


def bar(before: float | None, after: float | None, largest: float) -> Bar | None:
    """The bar of two figures; None where there is nothing to compare."""
    if before is None or after is None or largest <= 0:
        return None
    return Bar(round(before / largest * 1000, 1), round(after / largest * 1000, 1))
