"""What pipelines and workflows share: the service makes their ids, and a program knows them by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from pulumi_videosnap.alibaba.auth import region_of, unavailable_in
from pulumi_videosnap.core.lifecycle import Context, Failure, Lifecycle
from pulumi_videosnap.core.properties import Path, Properties, dotted
from pulumi_videosnap.core.schema import Difference, Effect, Inputs, differences

ApiT = TypeVar("ApiT")
Connect = Callable[["str | None", str], ApiT]
"""Finds the API of a profile in the region of a location."""


class NamedLifecycle(Lifecycle, Generic[ApiT]):
    """Drives one object that is known by its name, and that stays until it is deleted."""

    inputs: type[Inputs]

    def __init__(
        self, context: Context, connect: Connect[ApiT], *, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._context = context
        self._connect = connect
        self._sleep = sleep or context.sleep

    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """What is its identity or where it is known, and what the service cannot change."""
        changed = differences(self.inputs, recorded, inputs)
        return [leaf.path for leaf, _ in changed if leaf.effect is Effect.REPLACE]

    def _absent(self, path: Path, location: object) -> Iterator[Failure]:
        """The refusal of a location where there is no service."""
        absent = isinstance(location, str) and unavailable_in(
            region_of(location), config=self._context.config
        )
        if absent:
            yield Failure(path, absent)

    def _declared_twice(self, field: str, value: str, claim: str) -> Iterator[Failure]:
        """The refusal of what another resource of the program claims."""
        if other := self._context.other_declaring(claim):
            both = f"{self._context.resource} and by {other}"
            yield Failure((field,), f"{value!r} is declared by {both}; set another one")


def has_ended(outputs: Mapping[str, Any]) -> bool:  # noqa: ARG001
    """Never: it stays until it is deleted."""
    return False


def differing(declared: Inputs, read: Callable[[Properties], Properties]) -> list[Difference]:
    """Each declared setting that the service has otherwise; `read` makes inputs of what it has."""
    properties = declared.properties()
    return [found for _, found in differences(type(declared), properties, read(properties))]


def format_difference(found: Difference) -> str:
    """A field on which a declaration and the service disagree, in a sentence."""
    declared = "nothing is declared" if found.recorded is None else f"declared {found.recorded!r}"
    return (
        f"{dotted(found.path)}: there {'nothing' if found.actual is None else repr(found.actual)}, {declared}"
    )


def default_name(context: Context, name: object, kind: str, fit: Callable[[str], str]) -> object:
    """The name to use: the program's own choice, or the default of the resource class, made to fit.

    Pulumi makes a name unique only beside its type and its parents' types, so these decide too
    (`Context.unique_name`). A recorded default stays.
    """
    stack, project, _, own = (*context.resource.removeprefix("urn:pulumi:").split("::", 3), "", "", "")[:4]
    default = f"{project}-{stack}-{own}"
    if not context.resource or name not in (None, default):
        return name
    recorded = context.recorded.get("name")
    if isinstance(recorded, str) and recorded.startswith(f"{fit(f'{project}-{stack}')}-"):
        return recorded
    with_dots = f"{project}.{stack}.{own}"
    unique = str(context.unique_name(with_dots, None, kind))
    return fit(f"{default}{unique.removeprefix(with_dots)}")


def shorten(name: str, limit: int) -> str:
    """A name of at most so many bytes; one that is cut ends in a digest of the whole."""
    content = name.encode()
    if len(content) <= limit:
        return name
    digest = hashlib.sha256(content).hexdigest()[:8]
    return f"{content[: limit - 9].decode(errors='ignore')}-{digest}"
