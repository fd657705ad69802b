"""No key is in plain text, in inputs or configuration. No message here holds a value, secret or not."""

from collections.abc import Iterator, Mapping
from typing import Any

from . import Finding, Unchecked, Violation
from .facts import CREDENTIALS, SECRET_KEYS
from .values import NotKnown, Secret, python_name, revealed, value_at

COMMAND = "`pulumi config set --secret {}`"


def plain_keys(
    properties: Mapping[str, Any], configuration: Mapping[str, Any], *, only_environment: bool
) -> Iterator[Finding]:
    """Keys of a third party's bucket that are plain text, or that the stack's configuration has in clear.

    With `only_environment` a Pulumi secret will not do either: the key must be named by variable.
    """
    for path, argument in SECRET_KEYS.items():
        key, field, remedy = (
            value_at(properties, path),
            python_name(path),
            f'write {argument}="NAME_OF_A_VARIABLE"',
        )
        if isinstance(key, NotKnown):
            if only_environment and key.path == path:
                yield Violation(f"{field} is given as a value: {remedy} instead")
            elif only_environment or not key.secret:
                yield Unchecked(python_name(key.path))
        elif only_environment and key is not None:
            yield Violation(f"{field} is given as a value: {remedy} instead")
        elif isinstance(key, Secret):
            yield from _plain_in_configuration(configuration, field, key)
        elif key is not None:
            yield Violation(f"{field} is plain text: {remedy} instead, or pulumi.Output.secret(…)")


def _plain_in_configuration(configuration: Mapping[str, Any], field: str, key: Secret) -> Iterator[Violation]:
    """A program that reads its key from the configuration makes a secret of it too late."""
    for name, value in configuration.items():
        if value and value == revealed(key):
            where = f"the configuration has it in clear as {name}"
            yield Violation(f"{field} is a secret, but {where}: {COMMAND.format(name)}")


def plain_credentials(configuration: Mapping[str, Any], *, only_environment: bool) -> Iterator[Finding]:
    """An account's keys that are in clear in the stack's configuration, and so in state."""
    for name, variable in CREDENTIALS.items():
        value = configuration.get(name)
        if value is None:
            continue
        if only_environment:
            yield Violation(f"{name} is in the configuration: remove it, and set {variable} instead")
        elif not isinstance(value, Secret):
            remedy = f"{COMMAND.format(name)}, or remove it and set {variable}"
            yield Violation(f"{name} is in clear in the configuration: {remedy}")
