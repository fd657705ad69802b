"""Numbers, sizes, times, untrusted text and lines of text, as every format of a report writes them."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

COLUMNS = 80
"""Columns of a terminal."""
KILO = 1000
ARROW = "->"
"""From before to after, where only ASCII is safe."""
UNKNOWN = "not known yet"
MARKERS = ("[secret]", "[unknown]")
"""What stands for a value that must not or cannot be shown: never in quotes, which a string has."""

_CODE, _QUOTED = re.compile("`[^`]*`"), re.compile("'.*'")
_BLANK = "\ue000"
"""Stands for a blank at which a line is not broken; no text has it, since it is not printable."""
_LONGEST_VALUE = 400
_LITTLE = 40
_FEW = 3
_THREE_DIGITS = 100
_UNITS = ("MB", "GB", "TB", "PB")
_SPANS = ((90, 1, "s"), (90 * 60, 60, "min"), (36 * 3600, 3600, "h"))
_DAY = 86_400
_DOUBLE = 2
_LEAST = 0.0001


def visible(value: object) -> object:
    """Untrusted text without characters that hide, move or reverse others: those are written as escapes.

    It is applied to all that a template writes; HTML of our own stays as it is.
    """
    if not isinstance(value, str) or hasattr(value, "__html__") or value.isprintable():
        return value
    return "".join(char if char.isprintable() else _escape(char) for char in value)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def utc(at: datetime) -> datetime:
    """The same time in UTC; one without a zone is taken for UTC."""
    return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)


def exact(at: datetime) -> str:
    """`2026-08-04 12:00:05 UTC`, with milliseconds where there are some."""
    return f"{utc(at):%Y-%m-%d} {_clock(at)} UTC"


def brief(at: datetime, with_day: bool) -> str:
    """`12:00:05`, or `08-04 12:00:05` where the day must be shown."""
    return f"{utc(at):%m-%d} {_clock(at)}" if with_day else _clock(at)


def _clock(at: datetime) -> str:
    milliseconds = at.microsecond // 1000
    return f"{utc(at):%H:%M:%S}" + (f".{milliseconds:03d}" if milliseconds else "")


def size(count: int) -> str:
    """`812 bytes`, `16.9 kB`, `1.2 MB`."""
    if count < KILO:
        return quantity(count, "byte")
    kilobytes = round(count / KILO, 1)
    return f"{kilobytes:.1f} kB" if kilobytes < KILO else f"{kilobytes / KILO:.1f} MB"


def quantity(count: int, noun: str) -> str:
    """`1 frame`, `1,200 frames`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """Untrusted text on one line, without characters that hide, move or reverse others."""
    return str(visible(text))


def sentence(text: str, limit: int = 2000) -> str:
    """The same of a text that may have several lines; they become one."""
    return shorten(printable(" ".join(text.split())), limit)


def shorten(text: str, limit: int) -> str:
    """A text of about `limit` characters, which says how long it was if it is cut."""
    cut = len(text) > limit + _LITTLE
    return f"{text[:limit]}... ({quantity(len(text), 'character')})" if cut else text


def value(given: Any, limit: int = _LONGEST_VALUE) -> str:
    """A value of a field: strings in quotes, blocks as JSON."""
    if given is None:
        return "not set"
    if given in MARKERS:
        return str(given)
    return shorten(printable(json.dumps(given, ensure_ascii=False, default=str)), limit)


def few(names: Sequence[str], most: int = _FEW) -> str:
    """`a, b, c and 197 more`."""
    if len(names) <= most + 1:
        return ", ".join(names[:-1]) + (" and " if names[1:] else "") + "".join(names[-1:])
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def number(figure: float) -> str:
    """`1,800`, `7.2`, `0.012`."""
    rounded = f"{figure:.3g}"
    return f"{round(figure):,}" if abs(float(rounded)) >= _THREE_DIGITS else f"{float(rounded):g}"


def byte_size(count: float) -> str:
    """`16.9 kB`, `3.1 GB`."""
    megabytes = count / KILO**2
    if megabytes < 1:
        return size(round(count))
    for unit in _UNITS[:-1]:
        if round(megabytes, 1) < KILO:
            return f"{megabytes:.1f} {unit}"
        megabytes /= KILO
    return f"{megabytes:,.1f} {_UNITS[-1]}"


def money(amount: float) -> str:
    """`1,204.50`; less than a hundredth keeps its digits, down to `<0.0001`."""
    if amount == 0 or amount >= 1 / 100:
        return f"{amount:,.2f}"
    return f"{amount:.2g}" if amount >= _LEAST else f"<{_LEAST:.4f}"


Say = Callable[[float], str]


def change(
    before: float | None, after: float | None, say: Say = number, arrow: str = ARROW, unit: str = ""
) -> str:
    """`720 -> 1,800 (x2.5)`; one figure where it stays, None for one that is not known yet."""
    old, new = (UNKNOWN if figure is None else say(figure) for figure in (before, after))
    if old == new:
        return new + unit
    much = "" if before is None or after is None else factor(before, after)
    return f"{old} {arrow} {new}{unit}" + (f" ({much})" if much else "")


def factor(before: float, after: float) -> str:
    """`x2.5` from the double on, else `+25%` or `-60%`; empty where one is nothing or both are alike."""
    if before <= 0 or after <= 0:
        return ""
    ratio = after / before
    if ratio >= _DOUBLE:
        return f"x{number(ratio)}"
    percent = (ratio - 1) * 100
    return f"{'+' if percent > 0 else '-'}{number(abs(percent))}%" if abs(percent) >= 1 / 2 else ""


def span(length: timedelta) -> str:
    """`45 s`, `12 min`, `2 h`, `3 d`: as much as one takes in."""
    seconds = length.total_seconds()
    for below, unit, name in _SPANS:
        if seconds < below:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / _DAY:,.0f} d"


def wrap(text: str, first: str = "", rest: str | None = None) -> Iterator[str]:
    """A text in lines; a word that is longer than a line, such as an id, is not broken.

    Nor is a quoted word of a command between backticks: broken, it is another word when it is pasted.
    """
    following = " " * len(first) if rest is None else rest
    whole = _CODE.sub(lambda code: _QUOTED.sub(lambda word: word[0].replace(" ", _BLANK), code[0]), text)
    for line in textwrap.wrap(
        whole,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
        expand_tabs=False,
    ):
        yield line.replace(_BLANK, " ")


def titled_list(title: str, texts: Iterable[str]) -> Iterator[str]:
    """An empty line, a title, and a text to each point; nothing where there are no texts."""
    points = list(texts)
    if points:
        yield ""
        yield f"{title}:"
        for text in points:
            yield from wrap(text, "  - ")
