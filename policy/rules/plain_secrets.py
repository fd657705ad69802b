"""Keys stand nowhere in clear: not in a resource's inputs, not in the stack's configuration.

No rule here puts a value into a message, secret or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .facts import CREDENTIALS, SECRET_KEYS
from .findings import Finding, Unchecked, Violation
from .values import NotKnown, Secret, python_name, revealed, value_at


def plain_keys(
    properties: Mapping[str, Any], configuration: Mapping[str, Any], *, only_environment: bool
) -> Iterator[Finding]:
    """Keys of a third party's bucket that are plain text, or that the stack's configuration has in clear.

    With `only_environment` a Pulumi secret will not do either: the key must be named by variable.
    """
    for path, argument in SECRET_KEYS.items():
        key = value_at(properties, path)
        if not only_environment:
            yield from _unless_secret(key, python_name(path), argument, configuration)
        elif isinstance(key, NotKnown) and key.path != path:
            yield Unchecked(python_name(key.path))
        elif key is not None:
            yield Violation(f"{python_name(path)} is given as a value: {_named(argument)} instead")


def _unless_secret(
    key: Any, field: str, argument: str, configuration: Mapping[str, Any]
) -> Iterator[Finding]:
    if isinstance(key, Secret):
        yield from _in_clear_in(configuration, field, key)
    elif isinstance(key, NotKnown):
        if not key.secret:
            yield Unchecked(python_name(key.path))
    elif key is not None:
        yield Violation(f"{field} is plain text: {_named(argument)} instead, or pulumi.Output.secret(…)")


def _in_clear_in(configuration: Mapping[str, Any], field: str, key: Secret) -> Iterator[Violation]:
    """A program that reads its key from the configuration makes a secret of it too late."""
    for name, value in configuration.items():
        if value and value == revealed(key):
            yield Violation(
                f"{field} is a secret, but the configuration has it in clear as {name}: {_set_secret(name)}"
            )


def plain_credentials(configuration: Mapping[str, Any], *, only_environment: bool) -> Iterator[Finding]:
    """An account's keys that stand in the stack's configuration, and so in state, in clear."""
    for name, variable in CREDENTIALS.items():
        value = configuration.get(name)
        if value is None:
            continue
        if only_environment:
            yield Violation(f"{name} is in the configuration: remove it, and set {variable} instead")
        elif not isinstance(value, Secret):
            remedy = f"{_set_secret(name)}, or remove it and set {variable}"
            yield Violation(f"{name} is in clear in the configuration: {remedy}")


def _named(argument: str) -> str:
    return f'write {argument}="NAME_OF_A_VARIABLE"'


def _set_secret(name: str) -> str:
    return f"`pulumi config set --secret {name}`"
