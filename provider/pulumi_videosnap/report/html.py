"""HTML pages: one file each, with their styles and scripts inside, that load nothing and escape all input.

Jinja2 is an extra: it is imported when the first page is made.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_videosnap.errors import NotConfigured
from pulumi_videosnap.report.formatting import visible

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
LOOK, NARROW, PRINT = TEMPLATES / "page.css", TEMPLATES / "narrow.css", TEMPLATES / "print.css"
"""What all pages have: colours, type and buttons; narrow screens; paper."""
STYLES = (LOOK, NARROW, PRINT, TEMPLATES / "report.css")
SCRIPTS = (TEMPLATES / "age.js", TEMPLATES / "filter.js", TEMPLATES / "view.js")
NO_JINJA = (
    "Making an HTML page needs Jinja2, which is not installed; "
    "install the extra with: pip install 'pulumi-videosnap[frames]'"
)

_EXTENSION = re.compile(r"(.*?)(\.\w{1,5})?", re.DOTALL)
_AFTER_SEPARATOR = re.compile(r"(?<=[/_.-])(?![/_.-])")


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


def page(
    folder: Path,
    template: str,
    *,
    styles: Sequence[Path] = STYLES,
    scripts: Sequence[Path] = SCRIPTS,
    **values: Any,
) -> str:
    """Fill a template of a folder, which may extend `base.html`, with its styles and scripts inside."""
    try:
        environment = _environment(folder)
    except ModuleNotFoundError as missing:
        if missing.name not in {"jinja2", "markupsafe"}:
            raise
        raise NotConfigured(NO_JINJA) from None
    style, script = _concatenate(styles), _concatenate(scripts)
    return environment.get_template(template).render(
        style=_trusted(style), script=_trusted(script), policy=_policy(style, script), **values
    )


@cache
def _environment(folder: Path) -> jinja2.Environment:
    """Templates of a folder and of ours; all that they write is escaped, hidden characters too."""
    import jinja2  # noqa: PLC0415

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader((folder, TEMPLATES)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=_percent, prose=_prose, object_key=_object_key)
    return environment


def _percent(thousandths: float) -> str:
    return f"{thousandths / 10:.5g}%"


def _prose(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    from markupsafe import Markup  # noqa: PLC0415

    parts = str(visible(" ".join(text.split()))).split("`")
    if len(parts) % 2 == 0:  # a backtick without its other
        parts = ["`".join(parts)]
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if at % 2 else part for at, part in enumerate(parts))


def _object_key(key: str) -> Markup:
    """An object's key that breaks after its separators, and never in its extension."""
    from markupsafe import Markup  # noqa: PLC0415

    found = _EXTENSION.fullmatch(key)
    stem, extension = (found[1], found[2]) if found else (key, None)
    parts = [str(visible(part)) for part in _AFTER_SEPARATOR.split(stem) if part]
    if extension:
        parts.append(Markup('<span class="extension">{}</span>').format(visible(extension)))
    return Markup("<wbr>").join(parts)


def _trusted(text: str) -> Markup:
    """A text of our own, which is written as it is."""
    from markupsafe import Markup  # noqa: PLC0415

    return Markup(text)  # noqa: S704


def _concatenate(files: Iterable[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy: nothing is loaded, and nothing runs but these two texts."""
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


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
