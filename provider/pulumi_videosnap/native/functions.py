"""Invoke: the lookups of the clouds' folders, as functions of the package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_videosnap.core.properties import camel, nearest, snake
from pulumi_videosnap.errors import InvalidInput
from pulumi_videosnap.kinds import lookups
from pulumi_videosnap.native.errors import Failing, one_line_errors
from pulumi_videosnap.native.package import schema
from pulumi_videosnap.native.values import from_struct, secret_paths, to_struct
from pulumi_videosnap.plugin.run import RUN


class Functions(provider_pb2_grpc.ResourceProviderServicer):
    """Every function of the schema, and no other."""

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Call a function; a missing or unknown argument is named."""
        arguments = from_struct(request.args)
        RUN.note_secrets(request.tok, arguments, secret_paths(request.args))
        with one_line_errors(context, Failing(request.tok)):
            function = _function(request.tok, arguments)
            found = function(**{snake(name): value for name, value in arguments.items() if value is not None})
        result = found if is_dataclass(found) else {snake(request.tok).partition("_")[2]: found}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(_state_names(result)))
        return response


def _function(token: str, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    declared = schema()["functions"].get(token)
    if declared is None:
        raise InvalidInput("function", f"{token!r} is not a function of this provider")
    inputs = declared["inputs"]
    for name in [*inputs["required"], *arguments]:
        if name not in arguments:
            raise InvalidInput(name, "is required")
        if name not in inputs["properties"]:
            raise InvalidInput(name, f"is not an argument; {nearest(name, inputs['properties'])}")
    _, cloud, name = token.split(":")
    return lookups()[f"{cloud}:{snake(name)}"]


def _state_names(value: Any) -> Any:
    """A result with the names that the schema has; the names of blocks in a mapping are the user's own."""
    if is_dataclass(value) and not isinstance(value, type):
        return _state_names({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, Mapping):
        return {
            name if is_dataclass(item) else camel(name): _state_names(item)
            for name, item in value.items()
            if item is not None
        }
    return [_state_names(item) for item in value] if isinstance(value, list | tuple) else value
