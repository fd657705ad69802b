"""Secrets that can be found again in whatever form they have taken."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

ACCESS_KEY = "AKLTcanaryAccess/Key+1=="
SECRET_KEY = "canarySecret/Key+2=="
TOKEN = "canarySession/Token+3=="
OTHERS_ACCESS_KEY = "canaryOthersAccess/Key+4=="
OTHERS_SECRET_KEY = "canaryOthersSecret/Key+5=="
CANARIES = (ACCESS_KEY, SECRET_KEY, TOKEN, OTHERS_ACCESS_KEY, OTHERS_SECRET_KEY)


def forms(secret: str) -> Iterator[str]:
    """The secret itself, quoted, in hexadecimal, and in base64 at any place within another text."""
    raw = secret.encode()
    yield from {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    yield from (raw.hex(), raw.hex().upper(), secret[::-1])
    for shift, skip in ((0, 0), (1, 2), (2, 3)):
        length = (shift + len(raw)) // 3 * 4
        padded = b"\0" * shift + raw
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(padded).decode()[skip:length]


def found_in(text: str, secrets: Iterable[str] = CANARIES) -> list[str]:
    """The secrets that a text gives away."""
    return [secret for secret in secrets if any(form in text for form in forms(secret))]


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys of blocks too."""
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value
