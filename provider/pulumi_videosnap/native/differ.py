"""Differences as the engine shows them, property by property; and what a model says of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi.runtime.proto import provider_pb2

from pulumi_videosnap.core.properties import Path, Properties, value_at
from pulumi_videosnap.core.schema import Inputs, Mark, differences, facts

_KIND = provider_pb2.PropertyDiff.Kind
Changes = Mapping[Path, tuple[Any, bool]]
"""By path: the kind of the change, and whether the program's inputs differ, not only what is recorded."""


def changes(
    model: type[Inputs], before: Properties, recorded: Properties, news: Properties, replaces: Sequence[Path]
) -> Iterator[tuple[Path, tuple[Any, bool]]]:
    """Every path at which the inputs differ, and what needs a replacement for another reason."""
    explained = set()
    for leaf, found in differences(model, before, news):
        for path, kind in _inside(found.path, found.recorded, found.actual):
            needs = next((one for one in replaces if leaf.path[: len(one)] == one), None)
            explained.add(needs)
            yield path, (_replacing(kind) if needs else kind, True)
    for path in replaces:
        if path not in explained:
            kind = _KIND.UPDATE if value_at(recorded, path) is not None else _KIND.ADD
            yield path, (_replacing(kind), False)


def response(changes: Changes, replaces: Sequence[Path]) -> Any:
    """The engine's answer to a diff; a replacement deletes first: the new task may have the old one's id."""
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changes else none,
        replaces=[camel_dotted(path) for path in replaces],
        deleteBeforeReplace=True,
        diffs=list(dict.fromkeys(str(path[0]) for path in changes)),
        detailedDiff={
            camel_dotted(path): provider_pb2.PropertyDiff(kind=kind, inputDiff=of_inputs)
            for path, (kind, of_inputs) in changes.items()
        },
        hasDetailedDiff=True,
    )


def camel_dotted(path: Path) -> str:
    """A path as the engine writes it: `a.b[0]["c.d"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step.isidentifier() else f'["{step}"]'
    return text.lstrip(".")


def secrets_of(model: type[Inputs]) -> Iterator[Path]:
    """The fields that are always secret."""
    return (leaf.path for leaf in facts(model) if Mark.SECRET in leaf.marks)


def unread(model: type[Inputs], found: Properties) -> Iterator[Path]:
    """The fields that the service never returns, without those that are there all the same."""
    return (leaf.path for leaf in facts(model) if leaf.marks and value_at(found, leaf.path) is None)


def has_required(model: type[Inputs], recorded: Properties) -> bool:
    """Whether the recorded properties have all that every resource has; an import has none yet."""
    return all(info.alias in recorded for info in model.model_fields.values() if info.is_required())


def _inside(path: Path, old: Any, new: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in {**old, **new}:
            yield from _inside((*path, name), old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            yield from _inside((*path, at), *(items[at] if at < len(items) else None for items in (old, new)))
    elif old != new:
        yield path, _KIND.ADD if old is None else _KIND.DELETE if new is None else _KIND.UPDATE


def _replacing(kind: Any) -> Any:
    return kind + 1  # each kind is followed by the one that also replaces
