"""Values that the engine marks: secrets, encrypted or shown on request, and those not known yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_videosnap.core.properties import Path

MARK = "4dabf18193072939515e22adb298388d"
"""The key by which the engine tells a value that is not plain, such as a secret."""
UNKNOWN_ON_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that only the change itself will produce."""


def is_encrypted(value: Any) -> bool:
    """Whether a recorded value is a secret, which an export has encrypted unless it was made to show it."""
    return isinstance(value, Mapping) and MARK in value


def contains_encrypted(value: Any) -> bool:
    """Whether a recorded value is an encrypted secret, or has one somewhere in it."""
    if isinstance(value, Mapping):
        return is_encrypted(value) or any(map(contains_encrypted, value.values()))
    return isinstance(value, list) and any(map(contains_encrypted, value))


def without_encrypted(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties without encrypted secrets, also inside blocks; a list goes as a whole."""
    return {
        name: without_encrypted(value) if isinstance(value, Mapping) else value
        for name, value in properties.items()
        if not is_encrypted(value) and not (isinstance(value, list) and contains_encrypted(value))
    }


def plain(value: Any) -> Any:
    """A value with its secrets in plain text where the export shows them; an encrypted one stays as it is."""
    if is_encrypted(value):
        return json.loads(value["plaintext"]) if "plaintext" in value else value
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def secret_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of the secrets in a recorded value; one inside a list makes the whole list one."""
    if is_encrypted(value) or (isinstance(value, list) and contains_encrypted(value)):
        yield path
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from secret_paths(item, (*path, name))
