"""Figures, moments and strangers' text, as every format of a report says them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from pulumi_videosnap.frames.sheet.words import counted, size, visible

ARROW = "->"
"""From before to after, where only ASCII is safe."""
UNKNOWN = "not known yet"
MARKERS = ("[secret]", "[unknown]")
"""What stands for a value that must not, or cannot be told: never in quotes, which a string has."""

_LONGEST_VALUE = 400
_LITTLE = 40
_FEW = 3
_THREE_DIGITS = 100
_KILO, _UNITS = 1000, ("MB", "GB", "TB", "PB")
_SPANS = ((90, 1, "s"), (90 * 60, 60, "min"), (36 * 3600, 3600, "h"))
_DAY = 86_400
_DOUBLE = 2
_LEAST = 0.0001


def shown(text: str) -> str:
    """Text of strangers on one line, without characters that hide, move or reverse others."""
    return str(visible(text))


def sentence(text: str, limit: int = 2000) -> str:
    """The same of a text that may have several lines; they become one."""
    return shortened(shown(" ".join(text.split())), limit)


def shortened(text: str, limit: int) -> str:
    """A text of about `limit` characters, which says how long it was if much is cut off."""
    much = len(text) > limit + _LITTLE
    return f"{text[:limit]}... ({counted(len(text), 'character')})" if much else text


def value(given: Any, limit: int = _LONGEST_VALUE) -> str:
    """A value of a field: strings in quotes, blocks as JSON."""
    if given is None:
        return "not set"
    if given in MARKERS:
        return str(given)
    return shortened(shown(json.dumps(given, ensure_ascii=False, default=str)), limit)


def few(names: Sequence[str], most: int = _FEW) -> str:
    """`a, b, c and 197 more`."""
    if len(names) <= most + 1:
        return ", ".join(names[:-1]) + (" and " if names[1:] else "") + "".join(names[-1:])
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def number(figure: float) -> str:
    """`1,800`, `7.2`, `0.012`."""
    rounded = f"{figure:.3g}"
    return f"{round(figure):,}" if abs(float(rounded)) >= _THREE_DIGITS else f"{float(rounded):g}"


def stored(count: float) -> str:
    """`16.9 kB`, `3.1 GB`."""
    megabytes = count / _KILO**2
    if megabytes < 1:
        return size(round(count))
    for unit in _UNITS[:-1]:
        if round(megabytes, 1) < _KILO:
            return f"{megabytes:.1f} {unit}"
        megabytes /= _KILO
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
