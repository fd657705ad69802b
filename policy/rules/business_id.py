"""Every task says whose it is, in the vendor's own field for that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .facts import BUSINESS_ID
from .findings import Finding, Misconfigured, Unchecked, Violation
from .values import NotKnown, python_name, revealed, shown, value_at

_FIELD = python_name(BUSINESS_ID)


def missing_business_id(properties: Mapping[str, Any], pattern: str | None) -> Iterator[Finding]:
    """No business id, or one that `pattern`, a regular expression, does not match as a whole."""
    wanted = _compiled(pattern)
    tag = value_at(properties, BUSINESS_ID)
    if isinstance(tag, NotKnown):
        if wanted:
            yield Unchecked(_FIELD)
    elif tag is None:
        yield Violation(f'{_FIELD} is not given: write {_FIELD}="…"{_that_matches(pattern)}')
    elif wanted and not wanted.fullmatch(revealed(tag)):
        yield Violation(f"{_FIELD} is {shown(tag)}: write one{_that_matches(pattern)}")


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern) if pattern else None
    except re.error as error:
        where = f"videosnap-business-id: pattern {pattern!r} in the configuration"
        raise Misconfigured(f"{where} is no regular expression: {error}") from None


def _that_matches(pattern: str | None) -> str:
    return f" that matches {pattern!r} as a whole" if pattern else ""
