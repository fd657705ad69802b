"""Which fields a change touches, as a reviewer reads them: values before and after, no secret among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.alibaba.schema import SnapshotJobInputs
from pulumi_videosnap.core.properties import Path, Unknown, dotted, value_at
from pulumi_videosnap.core.schema import Effect, FieldFacts, Inputs, Mark, differences, facts
from pulumi_videosnap.review.model import FieldChange
from pulumi_videosnap.review.preview import SECRET, Step
from pulumi_videosnap.state import FILE, LIVE, is_hidden
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs

MODELS: Mapping[str, type[Inputs]] = {LIVE: SnapshotTaskInputs, FILE: SnapshotJobInputs}
NOT_KNOWN = "[unknown]"


def changed_leaves(step: Step) -> list[FieldFacts]:
    """The fields that differ; a secret is known to differ from the engine alone."""
    if step.old is None or not step.inputs:
        return []
    model = MODELS[step.kind]
    differing = {leaf.path for leaf, _ in differences(model, step.old.inputs, step.inputs)}
    return [leaf for leaf in facts(model) if leaf.path in differing or _named_by_the_engine(leaf.path, step)]


def _named_by_the_engine(path: Path, step: Step) -> bool:
    return any(changed[: len(path)] == path for changed in step.changed)


def field_changes(step: Step) -> Iterator[FieldChange]:
    """The fields that differ, with their values."""
    recorded = step.old.inputs if step.old else {}
    for leaf in changed_leaves(step):
        yield FieldChange(
            field=dotted(leaf.path),
            before=_shown(leaf, value_at(recorded, leaf.path)),
            after=_shown(leaf, value_at(step.inputs, leaf.path)),
            replaces=leaf.effect is Effect.REPLACE,
        )


def _shown(leaf: FieldFacts, value: Any) -> Any:
    if value is not None and (Mark.SECRET in leaf.marks or is_hidden(value)):
        return SECRET
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Unknown):
        return NOT_KNOWN
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def number_at(inputs: Mapping[str, Any], *path: str) -> int | None:
    """A whole number among inputs; None where it is absent, a secret, or not known yet."""
    value = value_at(inputs, path)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text_at(inputs: Mapping[str, Any], *path: str) -> str | None:
    """A text among inputs; None where it is absent, a secret, or not known yet."""
    value = value_at(inputs, path)
    return value if isinstance(value, str) and value != SECRET else None
