"""What a URN says of a resource: `urn:pulumi:<stack>::<project>::<types>::<name>`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def resource_name(urn: str) -> str:
    """A resource's name in the program, the last part of its URN."""
    return urn.rpartition("::")[2]


def stack_name(urn: str) -> str:
    """The stack's name, which every URN begins with."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def project_name(urn: str) -> str:
    """The project's name, the second part of every URN."""
    return urn.split("::")[1]


def is_default_provider(urn: str) -> bool:
    """Whether the engine made a provider by itself: `default`, or with a version after it."""
    return resource_name(urn).partition("_")[0] == "default"


def resource_types(urn: str) -> list[str]:
    """The types of a resource's parents, the outermost first, and its own."""
    return urn.rpartition("::")[0].rpartition("::")[2].split("$")


def distinct_names(urns: Iterable[str]) -> dict[str, str]:
    """What a report calls each resource: its name, and where several share one, their types too.

    Pulumi makes a name unique only beside the types of the resource and its parents.
    """
    names = {urn: resource_name(urn) for urn in urns}
    often = Counter(names.values())
    return {urn: name if often[name] == 1 else _name_with_types(urn) for urn, name in names.items()}


def _name_with_types(urn: str) -> str:
    *parents, own = resource_types(urn)
    return f"{resource_name(urn)} ({'$'.join([*parents, own.rpartition(':')[2]])})"
