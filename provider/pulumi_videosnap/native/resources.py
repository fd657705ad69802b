"""The methods of resources, over the same lifecycles as the dynamic front."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_videosnap.core.lifecycle import Failure, Gone, Lifecycle, Present
from pulumi_videosnap.core.properties import UNKNOWN, UNREAD, Properties, as_if_read, snake
from pulumi_videosnap.errors import InvalidInput
from pulumi_videosnap.kinds import NATIVE_PREFIX, ResourceType, resource_type
from pulumi_videosnap.native import differ
from pulumi_videosnap.native.errors import Failing, Unfinished, one_line_errors
from pulumi_videosnap.native.package import output_names
from pulumi_videosnap.native.spelling import path_as_the_program_writes
from pulumi_videosnap.native.values import from_struct, secret_paths, to_struct
from pulumi_videosnap.plugin import engine_log
from pulumi_videosnap.plugin.left_over import end_left_over
from pulumi_videosnap.plugin.run import RUN


class _Call:
    """One request about a resource, answered over its lifecycle; an error of it is one sentence."""

    def __init__(self, request: Any, properties: Any, context: grpc.ServicerContext, *others: Any) -> None:
        """`properties` are what the program declares or state has, with the engine's marks of secrets.

        What is secret in `others` of the request's properties is not repeated either.
        """
        self._urn = request.urn
        self.properties = from_struct(properties)
        with one_line_errors(context):
            self.kind = _kind_of(request.urn.split("::", 3)[2].rpartition("$")[2])
        self.secrets = secret_paths(properties) | frozenset(differ.secrets_of(self.kind.inputs))
        RUN.note_secrets(self._urn, self.properties, self.secrets)
        for one in others:
            RUN.note_secrets(self._urn, from_struct(one), secret_paths(one))
        self.failing = Failing(self._urn, self.properties, self.secrets)
        self.answering = partial(one_line_errors, context, self.failing)

    def lifecycle(self, **details: Any) -> Lifecycle:
        """The resource's lifecycle, with `details` of this call."""
        return self.kind.lifecycle(RUN.context(self._urn, note_existing=self.failing.note, **details))

    def struct(self, properties: Properties) -> Any:
        """Properties for the engine, with the secrets of this call marked."""
        return to_struct(properties, self.secrets)

    def line(self, failure: Failure) -> str:
        """What is wrong with a value, or doubtful about it."""
        return RUN.shown(self._urn, f"{path_as_the_program_writes(failure.path)} {failure.reason}")


class Resources(provider_pb2_grpc.ResourceProviderServicer):
    """Every kind of the registry: a new one costs nothing here."""

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Complete and validate a program's inputs."""
        call = _Call(request, request.news, context, request.olds)
        with call.answering():
            checked = call.lifecycle(recorded=from_struct(request.olds)).check(call.properties)
        if not checked.failures:
            for warning in checked.warnings:
                engine_log.warn(request.urn, call.line(warning))
        # With a property's name the engine would print the property's value too.
        failures = [provider_pb2.CheckFailure(reason=call.line(failure)) for failure in checked.failures]
        return provider_pb2.CheckResponse(inputs=call.struct(checked.inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what differs, path by path, and what of it needs a replacement."""
        RUN.warn_of_ignored(request.urn, request.ignoreChanges)
        RUN.compare(request.id, request.urn)
        call = _Call(request, request.news, context, request.olds)
        recorded, before = from_struct(request.olds), from_struct(request.old_inputs)
        olds = as_if_read(recorded, call.properties)
        with call.answering():
            replaces = call.lifecycle().diff(olds, call.properties)
            changes = differ.changes(call.kind.inputs, before or recorded, olds, call.properties, replaces)
            return differ.response(dict(changes), replaces)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make or adopt the task; a preview calls nothing."""
        call = _Call(request, request.properties, context)
        if request.preview:
            outputs = {**dict.fromkeys(output_names(call.kind.token), UNKNOWN), **call.properties}
            return provider_pb2.CreateResponse(properties=call.struct(outputs))
        with call.answering(), RUN.creating(request.urn, context.add_callback):
            created = call.lifecycle(timeout=request.timeout).create(call.properties)
        return provider_pb2.CreateResponse(id=created.id, properties=call.struct(created.outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return what the service knows: present, gone (an empty answer), or what is recorded."""
        call = _Call(request, request.properties if request.properties.fields else request.inputs, context)
        task, recorded = call.lifecycle(timeout=request.timeout), call.properties
        with call.answering():
            if not differ.has_required(call.kind.inputs, recorded):
                return _import(call, task, request.id)
            outcome = task.read(request.id, recorded)
            if isinstance(outcome, Gone):
                return provider_pb2.ReadResponse()
            if isinstance(outcome, Present):
                outputs = {**outcome.outputs, UNREAD: recorded.get(UNREAD)}
                if outcome.unfinished:  # or a refresh would take the error out of state
                    call.failing.inputs = outcome.inputs
                    call.failing.note(request.id, outputs)
                    raise Unfinished(outcome.unfinished)
                return _read_response(call, request.id, outputs, outcome.inputs)
        RUN.warn(request.urn, outcome.reason)
        kept = request.inputs if request.HasField("inputs") else None
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=kept)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Bring the task in line; a preview calls nothing."""
        call = _Call(request, request.news, context, request.olds)
        recorded = from_struct(request.olds)
        olds = as_if_read(recorded, call.properties)
        if request.preview:
            outputs = {**olds, **dict.fromkeys(output_names(call.kind.token), UNKNOWN), **call.properties}
        else:
            with call.answering():
                outputs = call.lifecycle(timeout=request.timeout).update(request.id, olds, call.properties)
        return provider_pb2.UpdateResponse(properties=call.struct({**outputs, UNREAD: None}))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End the task."""
        call = _Call(request, request.properties, context)
        with call.answering():
            end_left_over(request.urn)
            task = call.lifecycle(timeout=request.timeout, deleted=request.id)
            task.delete(request.id, call.properties)
        return Empty()

    def List(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """List what a cloud knows, as far as it can."""
        with one_line_errors(context):
            kind = _kind_of(request.token)
            if kind.search is None:
                raise InvalidInput("", f"the service of {request.token} has no list")
            query = {snake(name): value for name, value in from_struct(request.query).items()}
            for number, listed in enumerate(kind.search(**query, config=RUN.config), 1):
                yield provider_pb2.ListResponse(
                    result=provider_pb2.ListResponse.Result(id=listed.id, name=listed.name)
                )
                if number == request.limit:
                    return

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End every wait at once; what was waited for goes on and is recorded."""
        RUN.cancel()
        return Empty()


def _kind_of(token: str) -> ResourceType:
    kind = resource_type(token.removeprefix(NATIVE_PREFIX)) if token.startswith(NATIVE_PREFIX) else None
    if kind is None:
        raise InvalidInput("type", f"{token!r} is not a resource of this provider")
    return kind


def _import(call: _Call, task: Lifecycle, import_id: str) -> Any:
    """What the service knows of a task of which nothing is recorded; an empty answer where it knows none."""
    found = task.find(import_id)
    if found is None:
        return provider_pb2.ReadResponse()
    checked = task.check(found.inputs)
    # What cannot be completed is for the engine to say: it checks the program that it generates.
    inputs = found.inputs if checked.failures else checked.inputs
    unread = [differ.camel_dotted(path) for path in differ.unread(call.kind.inputs, found.inputs)]
    return _read_response(call, found.id, {**inputs, **found.outputs, UNREAD: unread or None}, inputs)


def _read_response(call: _Call, id_: str, outputs: Properties, inputs: Properties) -> Any:
    return provider_pb2.ReadResponse(id=id_, properties=call.struct(outputs), inputs=call.struct(inputs))
