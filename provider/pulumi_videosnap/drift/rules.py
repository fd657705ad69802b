"""What `videosnap drift` asks of a resource kind; the module `<cloud>/drift.py` is its implementation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pulumi_videosnap.core.properties import Path
from pulumi_videosnap.drift.model import FailedRuns, Unmanaged, Verdict
from pulumi_videosnap.state import RecordedResource, Stack
from pulumi_videosnap.storage.platforms import Location


class StoredObjects(NamedTuple):
    """The objects that one output of a resource names, and where they are."""

    field: str
    """The output as a program writes it."""
    keys: tuple[str, ...]
    place: Location


class DriftRules(Protocol):
    """What a kind contributes to a drift check. Sentences have no full stop and no capital at the start."""

    service: str
    """The service that has the resources."""
    desired_state_input: Path
    """The input that declares the state of a resource; a refresh changes its record, not its declaration."""
    desired_state: str
    """The value of that input while the resource is in the declared state."""
    can_change: bool
    """Whether the service can have other settings of a resource than the recorded ones."""
    stored_fields: frozenset[str]
    """Outputs that name stored objects, as a program writes them; it takes another run to replace those."""

    def account(self, properties: Mapping[str, Any]) -> tuple[str, ...]:
        """What resources have in common that are read with one account at one endpoint."""

    def explain_change(self, field: str, recorded: Any, actual: Any) -> str:
        """What another value of a field does to the frames; `field` is as a program writes it."""

    def explain_end(self, outputs: Mapping[str, Any]) -> str:
        """What it means that a resource ended otherwise than declared."""

    def describe(self, outputs: Mapping[str, Any]) -> str:
        """The state of a resource that has no drift, in words."""

    def remedy(self, verdict: Verdict, fields: Collection[str]) -> str:
        """What brings a drifted resource back; `fields` are those that differ."""

    def stored_objects(
        self, recorded: RecordedResource, outputs: Mapping[str, Any]
    ) -> Iterator[StoredObjects]:
        """The objects that a complete resource should have stored, as recorded or as the service says now."""

    def state(self, outputs: Mapping[str, Any]) -> tuple[str, datetime | None]:
        """The service's word for the state of a resource, and when the resource was created (UTC)."""

    def unmanaged(
        self, recorded: Sequence[tuple[RecordedResource, Stack]]
    ) -> Iterator[Unmanaged | FailedRuns | str]:
        """What the service lists and no stack records, failed runs, and sentences on what was searched."""

    def scope(self, frames: bool) -> Iterator[str]:
        """Sentences on what a check of this kind cannot see; `frames` is whether buckets are listed."""


def explain_other_value(recorded: Any, actual: Any) -> str:
    """What another value means where a kind says nothing more about the field."""
    return f"it has {actual!r} instead of {recorded!r}"
