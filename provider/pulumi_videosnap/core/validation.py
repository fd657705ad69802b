"""Holding declared inputs against their model, and saying in plain words what is wrong with them.

A refusal names the field, says what it must be and, unless that may be a secret, what it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from pulumi_videosnap.core.schema import Inputs, Mark, Path, block_at, field_at, range_of, snake

Model = TypeVar("Model", bound=Inputs)


@dataclass(frozen=True)
class Failure:
    """One refused value: where it stands, and why it cannot be."""

    path: Path
    reason: str


def validate(model: type[Model], raw: Mapping[str, Any]) -> tuple[Model | None, list[Failure]]:
    """Hold raw properties against a model: the model, or every failure with its path."""
    try:
        return model.model_validate(raw), []
    except ValidationError as error:
        return None, [_failure(model, details) for details in error.errors(include_url=False)]


def rule(field: str | Path, reason: str) -> PydanticCustomError:
    """The refusal of a block's own rule, which names the field of the block, or deeper, that breaks it."""
    path = (field,) if isinstance(field, str) else field
    return PydanticCustomError("rule", "{reason}", {"reason": reason, "path": path})


def _failure(model: type[Inputs], details: ErrorDetails) -> Failure:
    path, kind = tuple(details["loc"]), details["type"]
    if kind == "missing" or details["input"] is None:
        return Failure(path, "is required")
    if kind == "extra_forbidden":
        return Failure(path, _unknown_field(model, path))
    if kind == "too_long":
        limit, given = details["ctx"]["max_length"], details["ctx"]["actual_length"]
        return Failure(path, f"must have at most {limit} entries, not {given}")
    if kind == "too_short":
        return Failure(path, "must not be empty")
    if kind == "rule":
        return Failure((*path, *details["ctx"]["path"]), details["ctx"]["reason"])
    return Failure(path, _refusal(field_at(model, path), details))


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
    if details["type"] == "greater_than_equal":
        return f"must be {details['ctx']['ge']} or more"
    subject, should, rest = details["msg"].partition(" should ")
    return f"must {rest}" if should and " " not in subject else details["msg"]


_PLAIN = {
    "model_type": "must be a block of fields",
    "list_type": "must be a list",
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
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {snake(close[0])}?" if close else f"known fields: {', '.join(map(snake, known))}"
    return f"is not a field of this task; {hint}"
