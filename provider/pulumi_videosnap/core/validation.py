"""Validates declared inputs against their model, with messages in plain words.

A message names the field, what it must be and, unless the value may be a secret, what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pulumi_videosnap.core.field_words import range_of
from pulumi_videosnap.core.lifecycle import Failure
from pulumi_videosnap.core.properties import Path, nearest, snake
from pulumi_videosnap.core.schema import Inputs, Mark, block_at, field_at

Model = TypeVar("Model", bound=Inputs)


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model | None, list[Failure]]:
    """Validate raw properties: the model, or None and every failure with its path."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, [_failure(model, details) for details in error.errors(include_url=False)]


def _failure(model: type[Inputs], details: ErrorDetails) -> Failure:
    path, kind = tuple(details["loc"]), details["type"]
    if kind == "missing" or details["input"] is None:
        return Failure(path, "is required")
    if kind == "extra_forbidden":
        return Failure(path, _unknown_field(model, path))
    if kind == "too_long":
        limit, length = details["ctx"]["max_length"], details["ctx"]["actual_length"]
        return Failure(path, f"must have at most {limit} entries, not {length}")
    if kind == "too_short":
        return Failure(path, "must not be empty")
    if kind == "rule":
        return Failure((*path, *details["ctx"]["path"]), details["ctx"]["reason"])
    return Failure(path, _refusal(field_at(model, path), details))


def _refusal(field: FieldInfo | None, details: ErrorDetails) -> str:
    """What the field must be and, unless it may be a secret, what it is."""
    rule_text = _range(field) or _plain(details)
    value = details["input"]
    secret = field is None or Mark.SECRET in field.metadata or details["type"] in _MAY_BE_A_SECRET
    if secret or not isinstance(value, str | int | float):
        return rule_text
    shown = _format_value(value)
    return rule_text if len(shown) > _MAX_SHOWN else f"{rule_text}, not {shown}"


_MAX_SHOWN = 60
"""Characters; a longer refused value is not repeated."""

_MAY_BE_A_SECRET = frozenset({"model_type", "list_type", "dict_type", "private"})
"""Kinds of refusal whose value may be anything, a key too: a text in place of a block, a list or a name."""


def _format_value(value: str | int | float) -> str:
    # The engine sends every number as a float, so 999.0 was declared as 999.
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def _plain(details: ErrorDetails) -> str:
    """Pydantic's message in our words: 'Input should be …' becomes 'must be …'."""
    if details["type"] in _PLAIN:
        return _PLAIN[details["type"]]
    if details["type"] == "greater_than_equal":
        return f"must be {details['ctx']['ge']} or more"
    subject, should, rest = details["msg"].partition(" should ")
    return f"must {rest}" if should and " " not in subject else details["msg"]


_PLAIN = {
    "model_type": "must be a block of fields",
    "list_type": "must be a list",
    "dict_type": "must be a map of blocks by name",
    "string_type": "must be a text",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


def _range(field: FieldInfo | None) -> str:
    """What a number with a range must be; empty for every other field."""
    allowed = range_of(field) if field else ""
    return allowed and f"must be a whole number from {allowed}"


def _unknown_field(model: type[Inputs], path: Path) -> str:
    block = block_at(model, path[:-1])
    known = [info.alias or name for name, info in block.model_fields.items()] if block else []
    return f"is not a field of this resource; {nearest(snake(str(path[-1])), map(snake, known))}"
