"""How far a command has got, on stderr: a line that is written over on a terminal, a few lines in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import TextIO

WIDTH = 30
A_LINE_EVERY = 5.0
"""Seconds between two lines in a log."""


def share(
    verb: str, stream: TextIO | None = None, monotonic: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """Tells how many of a known number are done."""
    out = stream or sys.stderr
    on_a_terminal, said_at = out.isatty(), math.inf

    def tell(done: int, total: int) -> None:
        nonlocal said_at
        said_at = min(said_at, monotonic())
        if on_a_terminal:
            bar = "#" * (WIDTH * done // total)
            end = "\n" if done == total else ""
            print(f"\r{verb} [{bar:<{WIDTH}}] {done:,} of {total:,} ", end=end, file=out, flush=True)
        elif monotonic() - said_at >= A_LINE_EVERY:
            said_at = monotonic()
            print(f"{verb} {done:,} of {total:,}", file=out, flush=True)

    return tell


def count(verb: str, what: str, stream: TextIO | None = None) -> Callable[[int], None]:
    """Tells how many there were so far, on a terminal only."""
    out = stream or sys.stderr
    if not out.isatty():
        return lambda *_: None
    return lambda number: print(f"\r{verb} {number:,} {what} ", end="", file=out, flush=True)
