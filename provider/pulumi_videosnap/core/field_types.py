"""Forms that a declared value may have: a text of a pattern, one of some words. No cloud is named in here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from pulumi_videosnap.core.validation import rule


def text(pattern: str, words: str, *, private: bool = False) -> AfterValidator:
    """A text of the vendor's form, which a refusal explains in words; a private one is not repeated."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            kind = "private" if private else "text"
            raise PydanticCustomError(kind, "Input should be {words}", {"words": words})
        return value

    return AfterValidator(check)


def checked(find_fault: Callable[[str], str | None]) -> AfterValidator:
    """A text in which `find_fault` finds nothing; what it finds is what the text must be, as a sentence."""

    def check(value: str) -> str:
        if fault := find_fault(value):
            raise rule((), fault)
        return value

    return AfterValidator(check)


def one_of(*words: str) -> BeforeValidator:
    """One of some words, in any case."""
    return BeforeValidator(lambda value: read_word(value, words, " or ".join(map(repr, words))))


def read_word(value: Any, words: Sequence[str], choices: str) -> str:
    """A value as one of the words; `choices` is what a refusal offers."""
    lowered = value.lower() if isinstance(value, str) else value
    if lowered not in words:
        raise PydanticCustomError("word", "Input should be {choices}", {"choices": choices})
    return str(lowered)


def whole(value: Any) -> int | None:
    """A whole number, which comes from the engine as a float; None for everything else."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
