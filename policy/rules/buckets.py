"""Pictures go only where a team wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .facts import PLACES
from .findings import Finding, Unchecked, Violation
from .values import NotKnown, python_name, revealed, shown, value_at


def foreign_places(
    resource_type: str, properties: Mapping[str, Any], allowed: Sequence[str]
) -> Iterator[Finding]:
    """Each bucket, VOD space or veImageX service that is not in the list; none where there is no list."""
    if not allowed:
        return
    choice = " or ".join(map(repr, allowed))
    for path in PLACES.get(resource_type, ()):
        place = value_at(properties, path)
        if isinstance(place, NotKnown):
            yield Unchecked(python_name(place.path))
        elif place is not None and revealed(place) not in allowed:
            yield Violation(f"{python_name(path)} is {shown(place)}: write {choice}")
