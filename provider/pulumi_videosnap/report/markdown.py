"""Markdown for a comment on a change request, with all untrusted input escaped.

GitHub and GitLab turn `@name`, `#12`, hashes of commits and addresses into links and notifications after they
have read the Markdown, so escaping a character does not prevent it; inside of `<code>` they leave all text as
it is. So names, ids and values are written in `<code>`, and so is each word of a sentence that could be a
reference. What Markdown or HTML would interpret is written as a character reference, which is always text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from pulumi_videosnap.report.formatting import few, printable, sentence, shorten

LIMIT = 65_000
"""Characters of a comment; GitHub takes 65,536."""
SHORT, LONG = 120, 600
"""Characters that are shown of a name or value, and of a sentence."""

_MEANS_SOMETHING = re.compile(r"[&<>\\`*_\[\]#|~@$^{}]|:(?=\S)|(?<=www)\.", re.IGNORECASE)
_REFERENCE = re.compile(
    r"[@#!$%~^&][\w\"'\[{]"  # people, issues, labels, milestones
    r"|\w-\d"  # GH-12, and other trackers' numbers
    r"|:[\w/]|www\."  # addresses, signs such as :tada:
    r"|[0-9a-f]{7}",  # commits
    re.IGNORECASE,
)
_FIGURE = re.compile(r"(?!.*\d{7})[\d:.,;()-]{1,24}")
"""A day or a time, which refers to nothing."""
_IN_A_SENTENCE = re.compile(r"([('\"]*)(.*?)([.,;:)'\"]*)")
_BEGINS_A_LIST = re.compile(r"[-+=]|\d+[.)](\s|$)")
_NOTHING = "&#8203;"
"""A character without width, so that what follows does not begin a line."""


def escaped(text: str) -> str:
    """Text as character references where Markdown or HTML would read something into it."""
    return _MEANS_SOMETHING.sub(lambda found: f"&#{ord(found[0])};", text)


def code(text: str, limit: int = SHORT) -> str:
    """A name, an id or a value."""
    return f"<code>{escaped(shorten(printable(text), limit))}</code>" if text else ""


def prose(text: str, limit: int = LONG) -> str:
    """A sentence; what stands between backticks is code, as is what could be a reference."""
    parts = sentence(text, limit).split("`")
    if len(parts) % 2 == 0:  # a backtick without its other
        parts = ["`".join(parts)]
    return "".join(code(part, limit) if at % 2 else _words(part) for at, part in enumerate(parts))


def _words(text: str) -> str:
    return " ".join(map(_word, text.split(" ")))


def _word(word: str) -> str:
    if not _REFERENCE.search(word) or _FIGURE.fullmatch(word):
        return escaped(word)
    found = _IN_A_SENTENCE.fullmatch(word)
    before, reference, after = found.groups() if found else ("", word, "")
    return f"{escaped(before)}{code(reference, LONG)}{escaped(after)}"


def names(given: Iterable[str]) -> str:
    """The first of some names, and how many more."""
    return few([code(name) for name in given])


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: str) -> str:
    """A table with a row of titles; nothing without rows."""
    return "\n".join((row(*head), row(*("---" for _ in head)), rows)) if rows else ""


def details(summary: str, body: str) -> str:
    """A part that is closed until somebody opens it; nothing without a body."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>" if body else ""


def bullet(point: str) -> str:
    """A point of a list; it begins no list in the list."""
    return f"- {_NOTHING if _BEGINS_A_LIST.match(point) else ''}{point}"


def bullets(points: Iterable[str]) -> str:
    """A list."""
    return "\n".join(map(bullet, points))


T = TypeVar("T")


def fitting(
    things: Sequence[T],
    say: Callable[[T], str],
    room: int,
    left_out: Callable[[int], str],
    between: str = "\n",
) -> str:
    """As many things as there is room for, in their order, and then what says how many were left out."""
    kept: list[str] = []
    for thing in things:
        kept.append(say(thing))
        room -= len(kept[-1]) + len(between)
        if room < 0:
            break
    else:
        return between.join(kept)
    room -= len(left_out(len(things)))
    while kept and room < 0:
        room += len(kept.pop()) + len(between)
    return between.join((*kept, left_out(len(things) - len(kept))))


def document(*parts: str) -> str:
    """The parts that say something, with an empty line between them."""
    return "\n\n".join(filter(None, parts)) + "\n"
