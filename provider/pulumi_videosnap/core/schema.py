"""What a field of a resource means for its lifecycle: one declaration, read by check, diff, drift and docs.

A resource's inputs are a pydantic model derived from `Inputs`. Each leaf declares in its annotation what a
change of it does (`Effect`), and whether the service never returns it or it must never be shown (`Mark`):

    interval: Annotated[int, Effect.IN_PLACE] = Field(2, ge=1, le=600, description="…")

Everything else (validation messages, the replace keys of a diff, the fields that can drift, the tables in the
docs) is derived from that line. The field types of all clouds (`text`, `one_of`, `WholeNumber`) are here too.
"""

from __future__ import annotations

import enum
import functools
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from pulumi_videosnap.core.properties import Path, Properties, Unknown, dotted, value_at


class Effect(enum.Enum):
    """What a changed value does to a running task or job."""

    IN_PLACE = "in place"
    REPLACE = "replace"


class Mark(enum.Enum):
    """What a field is beside its effect."""

    NOT_RETURNED = "not returned"
    """The service never returns it, so its drift cannot be seen."""
    SECRET = "secret"  # noqa: S105
    """Encrypted in state, never printed; the service never returns it."""


@dataclass(frozen=True)
class Unit:
    """The unit of a number, in the plural."""

    name: str


@dataclass(frozen=True)
class Difference:
    """One field on which two sets of inputs disagree; None stands for absent."""

    path: Path
    recorded: Any
    actual: Any


class Inputs(BaseModel):
    """Inputs of a resource, or one block of them: camelCase in state, unknown values kept."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="forbid",
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
        # Built when it is first used, as part of the model that it is a block of.
        defer_build=True,
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
        """The inputs as Pulumi keeps them: camelCase, absent fields left out, unknown values unchanged."""
        named = ((info.alias or name, getattr(self, name)) for name, info in type(self).model_fields.items())
        return {name: _plain_value(value) for name, value in named if value is not None}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Inputs):
        return value.properties()
    if isinstance(value, dict):
        return {name: _plain_value(item) for name, item in value.items()}
    return [_plain_value(item) for item in value] if isinstance(value, list) else value


def rule(field: str | Path, reason: str) -> PydanticCustomError:
    """The refusal of a block's own rule; `field` is the path inside the block of what breaks it."""
    path = (field,) if isinstance(field, str) else field
    return PydanticCustomError("rule", "{reason}", {"reason": reason, "path": path})


def text(pattern: str, words: str, *, private: bool = False) -> AfterValidator:
    """A text that matches a pattern, described by `words`; a refused `private` value is not repeated."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            kind = "private" if private else "text"
            raise PydanticCustomError(kind, "Input should be {words}", {"words": words})
        return value

    return AfterValidator(check)


def text_without(find_fault: Callable[[str], str | None]) -> AfterValidator:
    """A text in which `find_fault` finds no fault; it returns what the text must be, as a sentence."""

    def check(value: str) -> str:
        if fault := find_fault(value):
            raise rule((), fault)
        return value

    return AfterValidator(check)


def words_in(words: type[enum.Enum]) -> list[str]:
    """The words of an enumeration, in its order."""
    return [one.value for one in words]


def one_of(words: type[enum.Enum]) -> BeforeValidator:
    """One of the words of an enumeration, in any case."""
    known = words_in(words)
    return BeforeValidator(lambda value: read_word(value, known, " or ".join(map(repr, known))))


def read_word(value: Any, words: Sequence[str], choices: str) -> str:
    """A value as one of the words; `choices` is what a refusal offers."""
    lowered = value.lower() if isinstance(value, str) else value
    if lowered not in words:
        raise PydanticCustomError("word", "Input should be {choices}", {"choices": choices})
    return str(lowered)


def whole_number(value: Any) -> int | None:
    """A whole number, which the engine sends as a float; None for everything else."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


WholeNumber = Annotated[int, BeforeValidator(_refuse_bool)]
"""An integer; Python would accept True as 1."""


@dataclass(frozen=True)
class FieldFacts:
    """One leaf of a resource's inputs, as the docs, the diff and the drift check see it."""

    path: Path
    effect: Effect
    marks: frozenset[Mark]
    info: FieldInfo

    @property
    def compared(self) -> bool:
        """Whether drift detection compares what the service returns with the recorded value."""
        return not self.marks


@functools.cache
def facts(model: type[Inputs], prefix: Path = ()) -> tuple[FieldFacts, ...]:
    """Every leaf of the model with its effect, in the order of declaration."""
    return tuple(_leaves(model, prefix))


def _leaves(model: type[Inputs], prefix: Path) -> Iterator[FieldFacts]:
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
    return _field_named(block, names[-1])


def block_at(model: type[Inputs], path: Path) -> type[Inputs] | None:
    """The model of the block at a path, through lists and maps too; None when there is none."""
    block: type[Inputs] | None = model
    is_map = False
    for step in path:
        if is_map:  # a name that the program chose, of one entry
            is_map = False
        elif block is not None and isinstance(step, str):
            field = _field_named(block, step)
            block = _any_block(field.annotation) if field else None
            is_map = field is not None and get_origin(field.annotation) is dict
    return None if is_map else block


def _field_named(block: type[Inputs], name: str) -> FieldInfo | None:
    return next((info for n, info in block.model_fields.items() if name in (info.alias, n)), None)


def _any_block(annotation: Any) -> type[Inputs] | None:
    direct = _block_of(annotation)
    if direct is not None:
        return direct
    return next((b for b in map(_any_block, get_args(annotation)) if b), None)


def inputs_of(model: type[Inputs], recorded: Mapping[str, Any]) -> Properties:
    """The inputs among all recorded properties of a resource."""
    names = {info.alias for info in model.model_fields.values()}
    return {name: value for name, value in recorded.items() if name in names}


def merge_inputs(model: type[Inputs], recorded: Properties, inputs: Properties) -> Properties:
    """New inputs, together with the outputs that are recorded already."""
    before = inputs_of(model, recorded)
    return {**inputs, **{name: value for name, value in recorded.items() if name not in before}}


def differences(
    model: type[Inputs], recorded: Mapping[str, Any], actual: Mapping[str, Any]
) -> Iterator[tuple[FieldFacts, Difference]]:
    """Each leaf on which two sets of inputs disagree; an unknown value disagrees with every other.

    An absent leaf agrees with its default, so an upgrade that adds a field changes nothing. A map of blocks
    is one leaf with a difference for each field of an entry.
    """
    for leaf in facts(model):
        old, new = value_at(recorded, leaf.path), value_at(actual, leaf.path)
        before = leaf.info.get_default(call_default_factory=True) if old is None else old
        if isinstance(new, Unknown) or new not in (old, before):
            yield from ((leaf, found) for found in _within(leaf.path, old, new))


def _within(path: Path, old: Any, new: Any) -> Iterator[Difference]:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        yield Difference(path, old, new)
        return
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield from _within((*path, name), old.get(name), new.get(name))
