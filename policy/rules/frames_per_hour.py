"""All live rooms of a stack together yield no more pictures than a team can store, look at and pay for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .facts import INTERVALS, STREAMS, TASK
from .findings import Finding, Unchecked, Violation
from .values import NotKnown, Secret, python_name, revealed, shown, value_at

_HOUR = 3600
_NAMED = 3
"""How many tasks a message names, the biggest."""


@dataclass(frozen=True)
class _Yield:
    """What one task takes in an hour."""

    frames: float
    text: str


def too_many_frames(
    tasks: Iterable[tuple[str, Mapping[str, Any]]], maximum: float, assumed_streams: float
) -> Iterator[Finding]:
    """One violation where the tasks, each with its name, take more than `maximum` pictures an hour together.

    A task that lists no stream takes every stream of its room: it counts as `assumed_streams`. A task whose
    interval or streams the preview does not know is not counted, and named.
    """
    yields: list[_Yield] = []
    for name, properties in tasks:
        interval = value_at(properties, INTERVALS[TASK])
        streams = value_at(properties, STREAMS)
        unknown = next((value for value in (interval, streams) if isinstance(value, NotKnown)), None)
        if unknown:
            yield Unchecked(f"{name!r}: {python_name(unknown.path)}")
        elif revealed(interval):
            yields.append(_yield_of(name, interval, streams, assumed_streams))
    total = sum(each.frames for each in yields)
    if total > maximum:
        yield Violation(_too_many(yields, total, maximum))


def _yield_of(name: str, interval: Any, streams: Any, assumed: float) -> _Yield:
    count = len(revealed(streams) or ())
    frames = (count or assumed) * _HOUR / revealed(interval)
    if isinstance(interval, Secret) or isinstance(streams, Secret):
        return _Yield(frames, f"{name!r} with [secret]")
    what = _counted(count, "stream") if count else f"every stream of the room, counted as {shown(assumed)}"
    return _Yield(frames, f"{name!r} with {frames:,.0f} ({what}, every {shown(interval)} s)")


def _too_many(yields: list[_Yield], total: float, maximum: float) -> str:
    biggest = sorted(yields, key=lambda each: (-each.frames, each.text))[:_NAMED]
    return (
        f"{_counted(len(yields), 'task')} with {total:,.0f} pictures an hour, {maximum:,.0f} are allowed. "
        f"Biggest: {'; '.join(each.text for each in biggest)}. "
        f"Raise {python_name(INTERVALS[TASK])}, or name only the streams you need in {python_name(STREAMS)}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
