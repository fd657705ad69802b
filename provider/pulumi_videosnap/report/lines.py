"""Lines of text for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

COLUMNS = 80


def wrapped(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    """A text in lines; a word that is longer than a line, such as an id, is not torn."""
    following = " " * len(first) if rest is None else rest
    yield from textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
    )


def listed(title: str, texts: Iterable[str]) -> Iterator[str]:
    """An empty line, a title, and a text to each point; nothing where there are no texts."""
    points = list(texts)
    if points:
        yield ""
        yield f"{title}:"
        for text in points:
            yield from wrapped(text, "  - ")
