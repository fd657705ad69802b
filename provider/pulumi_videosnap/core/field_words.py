"""What a field takes, in words: for refusals, the package schema and the docs."""

from __future__ import annotations

import re

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from pulumi_videosnap.core.schema import Unit


def range_of(field: FieldInfo) -> str:
    """A whole number's range and unit in words, such as `1 to 600 seconds`; empty for every other field."""
    limits = {type(item): item for item in field.metadata}
    low, high, unit = limits.get(Ge), limits.get(Le), limits.get(Unit)
    if low is None or high is None:
        return ""
    return f"{low.ge} to {high.le}" + (f" {unit.name}" if unit else "")


def offered_by(field: FieldInfo) -> str:
    """What a refusal of a text offers: the words of a field with words, or its form; empty for others."""
    for item in field.metadata:
        if isinstance(item, BeforeValidator | AfterValidator):
            try:
                item.func("\0")  # type: ignore[call-arg]
            except PydanticCustomError as refusal:
                offered = refusal.context or {}
                return str(offered.get("choices") or offered.get("words") or "")
    return ""


def words_of(field: FieldInfo) -> list[str]:
    """The words that a field with words takes; empty for every other field."""
    return re.findall(r"(?:^|or )'([^']+)'", offered_by(field))
