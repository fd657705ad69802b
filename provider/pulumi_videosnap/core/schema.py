"""What a field of a task means for its lifecycle: one declaration, read by check, diff, drift and docs.

A resource's inputs are a pydantic model derived from `Inputs`. Each leaf says in its annotation what
a change of it does (`Effect`), and whether the service's answer never carries it or it must never be
shown (`Mark`):

    interval: Annotated[int, Effect.IN_PLACE] = Field(2, ge=1, le=600, description="…")

Everything else (validation in words, the replace keys of a diff, the fields that can drift, the
tables in the docs) is derived from that line.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

Path = tuple[str | int, ...]
Properties = dict[str, Any]


class Effect(enum.Enum):
    """What a changed value does to a running task."""

    IN_PLACE = "in place"
    REPLACE = "replace"


class Mark(enum.Enum):
    """What else a field is, beside its effect."""

    NOT_RETURNED = "not returned"
    """The service's answer never carries it, so drift of it cannot be seen."""
    SECRET = "secret"  # noqa: S105
    """Encrypted in state, never printed; the service never returns it."""


@dataclass(frozen=True)
class Unit:
    """The unit of a number, in the plural."""

    name: str


class Unknown:
    """A value that a preview does not know yet; every check leaves it alone."""

    def __repr__(self) -> str:
        return "[unknown]"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Difference:
    """One field on which two sets of inputs disagree; None stands for absent."""

    path: Path
    recorded: Any
    actual: Any


class Inputs(BaseModel):
    """Inputs of a task, or one block of them: camelCase outside, snake_case inside, unknowns let through."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="forbid",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _block_may_be_unknown(cls, value: Any, handler: Any) -> Any:
        return value if isinstance(value, Unknown) else handler(value)

    @field_validator("*", mode="wrap")
    @classmethod
    def _field_may_be_unknown(cls, value: Any, handler: Any) -> Any:
        return value if isinstance(value, Unknown) else handler(value)

    def properties(self) -> Properties:
        """The inputs as Pulumi keeps them: camelCase, absent fields left out, unknowns as they came."""
        named = ((info.alias or name, getattr(self, name)) for name, info in type(self).model_fields.items())
        return {name: _plain_value(value) for name, value in named if value is not None}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Inputs):
        return value.properties()
    return [_plain_value(item) for item in value] if isinstance(value, list) else value


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""An integer; Python would take True for 1 as well."""


@dataclass(frozen=True)
class FieldFacts:
    """One leaf of a resource's inputs, as the docs, the diff and the drift check see it."""

    path: Path
    effect: Effect
    marks: frozenset[Mark]
    info: FieldInfo

    @property
    def compared(self) -> bool:
        """Whether the service's answer is held against the recorded value."""
        return not self.marks


def facts(model: type[Inputs], prefix: Path = ()) -> Iterator[FieldFacts]:
    """Every leaf of the model with its effect, in the order of declaration."""
    for name, info in model.model_fields.items():
        path = (*prefix, info.alias or name)
        block = _block_of(info.annotation)
        if block is not None:
            yield from facts(block, path)
        else:
            yield FieldFacts(path, _effect(path, info), _marks(info), info)


def _effect(path: Path, info: FieldInfo) -> Effect:
    for item in info.metadata:
        if isinstance(item, Effect):
            return item
    raise TypeError(f"{dotted(path)} does not declare the effect of a change")


def _marks(info: FieldInfo) -> frozenset[Mark]:
    return frozenset(item for item in info.metadata if isinstance(item, Mark))


def _block_of(annotation: Any) -> type[Inputs] | None:
    """The nested model of a field, when there is one; a list of blocks is one leaf, since it is one set."""
    union = get_origin(annotation) in (Union, types.UnionType)
    for candidate in get_args(annotation) if union else (annotation,):
        if isinstance(candidate, type) and issubclass(candidate, Inputs):
            return candidate
    return None


def field_at(model: type[Inputs], path: Path) -> FieldInfo | None:
    """The declaration of the field at a path; the last name counts, also inside a list."""
    names = [step for step in path if isinstance(step, str)]
    block = block_at(model, tuple(names[:-1]))
    if block is None or not names:
        return None
    return _declared(block, names[-1])


def block_at(model: type[Inputs], path: Path) -> type[Inputs] | None:
    """The model of the block at a path, through lists too; None when there is none."""
    block: type[Inputs] | None = model
    for step in path:
        if block is not None and isinstance(step, str):
            field = _declared(block, step)
            block = _any_block(field.annotation) if field else None
    return block


def _declared(block: type[Inputs], name: str) -> FieldInfo | None:
    return next((info for n, info in block.model_fields.items() if name in (info.alias, n)), None)


def _any_block(annotation: Any) -> type[Inputs] | None:
    direct = _block_of(annotation)
    if direct is not None:
        return direct
    return next((b for b in map(_any_block, get_args(annotation)) if b), None)


def range_of(field: FieldInfo) -> str:
    """A whole number's range and unit in words, such as `1 to 600 seconds`; empty for every other field."""
    limits = {type(item): item for item in field.metadata}
    low, high, unit = limits.get(Ge), limits.get(Le), limits.get(Unit)
    if low is None or high is None:
        return ""
    return f"{low.ge} to {high.le}" + (f" {unit.name}" if unit else "")


def inputs_of(model: type[Inputs], recorded: Mapping[str, Any]) -> Properties:
    """The inputs among everything that is recorded of a task."""
    names = {info.alias for info in model.model_fields.values()}
    return {name: value for name, value in recorded.items() if name in names}


def merge_inputs(model: type[Inputs], recorded: Properties, inputs: Properties) -> Properties:
    """New inputs beside what is known of the task already."""
    before = inputs_of(model, recorded)
    return {**inputs, **{name: value for name, value in recorded.items() if name not in before}}


def value_at(properties: Mapping[str, Any], path: Path) -> Any:
    """The value at a path; None where it is absent, UNKNOWN where a block on the way is."""
    value: Any = properties
    for step in path:
        if isinstance(value, Unknown):
            return UNKNOWN
        if not isinstance(value, Mapping):
            return None
        value = value.get(str(step))
    return value


def differences(
    model: type[Inputs], recorded: Mapping[str, Any], actual: Mapping[str, Any]
) -> Iterator[tuple[FieldFacts, Difference]]:
    """Each leaf on which two sets of inputs disagree; an unknown value disagrees with every other.

    A leaf that was recorded before it existed agrees with its default: an upgrade changes nothing.
    """
    for leaf in facts(model):
        old, new = value_at(recorded, leaf.path), value_at(actual, leaf.path)
        before = leaf.info.get_default(call_default_factory=True) if old is None else old
        if isinstance(new, Unknown) or new not in (old, before):
            yield leaf, Difference(leaf.path, old, new)


def snake(name: str) -> str:
    """A property's name as a Python program writes it (`imageConfig` → `image_config`)."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def dotted(path: Path) -> str:
    """A path as a Python program would write it: `target_streams.stream_list[0].user_id`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{snake(step)}"
    return text.lstrip(".")
