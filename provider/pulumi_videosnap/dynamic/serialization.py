"""What a program and the provider hand each other: blocks of inputs, answers, the stack's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from pulumi_videosnap.core.schema import snake


def plain(value: Any) -> Any:
    """Args classes as the plain dicts that they stand for, absent fields left out.

    Keys come out in Python's spelling, also those of a dict that is written as state has it: a key pair
    is found and made secret by its name.
    """
    if isinstance(value, pulumi.Output):
        return value.apply(plain)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    if isinstance(value, Mapping):
        return {snake(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def pythonic(value: Any) -> Any:
    """Properties of state with the names that a Python program has for them."""
    if isinstance(value, dict):
        return {snake(name): pythonic(item) for name, item in value.items()}
    if isinstance(value, list):
        return [pythonic(item) for item in value]
    return value


def camel(value: Any) -> Any:
    """What a program sees of state, with the names that state has for it."""
    if isinstance(value, Mapping):
        return {to_camel(name): camel(item) for name, item in value.items()}
    return value


def program_config(key: str) -> str | None:
    """The stack's configuration, as a program reads it."""
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
