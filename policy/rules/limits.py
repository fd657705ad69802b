"""Limits on what is declared: buckets, intervals, business ids, and the frames that a stack takes an hour."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from . import Finding, Misconfigured, Unchecked, Violation
from .facts import BUSINESS_ID, STREAMS, TASK, Kind
from .values import NotKnown, Secret, python_name, revealed, shown, value_at, values_at

NAMED = 3  # how many tasks a message names, the biggest


def foreign_places(kind: Kind, properties: Mapping[str, Any], allowed: Sequence[str]) -> Iterator[Finding]:
    """Each bucket, VOD space or veImageX service that is not in the list; none where there is no list."""
    choice = " or ".join(map(repr, allowed))
    places = (found for path in kind.places for found in values_at(properties, path))
    for path, place in places if allowed else ():
        if isinstance(place, NotKnown):
            yield Unchecked(python_name(place.path))
        elif place is not None and revealed(place) not in allowed:
            yield Violation(f"{python_name(path)} is {shown(place)}: write {choice}")


def interval_out_of_range(
    kind: Kind, properties: Mapping[str, Any], minimum: float, maximum: float
) -> Iterator[Finding]:
    """An interval outside `minimum` to `maximum` seconds; 0, which spreads a job's frames, is none."""
    low, high = shown(minimum), shown(maximum)
    if minimum > maximum:
        raise Misconfigured(f"videosnap-interval: minimum {low} is above maximum {high} in the configuration")
    for path, interval in values_at(properties, kind.interval):
        if isinstance(interval, NotKnown):
            yield Unchecked(python_name(interval.path))
        elif revealed(interval) and not minimum <= revealed(interval) <= maximum:
            yield Violation(f"{python_name(path)} is {shown(interval)}: write {low} to {high} (seconds)")


def missing_business_id(properties: Mapping[str, Any], pattern: str | None) -> Iterator[Finding]:
    """No business id, or one that `pattern`, a regular expression, does not match as a whole."""
    try:
        wanted = re.compile(pattern) if pattern else None
    except re.error as error:
        where = f"videosnap-business-id: pattern {pattern!r} in the configuration"
        raise Misconfigured(f"{where} is no regular expression: {error}") from None
    field, tag = python_name(BUSINESS_ID), value_at(properties, BUSINESS_ID)
    that_matches = f" that matches {pattern!r} as a whole" if pattern else ""
    if isinstance(tag, NotKnown):
        yield from [Unchecked(field)] if wanted else []
    elif tag is None:
        yield Violation(f'{field} is not given: write {field}="…"{that_matches}')
    elif wanted and not wanted.fullmatch(revealed(tag)):
        yield Violation(f"{field} is {shown(tag)}: write one{that_matches}")


def too_many_frames(
    declared: Iterable[tuple[str, Mapping[str, Any]]], maximum: float, assumed_streams: float
) -> Iterator[Finding]:
    """One violation where the tasks, each with its name, take more than `maximum` frames an hour together.

    A task that lists no stream takes every stream of its room: it counts as `assumed_streams`. A task whose
    interval or streams the preview does not know is not counted, and named.
    """
    rates: list[tuple[float, str]] = []
    for name, properties in declared:
        interval, streams = value_at(properties, TASK.interval), value_at(properties, STREAMS)
        unknown = next((value for value in (interval, streams) if isinstance(value, NotKnown)), None)
        if unknown:
            yield Unchecked(f"{name!r}: {python_name(unknown.path)}")
        elif revealed(interval):
            rates.append(_rate(name, interval, streams, assumed_streams))
    total = sum(frames for frames, _ in rates)
    if total > maximum:
        biggest = sorted(rates, key=lambda each: (-each[0], each[1]))[:NAMED]
        tasks = f"{len(rates)} task{'s' * (len(rates) != 1)}"
        yield Violation(
            f"{tasks} with {total:,.0f} frames an hour, {maximum:,.0f} are allowed. "
            f"Biggest: {'; '.join(text for _, text in biggest)}. Raise {python_name(TASK.interval)}, "
            f"or name only the streams you need in {python_name(STREAMS)}"
        )


def _rate(name: str, interval: Any, streams: Any, assumed: float) -> tuple[float, str]:
    """The frames that a task takes in an hour, and the sentence that says so."""
    count = len(revealed(streams) or ())
    frames = (count or assumed) * 3600 / revealed(interval)
    if isinstance(interval, Secret) or isinstance(streams, Secret):
        return frames, f"{name!r} with [secret]"
    what = (
        f"{count} stream{'s' * (count != 1)}"
        if count
        else f"every stream of the room, counted as {shown(assumed)}"
    )
    return frames, f"{name!r} with {frames:,.0f} ({what}, every {shown(interval)} s)"
