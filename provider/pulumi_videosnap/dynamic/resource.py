"""`TaskResource`, the base of the resource classes, and how values go between a program and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import (
    Resource,
    ResourceProvider,
)

from pulumi_videosnap.core.properties import camel, snake


class TaskResource(Resource):
    """A task as a Pulumi resource: snake_case in Python, camelCase in state, never two runs of one id."""

    _outputs: ClassVar[Sequence[str]] = ()
    """Names of the outputs that are not inputs as well."""

    declared: Mapping[str, Any]
    """The inputs that the program sets; the output of another one is unknown in a preview."""

    def __init__(
        self,
        provider: ResourceProvider,
        resource_name: str,
        props: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        declared = {name: value for name, value in props.items() if value is not None}
        self.declared = declared
        absent = dict.fromkeys([*(n for n in props if n not in declared), *self._outputs])
        # A new task may have the old one's id, or write where the old one's frames are to be deleted.
        forced = pulumi.ResourceOptions(delete_before_replace=True)
        super().__init__(
            provider, resource_name, {**declared, **absent}, pulumi.ResourceOptions.merge(opts, forced)
        )

    def translate_input_property(self, prop: str) -> str:
        """Python's name of a property as state has it."""
        return prop if prop.startswith("__") else camel(prop)

    def translate_output_property(self, prop: str) -> str:
        """State's name of a property as Python has it."""
        return prop if prop.startswith("__") else snake(prop)


def to_plain(value: Any) -> Any:
    """Args classes as plain dicts, without absent fields.

    Keys are in snake_case, also those of a dict that is written in camelCase: a key pair is found and made
    secret by its name.
    """
    if isinstance(value, pulumi.Output):
        return value.apply(to_plain)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    if isinstance(value, Mapping):
        return {snake(key): to_plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(v) for v in value]
    return value


def snake_keys(value: Any) -> Any:
    """Properties of state with the names of a Python program."""
    if isinstance(value, dict):
        return {snake(name): snake_keys(item) for name, item in value.items()}
    if isinstance(value, list):
        return [snake_keys(item) for item in value]
    return value


def camel_keys(value: Any) -> Any:
    """Properties of a program with the names of state."""
    if isinstance(value, Mapping):
        return {camel(name): camel_keys(item) for name, item in value.items()}
    return value


def program_config(key: str) -> str | None:
    """The stack's configuration, as a program reads it."""
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
