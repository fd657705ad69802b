"""The adapter between Pulumi's dynamic providers and a `Lifecycle`: values, names and errors, nothing else.

A provider class lives in this installed package and holds no attributes, so that it is pickled by
reference: its state entry never changes, and an upgrade of the package takes effect at once. What a
process knows (the stack's configuration, the run's claims) therefore stands in `plugin.run`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime import rpc

from pulumi_videosnap.core.lifecycle import Context, Gone, Lifecycle, Present
from pulumi_videosnap.core.properties import (
    UNKNOWN,
    UNREAD,
    Properties,
    Unknown,
    as_if_read,
    dotted,
    value_at,
)
from pulumi_videosnap.dynamic import request, thread_pool
from pulumi_videosnap.dynamic.resource import SECRETS_INPUT
from pulumi_videosnap.dynamic.state_id import INPUT as STATE_ID_INPUT
from pulumi_videosnap.errors import CallFailed, OutcomeUnknown, VideosnapError, debugging, unexpected
from pulumi_videosnap.plugin import engine_log
from pulumi_videosnap.plugin.engine_watch import end_with
from pulumi_videosnap.plugin.run import RUN


def _serves_the_engine() -> bool:
    """Whether this is the engine's plugin process, not a user's program or a test."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.startswith("pulumi.dynamic")


if _serves_the_engine():  # a native plugin imports this module too
    RUN.serves = True
    # A short-lived process: collections during its imports would take a fifth of their time.
    gc.freeze()
    gc.set_threshold(10_000)
    # Pydantic would look for plugins of its own in each installed package, at the first model.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if address := engine_log.engine_address():
        end_with(address)
    if not debugging():
        # The server sends `traceback.format_exc()` to the user: without frames that is the last line alone.
        sys.tracebacklimit = 0


class LifecycleProvider(ResourceProvider):
    """Lets the engine drive one kind of task; a subclass names the kind."""

    serialize_as_secret_always = False
    """The pickle is a class's name and nothing else: there is nothing to hide in it."""

    @abstractmethod
    def lifecycle(self, context: Context) -> Lifecycle:
        """The task kind that this provider drives."""

    def configure(self, req: ConfigureRequest) -> None:
        """Keep the stack's configuration; credentials are read from it only when they are needed."""
        RUN.config = req.config.get

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Complete and validate a program's inputs."""
        if isinstance(state_id := news.get(STATE_ID_INPUT), str):
            RUN.set_state_id(state_id)
        urn, inputs = request.current_urn(), _from_engine(news)
        RUN.note_secrets(urn, inputs, map(tuple, news.get(SECRETS_INPUT) or ()))
        with _one_line_errors():
            checked = self._task(recorded=_from_engine(olds)).check(inputs)
        if not checked.failures:
            for warning in checked.warnings:
                RUN.warn(urn, f"{dotted(warning.path)} {warning.reason}")
        # With a property's name the engine would print the property's value too, a secret in clear
        # text among them, and `{<nil>}` for every path that is not a top-level name.
        lines = [f"{dotted(failure.path)} {failure.reason}" for failure in checked.failures]
        failures = [CheckFailure("", RUN.shown(urn, line)) for line in lines]
        return CheckResult(_replace_unknowns(checked.inputs, Unknown, rpc.UNKNOWN), failures)

    def diff(self, id_: str, olds: Properties, news: Properties) -> DiffResult:
        """Name what needs a replacement; what merely changed, the engine sees and shows by itself."""
        urn = request.current_urn()
        RUN.compare(id_, urn)
        RUN.warn_of_ignored(urn, request.ignored_paths())
        with _one_line_errors(olds):
            inputs = _from_engine(news)
            replaces = self._task().diff(as_if_read(_from_engine(olds), inputs), inputs)
        if request.names_no_provider():
            # From the native front: the first `up` updates every resource, if only to name its provider, so a
            # preview does not know what one takes from another, and would show a replacement.
            replaces = [path for path in replaces if not isinstance(value_at(inputs, path), Unknown)]
        paths = [".".join(map(str, path)) for path in replaces]
        return DiffResult(replaces=paths, delete_before_replace=True)

    def create(self, props: Properties) -> CreateResult:
        """Make or adopt the task."""
        existing: list[tuple[str, Properties]] = []
        creating = RUN.creating(request.current_urn(), request.when_answered())
        with _one_line_errors(), _recorded_if_made(existing), creating:
            task = self._task(note_existing=lambda *task: existing.append(task))
            created = task.create(_from_engine(props))
        return CreateResult(created.id, created.outputs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Return what the service knows: present, gone (an empty id), or what is recorded."""
        recorded = _from_engine(props)
        with _one_line_errors(props):
            outcome = self._task().read(id_, recorded)
        if isinstance(outcome, Gone):
            return ReadResult("", {})
        if isinstance(outcome, Present):
            unread = {name: value for name, value in recorded.items() if name == UNREAD}
            return ReadResult(id_, {**outcome.outputs, **unread}, outcome.inputs)
        RUN.warn(request.current_urn(), outcome.reason)
        return ReadResult(id_, recorded)

    def update(self, id_: str, olds: Properties, news: Properties) -> UpdateResult:
        """Bring the task in line."""
        with _one_line_errors(olds):
            inputs = _from_engine(news)
            outputs = self._task().update(id_, as_if_read(_from_engine(olds), inputs), inputs)
        return UpdateResult({name: value for name, value in outputs.items() if name != UNREAD})

    def delete(self, id_: str, props: Properties) -> None:
        """End the task."""
        from pulumi_videosnap.plugin.left_over import end_left_over  # noqa: PLC0415 - no program deletes

        with _one_line_errors(props):
            end_left_over(request.current_urn())
            self._task(deleted=id_).delete(id_, _from_engine(props))

    def _task(self, **details: Any) -> Lifecycle:
        thread_pool.raise_worker_limit()
        urn, timeout = request.current_urn(), request.current_timeout()
        return self.lifecycle(RUN.context(urn, timeout=timeout, **details))


def _from_engine(properties: Mapping[str, Any]) -> Properties:
    """Pulumi's properties as ours: without its own (`__provider`), its unknowns as UNKNOWN."""
    unknown = pulumi.output.Unknown
    own = {name: value for name, value in properties.items() if not name.startswith("__")}
    return {name: _replace_unknowns(value, unknown, UNKNOWN) for name, value in own.items()}


def _replace_unknowns(value: Any, kind: type, replacement: object) -> Any:
    """A value with another object for each unknown of one kind, also inside blocks and lists."""
    if isinstance(value, kind):
        return replacement
    if isinstance(value, Mapping):
        return {name: _replace_unknowns(item, kind, replacement) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace_unknowns(item, kind, replacement) for item in value]
    return value


class _ShownError(Exception):
    """An error as the engine prints it: its name is the first word of the line."""


# The engine shows "<module>.<class>: <message>" and leaves out the module of a builtin.
_ShownError.__module__ = "builtins"
_ShownError.__qualname__ = "videosnap"


@contextlib.contextmanager
def _recorded_if_made(existing: Sequence[tuple[str, Properties]]) -> Iterator[None]:
    """Let the engine record what was made, or may have been, although a call failed: the next run goes on."""
    try:
        yield
    except (OutcomeUnknown, CallFailed) as failed:
        for id_, outputs in existing[-1:]:
            request.record_as_failed(id_, outputs, RUN.shown(request.current_urn(), str(failed)))
        raise


@contextlib.contextmanager
def _one_line_errors(recorded: Properties | None = None) -> Iterator[None]:
    """Turn every error into one sentence; the traceback is shown only to those who ask for it.

    The engine says to no dynamic provider what is secret: the program does, and state of what is `recorded`.
    """
    if debugging():
        yield
        return
    try:
        yield
    except VideosnapError as error:
        urn = request.current_urn()
        RUN.note_recorded_secrets(urn, recorded or {})
        raise _ShownError(RUN.shown(urn, str(error))) from None
    except Exception as error:
        raise _ShownError(unexpected(error)) from None
