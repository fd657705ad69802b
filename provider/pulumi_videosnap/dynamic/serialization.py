"""Converts between a program and state: blocks of inputs, outputs, the stack's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pulumi

from pulumi_videosnap.core.properties import camel, snake


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
