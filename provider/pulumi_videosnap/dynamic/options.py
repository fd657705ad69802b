"""Resource options in a program: what the engine would ignore, or refuse with a traceback, is named here."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

import pulumi

from pulumi_videosnap.core.properties import names_of, snake

_DURATION = re.compile(r"\+?0|\+?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+")
"""What Go's ParseDuration takes, which is what the engine uses, without the negative ones."""
_PACKAGE = "videosnap"
_NAMES_IN_INPUT = {"Output": pulumi.Output, "T": Any}
"""What `pulumi.Input` refers to by name, so that its hints can be evaluated in another module."""


def refuse_import(where: str, opts: pulumi.ResourceOptions, instead: str) -> None:
    """Raise RunError for an option that cannot work with a dynamic provider."""
    if opts.import_:
        raise pulumi.RunError(
            f"{where}: import_ does not work with a dynamic provider; leave it out: {instead}; or set "
            "`pulumi config set videosnap:native true`"
        )


def refuse_provider(where: str, opts: pulumi.ResourceOptions) -> None:
    """Raise RunError for a native provider: a dynamic resource would ignore it, and use another account."""
    several = opts.providers.values() if isinstance(opts.providers, Mapping) else opts.providers or ()
    inherited = opts.parent.get_provider(f"{_PACKAGE}:index:any") if opts.parent else None
    if any(one and one.package == _PACKAGE for one in (opts.provider, *several, inherited)):
        raise pulumi.RunError(
            f"{where}: provider is one of the native front, which this stack does not use: run `pulumi "
            "config set videosnap:native true`, or leave it out and name the account by `profile`"
        )


def refuse_unreadable(where: str, opts: pulumi.ResourceOptions) -> None:
    """Raise RunError for options that the engine cannot read."""
    for step, value in _timeouts(opts):
        if not isinstance(value, str) or not _DURATION.fullmatch(value):
            raise pulumi.RunError(
                f"{where}: custom_timeouts.{step} must be a duration such as '10m' or '1h30m', not {value!r}"
            )


def ignored_timeouts(opts: pulumi.ResourceOptions, waits: Collection[str]) -> list[str]:
    """The steps that are given a timeout although they wait for nothing; `waits` are those that do."""
    return [step for step, _ in _timeouts(opts) if step not in waits]


def with_type(aliases: Iterable[Any], type_: str) -> list[pulumi.Alias]:
    """The aliases that name no type, with one: the run that switches may rename or move a resource too."""
    untyped = [one for one in aliases if isinstance(one, pulumi.Alias) and not isinstance(one.type_, str)]
    typed = list(map(copy.copy, untyped))
    for one in typed:
        one.type_ = type_
    return typed


def _timeouts(opts: pulumi.ResourceOptions) -> Iterator[tuple[str, Any]]:
    given: Any = opts.custom_timeouts
    values = given if isinstance(given, Mapping) else vars(given) if given else {}
    for step in ("create", "update", "delete", "read"):
        if values.get(step):
            yield step, values[step]


def unknown_name(fields: Mapping[str, Any], path: str) -> tuple[str, list[str]] | None:
    """The first name of a property path that is no field, with those that could be meant; None if all are.

    `fields` has the type of each field; inside a block without an Args class every name counts as known.
    """
    known: Mapping[str, Any] | None = fields
    for name in map(snake, names_of(path)):
        if not known or name == "*":
            return None
        if name not in known:
            return name, sorted(known)
        known = _fields_in(known[name])
    return None


def hints(declaration: Any) -> dict[str, Any]:
    """The type hints of an Args class or a constructor; empty where they cannot be evaluated."""
    try:
        return get_type_hints(declaration, localns=_NAMES_IN_INPUT)
    except (NameError, TypeError):
        return {}


def _fields_in(hint: Any) -> dict[str, Any] | None:
    """The fields of the Args class in a type hint, also as an Input, an alternative or a list's item."""
    if isinstance(hint, type) and is_dataclass(hint):
        return hints(hint)
    return next((found for part in get_args(hint) if (found := _fields_in(part))), None)
