"""The adapter between Pulumi's dynamic providers and a `Lifecycle`: values, names and errors, nothing else.

A provider class lives in this installed package and holds no attributes, so that it is pickled by
reference: its state entry never changes, and an upgrade of the package takes effect at once. What a
process knows (the stack's configuration, the run's claims) therefore stands in this module.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
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

from pulumi_videosnap.core.lifecycle import Context, Entry, Gone, Lifecycle, Present, RunRegistry
from pulumi_videosnap.core.properties import UNKNOWN, Properties, Unknown, camel_path, dotted
from pulumi_videosnap.core.urns import stack_name
from pulumi_videosnap.dynamic import engine_log, thread_pool
from pulumi_videosnap.dynamic.program import is_announced
from pulumi_videosnap.dynamic.state_id import INPUT as STATE_ID_INPUT
from pulumi_videosnap.errors import VideosnapError, debugging, unexpected
from pulumi_videosnap.pulumi_cli import parse_document, read_output
from pulumi_videosnap.settings import no_config

CHECKED_WITHIN = 3.0
"""Seconds that a delete waits for the check of another resource that has the task."""


class _Process:
    """What this process knows of the run that it serves."""

    runs = RunRegistry()
    config: Callable[[str], str | None] = no_config
    reading = threading.Lock()
    recorded: Sequence[Entry] | None = None

    @classmethod
    def entries(cls, urn: str) -> Sequence[Entry]:
        """The state of the stack that a URN is of, read once: a destroy or `--target` checks nothing."""
        with cls.reading:
            if cls.recorded is None:
                cls.recorded = _read_entries(urn) if _serves_the_engine() else ()
            return cls.recorded


def _is_announced(task: str) -> bool:
    """Whether the program declares a task; a program declares all at once, so it is soon checked, if ever."""
    announced = is_announced(task)
    deadline = time.monotonic() + CHECKED_WITHIN
    while announced and task not in _Process.runs.declared() and time.monotonic() < deadline:
        time.sleep(0.05)
    return announced


def _read_entries(urn: str) -> Sequence[Entry]:
    """The entries of a stack's state; none where the engine does not print it."""
    stack = stack_name(urn)
    try:
        state = parse_document(read_output(["stack", "export", "--stack", stack], Path()))
        resources = state["deployment"].get("resources") or []
        return [Entry(one["urn"], one.get("id", ""), one.get("outputs") or {}) for one in resources]
    except (VideosnapError, ValueError, KeyError):
        return ()


def _serves_the_engine() -> bool:
    """Whether this is the engine's plugin process, not a user's program or a test."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.startswith("pulumi.dynamic")


if _serves_the_engine() and not debugging():
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
        _Process.config = req.config.get

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        """Complete and validate a program's inputs."""
        if isinstance(state_id := news.get(STATE_ID_INPUT), str):
            _Process.runs.state_id = state_id
        with _one_line_errors():
            checked = self._task(_from_engine(olds)).check(_from_engine(news))
        if not checked.failures:
            for warning in checked.warnings:
                engine_log.warn(engine_log.current_urn(), f"{dotted(warning.path)} {warning.reason}")
        # With a property's name the engine would print the property's value too, a secret in clear
        # text among them, and `{<nil>}` for every path that is not a top-level name.
        failures = [CheckFailure("", f"{dotted(f.path)} {f.reason}") for f in checked.failures]
        return CheckResult(_replace_unknowns(checked.inputs, Unknown, rpc.UNKNOWN), failures)

    def diff(self, id_: str, olds: Properties, news: Properties) -> DiffResult:
        """Name what needs a replacement; what merely changed, the engine sees and shows by itself."""
        urn = engine_log.current_urn()
        _Process.runs.compare(id_, urn)
        for path in engine_log.ignored_paths():
            if path != camel_path(path):  # from a transform; the program translates a resource's own
                engine_log.warn(
                    urn, f"ignore_changes: {path!r} has no effect; write {camel_path(path)!r} in a transform"
                )
        with _one_line_errors():
            replaces = self._task().diff(_from_engine(olds), _from_engine(news))
        paths = [".".join(map(str, path)) for path in replaces]
        return DiffResult(replaces=paths, delete_before_replace=True)

    def create(self, props: Properties) -> CreateResult:
        """Make or adopt the task."""
        with _one_line_errors():
            created = self._task().create(_from_engine(props))
        return CreateResult(created.id, created.outputs)

    def read(self, id_: str, props: Properties) -> ReadResult:
        """Return what the service knows: present, gone (an empty id), or what is recorded."""
        recorded = _from_engine(props)
        with _one_line_errors():
            outcome = self._task().read(id_, recorded)
        if isinstance(outcome, Gone):
            return ReadResult("", {})
        if isinstance(outcome, Present):
            return ReadResult(id_, outcome.outputs, outcome.inputs)
        engine_log.warn(engine_log.current_urn(), outcome.reason)
        return ReadResult(id_, recorded)

    def update(self, id_: str, olds: Properties, news: Properties) -> UpdateResult:
        """Bring the task in line."""
        with _one_line_errors():
            outputs = self._task().update(id_, _from_engine(olds), _from_engine(news))
        return UpdateResult(outputs)

    def delete(self, id_: str, props: Properties) -> None:
        """End the task."""
        with _one_line_errors():
            self._task(deleted=id_).delete(id_, _from_engine(props))

    def _task(self, recorded: Properties | None = None, deleted: str = "") -> Lifecycle:
        thread_pool.raise_worker_limit()
        urn = engine_log.current_urn()
        entries, runs = partial(_Process.entries, urn), _Process.runs
        return self.lifecycle(
            Context(
                resource=runs.renamed(deleted, urn, entries) if deleted else urn,
                entry=urn,
                timeout=engine_log.current_timeout(),
                progress=partial(engine_log.progress, urn),
                warn=partial(engine_log.warn, urn),
                config=_Process.config,
                runs=runs,
                recorded=recorded or {},
                entries=entries,
                is_announced=_is_announced,
            )
        )


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
def _one_line_errors() -> Iterator[None]:
    """Turn every error into one sentence; the traceback is shown only to those who ask for it."""
    if debugging():
        yield
        return
    try:
        yield
    except VideosnapError as error:
        raise _ShownError(str(error)) from None
    except Exception as error:
        raise _ShownError(unexpected(error)) from None
