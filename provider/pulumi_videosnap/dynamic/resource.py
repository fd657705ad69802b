"""`TaskResource`, the base of the resource classes, and how values go between a program and state."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi.dynamic import (
    Resource,
    ResourceProvider,
)
from pulumi.runtime.resource import all_aliases, register_resource

from pulumi_videosnap.core.properties import camel, camel_path, names_of, snake
from pulumi_videosnap.dynamic import options
from pulumi_videosnap.dynamic.state_id import INPUT as STATE_ID_INPUT
from pulumi_videosnap.dynamic.state_id import state_id
from pulumi_videosnap.plugin.program import announce

T = TypeVar("T")
_TRANSLATES_OPTIONS = register_resource.__module__
"""The module of the SDK that translates resource options; properties are translated in another one."""
_SECRETS = "additional_secret_outputs"
SECRETS_INPUT = "__videosnapSecrets"
"""The input that takes the paths of secrets to the provider, whom the engine does not say them."""


class TaskResource(Resource):
    """A task as a Pulumi resource: snake_case in Python, camelCase in state, never two runs of one id."""

    _outputs: ClassVar[Sequence[str]] = ()
    """Names of the outputs that are not inputs as well."""
    _waits: ClassVar[Sequence[str]] = ()
    """The steps that wait for something, so that `custom_timeouts` has a meaning for them."""
    _instead_of_import: ClassVar[str] = "`up` creates the resource"
    """What a user who wants to import does instead."""

    declared: Mapping[str, Any]
    """The inputs that the program sets; the output of another one is unknown in a preview."""
    former_urns: Callable[[], Sequence[pulumi.Input[str]]]
    """Returns the URNs that it may have in state under the other front."""

    def __init__(
        self,
        provider: ResourceProvider,
        resource_name: str,
        props: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        opts = opts or pulumi.ResourceOptions()
        where = f"{type(self).__name__} {resource_name!r}"
        options.refuse_unreadable(where, opts)
        declared = {name: value for name, value in props.items() if value is not None}
        self.declared = declared
        absent = dict.fromkeys([*(n for n in props if n not in declared), *self._outputs])
        self._property_names = frozenset(props).union(self._outputs, ("id",))
        types = {True: native_type(type(self)), False: f"pulumi-python:{self._resource_type_name}"}
        native = is_native()
        # A new task may have the old one's id, or write where the old one's frames are to be deleted. A stack
        # can move to the other front and back.
        aliases = options.with_type([pulumi.Alias(), *(opts.aliases or ())], types[not native])
        forced = pulumi.ResourceOptions(delete_before_replace=True, aliases=aliases)
        opts, values = pulumi.ResourceOptions.merge(opts, forced), {**declared, **absent}
        self.former_urns = partial(all_aliases, aliases, resource_name, types[not native], opts.parent)
        if native:
            pulumi.CustomResource.__init__(self, types[True], resource_name, values, opts)
        else:
            options.refuse_import(where, opts, self._instead_of_import)
            options.refuse_provider(where, opts)
            hidden = {SECRETS_INPUT: _secret_paths(declared), STATE_ID_INPUT: state_id()}
            super().__init__(provider, resource_name, {**values, **hidden}, opts)
        announce([self.urn])
        if ignored := options.ignored_timeouts(opts, self._waits):
            reason = (
                f"nothing is waited for in {' and '.join(ignored)}, and every call has its own time limit"
            )
            pulumi.warn(f"{where}: custom_timeouts has no effect: {reason}", resource=self)

    def translate_input_property(self, prop: str) -> str:
        """Python's name of a property as state has it; in an option it may be a path.

        The SDK asks for both, and only its own module tells them apart: a key of the user's in `triggers` may
        have dots too, and must stay as state has it.
        """
        if prop.startswith("__"):
            return prop
        caller = sys._getframe(1)
        if caller.f_globals.get("__name__") != _TRANSLATES_OPTIONS:
            return camel(prop)
        return self._option_path(prop, caller.f_code.co_name.removeprefix("_translate_"))

    def _option_path(self, path: str, option: str) -> str:
        """A path in an option as state has it, with a warning if it names no field: the engine ignores it."""
        hints = options.hints(_declaration(type(self)).__init__)
        fields = {name: hints.get(name) for name in self._property_names}
        if unknown := options.unknown_name(fields, path):
            name, known = unknown
            there = f"there is no {name!r}; use one of {', '.join(known)}"
            pulumi.warn(f"{option}: {path!r} has no effect: {there}", resource=self)
        translated = camel_path(path)
        # The engine makes whole properties secret and ignores longer paths, which would leave them in clear.
        return next(iter(names_of(translated)), path) if option == _SECRETS else translated

    def translate_output_property(self, prop: str) -> str:
        """State's name of a property as Python has it."""
        return prop if prop.startswith("__") else snake(prop)


def _declaration(kind: type[TaskResource]) -> type[TaskResource]:
    """The resource class of this package that a class is, or is a program's subclass of."""
    return next(found for found in reversed(kind.__mro__) if TaskResource in found.__bases__)


def _secret_paths(declared: Mapping[str, Any]) -> pulumi.Output[Any] | None:
    """The paths of the secrets in inputs, as state has them; None where no input is an output."""
    outputs = list(_outputs_in(declared, ()))
    if not outputs:
        return None

    async def secrets() -> list[Sequence[str]]:
        return [path for path, output in outputs if await output.is_secret()]

    return pulumi.Output.from_input(secrets())


def _outputs_in(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], pulumi.Output[Any]]]:
    """Every output in a value with its path; what is in a list has the path of the list."""
    if isinstance(value, pulumi.Output):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _outputs_in(item, (*path, camel(name)))
    elif isinstance(value, list):
        for item in value:
            yield from ((path, output) for _, output in _outputs_in(item, path))


def is_native() -> bool:
    """Whether the stack uses the native provider, which `videosnap:native` in its configuration says."""
    return bool(pulumi.Config("videosnap").get_bool("native"))


def native_type(kind: type[TaskResource]) -> str:
    """The type of a resource class under the native provider, also of a program's subclass."""
    return _declaration(kind)._resource_type_name.replace("dynamic/", "videosnap:", 1)


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


def call_later(lookup: Callable[..., T], **arguments: Any) -> pulumi.Output[T]:
    """What a lookup finds once its arguments are known."""
    return pulumi.Output.all(**arguments).apply(lambda known: lookup(**known))


def program_config(key: str) -> str | None:
    """The stack's configuration, as a program reads it."""
    namespace, _, name = key.partition(":")
    return pulumi.Config(namespace).get(name)
