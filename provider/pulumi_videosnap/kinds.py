"""The resource kinds: what the shared parts know of each, and the one list that names them.

A kind is what a cloud's folder contributes: a snapshot task on a live room, a snapshot job on a video file.
`review`, `drift`, `frames` and `state` iterate over `kinds()` and name neither a cloud nor a kind. To add a
kind: one folder (or one module) that builds a `ResourceKind`, and one line in `_MODULES`.
"""

from __future__ import annotations

import base64
import binascii
import functools
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pulumi_videosnap.core.lifecycle import Context, Lifecycle
    from pulumi_videosnap.core.schema import Inputs
    from pulumi_videosnap.drift.rules import DriftRules
    from pulumi_videosnap.frames.rules import FrameRules
    from pulumi_videosnap.review.rules import ReviewRules

_MODULES = [
    "pulumi_videosnap.volcengine.kind",
    "pulumi_videosnap.alibaba.kind",
    "pulumi_videosnap.alibaba.pipeline.kind",
    "pulumi_videosnap.alibaba.workflow.kind",
]
"""Modules with a `KIND`; imported on first use by a command, so programs do not load them."""

_TYPE_MODULES = ["pulumi_videosnap.frames.ready"]
"""Modules with a `TYPE`: a resource that is no task, so that reports do not concern it."""

DYNAMIC_PREFIX = "pulumi-python:dynamic/"
"""What the type of every resource of a dynamic provider begins with in state."""
NATIVE_PREFIX = "videosnap:"
"""What the type of every resource of the native provider begins with."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """What the fronts know of a resource."""

    token: str
    """`<cloud>:<Name>`: the end of its type in state, unless a program's subclass has a type of its own."""
    provider: str
    """The full name of its dynamic provider class, which state refers to and which never changes."""
    inputs: type[Inputs]
    """The model of its inputs: fields, ranges, defaults, effects."""
    lifecycle: Callable[[Context], Lifecycle]
    """Its lifecycle, connected to the real cloud."""
    lookups: tuple[Callable[..., Any], ...] = ()
    """Functions that look at what exists and manage nothing; the plugin has each under its own name."""
    search: Callable[..., Iterable[Listed]] | None = None
    """Lists what the cloud knows, from a function's arguments and `config`; None where the cloud cannot."""


class Listed(NamedTuple):
    """One resource that a cloud lists: its name there, and the id to import it by."""

    name: str
    id: str


@dataclass(frozen=True, kw_only=True)
class ResourceKind(ResourceType):
    """Everything that the shared parts know of one kind of task."""

    title: str
    """What reports call it, such as "live room"; also the value of `kind` in their JSON."""
    has_ended: Callable[[Mapping[str, Any]], bool]
    """Whether the last run in these recorded outputs has ended."""
    review: ReviewRules
    """What a planned step does: effect, calls, frames, risks."""
    drift: DriftRules
    """What another value of a field means, what brings a resource back, and how orphans are found."""
    frames: FrameRules
    """Where its frames are, and which are expected."""


def kinds() -> tuple[ResourceKind, ...]:
    """All resource kinds, in the order of the registry."""
    return tuple(map(_kind_in, _MODULES))


def resource_types() -> tuple[ResourceType, ...]:
    """Everything that a program can declare: the kinds, and the resources that are no tasks."""
    return (*kinds(), *map(_type_in, _TYPE_MODULES))


def resource_type(token: str) -> ResourceType | None:
    """The resource with a token such as `<cloud>:<Name>`; of the others as few as possible are imported."""
    folder = f".{token.partition(':')[0]}."
    ways = [*((_kind_in, module) for module in _MODULES), *((_type_in, module) for module in _TYPE_MODULES)]
    ways.sort(key=lambda way: folder not in way[1])
    return next((found for load, module in ways if (found := load(module)).token == token), None)


def lookups() -> dict[str, Callable[..., Any]]:
    """The lookups of all resources by their tokens, `<cloud>:<name>` in the spelling of a program."""
    types = resource_types()
    return {
        f"{one.token.partition(':')[0]}:{lookup.__name__}": lookup for one in types for lookup in one.lookups
    }


def register(module: str) -> None:
    """Add the kind of another module, which has it as `KIND`; a module that is there already is not added."""
    if module not in _MODULES:
        _MODULES.append(module)


def kind_of(resource: Mapping[str, Any]) -> ResourceKind | None:
    """The kind of a resource as the engine's state or preview has it; None for every other resource.

    What counts is the provider class that the record refers to, so that a program's subclass of a resource
    class is recognised under its own type. A record without one (a preview of an old state) goes by its type,
    and one of a program's own provider, a subclass in another module, by the inputs that `check` returned.
    """
    pickled = _provider_pickle(resource)
    token = str(resource.get("type", "")).removeprefix(DYNAMIC_PREFIX).removeprefix(NATIVE_PREFIX)
    for kind in kinds():
        module, _, name = kind.provider.rpartition(".")
        if token == kind.token or (pickled and module.encode() in pickled and name.encode() in pickled):
            return kind
    return next((kind for kind in kinds() if pickled and _has_inputs_of(kind, resource)), None)


def kind_by_title(title: str) -> ResourceKind:
    """The kind with this title, such as "live room"; KeyError when there is none."""
    return {kind.title: kind for kind in kinds()}[title]


@functools.cache
def _kind_in(module: str) -> ResourceKind:
    kind: ResourceKind = importlib.import_module(module).KIND
    return kind


@functools.cache
def _type_in(module: str) -> ResourceType:
    found: ResourceType = importlib.import_module(module).TYPE
    return found


def _has_inputs_of(kind: ResourceKind, resource: Mapping[str, Any]) -> bool:
    """Whether the inputs have every field that the kind requires, and the one that its `check` adds."""
    inputs = resource.get("inputs") or {}
    fields = kind.inputs.model_fields.items()
    required = {field.alias or name for name, field in fields if field.is_required()}
    return required | {str(kind.drift.desired_state_input[0])} <= set(inputs)


def _provider_pickle(resource: Mapping[str, Any]) -> bytes:
    """The pickled provider of a dynamic resource, never unpickled; empty where there is none."""
    for properties in (resource.get("inputs"), resource.get("outputs")):
        provider = properties.get("__provider") if isinstance(properties, Mapping) else None
        if isinstance(provider, str):
            try:
                return base64.b64decode(provider, validate=True)
            except binascii.Error:
                return b""
    return b""
