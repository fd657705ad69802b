"""Progress of a command on stderr: a line that is overwritten on a terminal, a few lines in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
"""Characters of the bar."""
LOG_INTERVAL = 5.0
"""Seconds between two lines in a log."""


def share(
    verb: str, stream: TextIO | None = None, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """A function that shows how many of a known number are done."""
    out = stream or sys.stderr
    on_a_terminal, last_line = out.isatty(), math.inf

    def show(done: int, total: int) -> None:
        nonlocal last_line
        last_line = min(last_line, monotonic())
        if on_a_terminal:
            bar = "#" * (WIDTH * done // total)
            end = "\n" if done == total else ""
            print(f"\r{verb} [{bar:<{WIDTH}}] {done:,} of {total:,} ", end=end, file=out, flush=True)
        elif monotonic() - last_line >= LOG_INTERVAL:
            last_line = monotonic()
            print(f"{verb} {done:,} of {total:,}", file=out, flush=True)

    return show


def count(verb: str, what: str, stream: TextIO | None = None) -> Callable[[int], None]:
    """A function that shows how many there are so far, on a terminal only."""
    out = stream or sys.stderr
    if not out.isatty():
        return lambda *_: None
    return lambda number: print(f"\r{verb} {number:,} {what} ", end="", file=out, flush=True)
