"""Timing two ways of doing one thing in one run, and saying their ratio."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator


@contextlib.contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Add the seconds that the block took."""
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)


def report(what: str, ours: list[float], beside: str, other: list[float]) -> None:
    """Print the medians of both and how they compare."""
    mine, theirs = statistics.median(ours), statistics.median(other)
    print(f"{what}: {mine:.2f} s, {mine / theirs:.2f} x {beside} ({theirs:.2f} s)", flush=True)
