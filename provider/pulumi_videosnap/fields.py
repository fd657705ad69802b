"""What a field of a task means for its lifecycle: one declaration, read by check, diff, drift and docs.

A resource's inputs are a pydantic model derived from `Inputs`. Each leaf says in its annotation what
a change of it does (`Effect`), and whether the service's answer can be held against it
(`NotReturned`) or must never be shown (`Secret`):

    interval: Annotated[int, Effect.IN_PLACE] = Field(2, ge=1, le=600, description="…")

Everything else (validation with a path, the replace keys of a diff, the fields that can drift, the
tables in the docs) is derived from that line.
"""

from __future__ import annotations

import difflib
import enum
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

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
class Failure:
    """One refused value: where it stands, and why it cannot be."""

    path: Path
    reason: str


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

Model = TypeVar("Model", bound=Inputs)


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model | None, list[Failure]]:
    """Hold raw properties against a model: the model, or every failure with its path."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, [_failure(model, details) for details in error.errors(include_url=False)]


def rule(field: str, reason: str) -> PydanticCustomError:
    """The refusal of a block's own rule, which names the field of the block that breaks it."""
    return PydanticCustomError("rule", "{reason}", {"reason": reason, "field": field})


def _failure(model: type[Inputs], details: ErrorDetails) -> Failure:
    path, kind = tuple(details["loc"]), details["type"]
    if kind == "missing" or details["input"] is None:
        return Failure(path, "is required")
    if kind == "extra_forbidden":
        return Failure(path, _unknown_field(model, path))
    if kind == "too_long":
        limit, given = details["ctx"]["max_length"], details["ctx"]["actual_length"]
        return Failure(path, f"must have at most {limit} entries, not {given}")
    if kind == "rule":
        return Failure((*path, details["ctx"]["field"]), details["ctx"]["reason"])
    return Failure(path, _refusal(_field_at(model, path), details))


def _refusal(field: FieldInfo | None, details: ErrorDetails) -> str:
    """What the field must be and, unless it is a secret, what it is."""
    wanted = _range(field) or _plain(details)
    given = details["input"]
    secret = field is None or Mark.SECRET in field.metadata or details["type"] in _MAY_BE_A_SECRET
    if secret or not isinstance(given, str | int | float):
        return wanted
    shown = _shown(given)
    return wanted if len(shown) > _SHOWN else f"{wanted}, not {shown}"


_SHOWN = 60
"""Characters of a refused value that are worth repeating."""

_MAY_BE_A_SECRET = frozenset({"model_type", "list_type", "private"})
"""Refusals of values that may be anything, a key too: a text in place of a block, of a list, of a name."""


def _shown(given: str | int | float) -> str:
    # Every number comes from the engine as a float; nobody wrote 999.0.
    return repr(int(given) if isinstance(given, float) and given.is_integer() else given)


def _plain(details: ErrorDetails) -> str:
    """Pydantic's sentence in our words: 'Input should be …' becomes 'must be …'."""
    if details["type"] in _PLAIN:
        return _PLAIN[details["type"]]
    subject, should, rest = details["msg"].partition(" should ")
    return f"must {rest}" if should and " " not in subject else details["msg"]


_PLAIN = {
    "model_type": "must be a block of fields",
    "list_type": "must be a list",
    "string_type": "must be a text",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


def _range(field: FieldInfo | None) -> str:
    """A whole number's range and unit in words; empty for every other field."""
    limits = {type(m): m for m in field.metadata} if field else {}
    low, high, unit = limits.get(Ge), limits.get(Le), limits.get(Unit)
    if low is None or high is None:
        return ""
    return f"must be a whole number from {low.ge} to {high.le}" + (f" {unit.name}" if unit else "")


def _unknown_field(model: type[Inputs], path: Path) -> str:
    block = _block_at(model, path[:-1])
    known = [info.alias or name for name, info in block.model_fields.items()] if block else []
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {snake(close[0])}?" if close else f"known fields: {', '.join(map(snake, known))}"
    return f"is not a field of this task; {hint}"


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


def _field_at(model: type[Inputs], path: Path) -> FieldInfo | None:
    """The declaration of the field at a path; the last name counts, also inside a list."""
    names = [step for step in path if isinstance(step, str)]
    block = _block_at(model, tuple(names[:-1]))
    if block is None or not names:
        return None
    return next((info for name, info in block.model_fields.items() if names[-1] in (info.alias, name)), None)


def _block_at(model: type[Inputs], path: Path) -> type[Inputs] | None:
    """The model of the block at a path, through lists too; None when there is none."""
    block: type[Inputs] | None = model
    for step in path:
        if block is not None and isinstance(step, str):
            field = next((i for n, i in block.model_fields.items() if step in (i.alias, n)), None)
            block = _any_block(field.annotation) if field else None
    return block


def _any_block(annotation: Any) -> type[Inputs] | None:
    direct = _block_of(annotation)
    if direct is not None:
        return direct
    return next((b for b in map(_any_block, get_args(annotation)) if b), None)


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
    """Each leaf on which two sets of inputs disagree; an unknown value disagrees with every other."""
    for leaf in facts(model):
        old, new = value_at(recorded, leaf.path), value_at(actual, leaf.path)
        if isinstance(new, Unknown) or old != new:
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
