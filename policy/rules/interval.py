"""Pictures come neither too often nor too seldom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .facts import INTERVALS
from .findings import Finding, Misconfigured, Unchecked, Violation
from .values import NotKnown, python_name, revealed, shown, value_at


def interval_out_of_range(
    resource_type: str, properties: Mapping[str, Any], minimum: float, maximum: float
) -> Iterator[Finding]:
    """An interval outside `minimum` to `maximum` seconds; a job's 0, which spreads its pictures, is none."""
    low, high = shown(minimum), shown(maximum)
    if minimum > maximum:
        raise Misconfigured(f"videosnap-interval: minimum {low} is above maximum {high} in the configuration")
    path = INTERVALS[resource_type]
    interval = value_at(properties, path)
    if isinstance(interval, NotKnown):
        yield Unchecked(python_name(interval.path))
    elif revealed(interval) and not minimum <= revealed(interval) <= maximum:
        yield Violation(f"{python_name(path)} is {shown(interval)}: write {low} to {high} (seconds)")
