"""The engine's steps: what it asks a provider, in which order, and what it then keeps in state.

What it does was seen of the real one, with which tests/e2e drives the same stories. A provider is lifecycles
in this process, or a process beneath: `plugin_runs` has one with a port, and one whose calls go wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pulumi_videosnap.core.lifecycle import Context, Gone, Lifecycle, Present
from pulumi_videosnap.core.properties import Properties, dotted
from pulumi_videosnap.core.run_registry import Entry as RecordedEntry
from pulumi_videosnap.core.run_registry import RunRegistry
from support.plugin import Plugin, PluginError

Program = Mapping[str, Mapping[str, Any]]
"""Resources with their declared inputs, in state's spelling, by name or by URN."""
Provider: TypeAlias = "Plugin | Lifecycles"
"""A provider in one run; a PluginError may say what is to be recorded all the same."""


@dataclass
class Entry:
    """One resource in state."""

    id: str
    inputs: Properties
    outputs: Properties
    failed: bool = False
    """Whether it has initErrors: the next `up` updates it, whatever Diff says."""
    replacing: bool = False
    """Deleted to make room for its replacement, which is not there yet."""


class Refused(Exception):
    """Inputs that check refused, as `path reason` lines."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        super().__init__("\n".join(lines))


@dataclass
class EngineModel:
    """One stack, and an engine that runs on it again and again."""

    start: Callable[[EngineModel], AbstractContextManager[Provider]]
    """Starts a provider for a run."""
    type_: str = "task"
    """That of resources which go by a name."""
    previews: bool = True
    """Whether `up` previews first, as it does without --skip-preview."""
    state: dict[str, Entry] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    """What the last run did or tried, by resource."""
    said: list[str] = field(default_factory=list)
    state_id: str = ""
    """What the engine tells a backend's state by; none as from a program of an older version."""
    provider_ids: tuple[str, ...] = ()
    """The ids of the providers in state, such as that of the other front."""
    own_provider_ids: tuple[str, ...] = ()
    """The ids of the program's own providers in state, which have keys of their own."""

    def preview(self, program: Program) -> dict[str, str]:
        """What `up` would do, by resource: create, update, replace or delete; nothing for the unchanged."""
        with self.start(self) as provider:
            plan = {
                name: self._plan(provider, name, self.state.get(name), declared)[0]
                for name, declared in program.items()
            }
        gone = {name: "delete" for name in self.state if name not in program}
        return {name: step for name, step in {**plan, **gone}.items() if step != "same"}

    def up(
        self, program: Program, aliases: Mapping[str, str] | None = None, *, refresh: bool = False
    ) -> dict[str, str]:
        """One `pulumi up`; `aliases` are former names. Returns what was done."""
        if self.previews:
            self.preview(program)
        with self._run() as provider:
            if refresh:
                self._refresh(provider)
            for name, declared in program.items():
                former = (aliases or {}).get(name, name)
                known = name in self.state or former not in self.state
                self._step(provider, name, name if known else former, declared)
            self._delete(provider, (name for name in reversed(self.state) if name not in program))
        return self.done

    def refresh(self) -> dict[str, tuple[Any, Any]]:
        """One `pulumi refresh`; returns each input that drifted as `name.path: (recorded, actual)`."""
        with self._run() as provider:
            return self._refresh(provider)

    def destroy(self, targets: Sequence[str] = ()) -> None:
        """One `pulumi destroy`, of everything or of some resources."""
        with self._run() as provider:
            self._delete(provider, (name for name in reversed(self.state) if not targets or name in targets))

    def entries(self) -> list[RecordedEntry]:
        """What state has, as a provider reads it."""
        there = {name: entry for name, entry in self.state.items() if not entry.replacing}
        provider, ids = "urn:pulumi:test::mini::pulumi:providers:any::", self.provider_ids
        return [
            *(RecordedEntry(self._urn(name), entry.id, entry.outputs) for name, entry in there.items()),
            *(RecordedEntry(f"{provider}default", one, {}) for one in ids),
            *(RecordedEntry(f"{provider}own", one, {}) for one in self.own_provider_ids),
        ]

    def _urn(self, name: str) -> str:
        return name if name.startswith("urn:") else f"urn:pulumi:test::mini::{self.type_}::{name}"

    @contextlib.contextmanager
    def _run(self) -> Iterator[Provider]:
        self.done = {}
        with self.start(self) as provider:
            yield provider

    def _plan(
        self, provider: Provider, name: str, entry: Entry | None, declared: Mapping[str, Any]
    ) -> tuple[str, Properties]:
        urn = self._urn(name)
        checked, refused = provider.check(urn, _as_engine(declared), entry.inputs if entry else {})
        if refused:
            raise Refused(refused)
        inputs = _as_engine(checked)
        if entry is None:
            return "create", inputs
        replaces, changed = provider.changes(urn, entry.id, entry.outputs, inputs, entry.inputs)
        if replaces or entry.replacing:
            return "replace", inputs
        if changed is None:
            changed = entry.inputs != inputs
        return "update" if changed or entry.failed else "same", inputs

    def _step(self, provider: Provider, name: str, former: str, declared: Mapping[str, Any]) -> None:
        """Bring one resource in line, which state may have under a former name."""
        entry = self.state.get(former)
        step, inputs = self._plan(provider, name, entry, declared)
        if step != "same":
            self.done[name] = step
        if entry is None or step == "replace":
            if entry is not None:
                self._make_room(provider, former, entry)
            with self._recording(name, inputs):
                id_, outputs = provider.create(self._urn(name), inputs)
            self.state[name] = Entry(id_, inputs, _as_engine(outputs))
            if former != name:
                self.state.pop(former, None)
            return
        if former != name:
            self.state = {name if key == former else key: value for key, value in self.state.items()}
        if step == "update":
            with self._recording(name, entry.inputs):
                outputs = provider.update(self._urn(name), entry.id, entry.outputs, inputs)
            self.state[name] = Entry(entry.id, inputs, _as_engine(outputs))

    def _make_room(self, provider: Provider, name: str, entry: Entry) -> None:
        self.done[name] = "replace"
        if not entry.replacing:
            provider.delete(self._urn(name), entry.id, entry.outputs)
            entry.replacing = True

    @contextlib.contextmanager
    def _recording(self, name: str, inputs: Properties) -> Iterator[None]:
        """A create or an update; what fails with a resource that exists is recorded."""
        try:
            yield
        except PluginError as failed:
            if failed.recorded is not None:
                id_, outputs, _ = failed.recorded
                self.state[name] = Entry(id_, inputs, _as_engine(outputs), failed=True)
            raise

    def _refresh(self, provider: Provider) -> dict[str, tuple[Any, Any]]:
        drift: dict[str, tuple[Any, Any]] = {}
        for name, entry in list(self.state.items()):
            if entry.replacing:
                continue
            failed = False
            try:
                id_, outputs, read = provider.read(self._urn(name), entry.id, entry.outputs, entry.inputs)
            except PluginError as error:
                if error.recorded is None:
                    raise
                failed, (id_, outputs, read) = True, error.recorded
            if not id_:
                del self.state[name]
                drift[name] = ("there", "gone")
                continue
            inputs = entry.inputs if read is None else _as_engine(read)
            self.state[name] = Entry(id_, inputs, _as_engine(outputs), failed)
            drift |= _changes(name, entry.inputs, inputs)
        return drift

    def _delete(self, provider: Provider, names: Iterable[str]) -> None:
        for name in list(names):
            entry, self.done[name] = self.state[name], "delete"
            if not entry.replacing:
                provider.delete(self._urn(name), entry.id, entry.outputs)
            del self.state[name]


def in_process(lifecycle: Callable[[Context], Lifecycle]) -> EngineModel:
    """A stack of resources of one kind, whose provider is lifecycles in this process."""
    return EngineModel(lambda engine: contextlib.nullcontext(Lifecycles(lifecycle, engine)))


class Lifecycles:
    """Lifecycles that share what a plugin process shares."""

    def __init__(self, lifecycle: Callable[[Context], Lifecycle], engine: EngineModel) -> None:
        self._lifecycle, self._engine, self._runs = lifecycle, engine, RunRegistry(engine.state_id)

    def check(self, urn: str, inputs: Properties, olds: Properties) -> tuple[Properties, list[str]]:
        checked = self._of(urn).check(inputs)
        return checked.inputs, [f"{dotted(failure.path)} {failure.reason}" for failure in checked.failures]

    def changes(
        self, urn: str, id_: str, outputs: Properties, inputs: Properties, old_inputs: Properties
    ) -> tuple[Sequence[object], bool | None]:
        return self._of(urn).diff(outputs, inputs), None

    def create(self, urn: str, inputs: Properties) -> tuple[str, Properties]:
        created = self._of(urn).create(inputs)
        return created.id, created.outputs

    def read(
        self, urn: str, id_: str, outputs: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties | None]:
        outcome = self._of(urn).read(id_, outputs)
        if isinstance(outcome, Present):
            return id_, outcome.outputs, outcome.inputs
        if isinstance(outcome, Gone):
            return "", {}, None
        self._engine.said.append(outcome.reason)
        return id_, outputs, None

    def update(self, urn: str, id_: str, outputs: Properties, inputs: Properties) -> Properties:
        return self._of(urn).update(id_, outputs, inputs)

    def delete(self, urn: str, id_: str, outputs: Properties) -> None:
        self._of(urn).delete(id_, outputs)

    def _of(self, urn: str) -> Lifecycle:
        say = self._engine.said.append
        context = Context(resource=urn, runs=self._runs, entries=self._engine.entries, progress=say, warn=say)
        return self._lifecycle(context)


def _changes(path: str, old: Any, new: Any) -> dict[str, tuple[Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, tuple[Any, Any]] = {}
        for key in {**old, **new}:
            found.update(_changes(f"{path}.{key}", old.get(key), new.get(key)))
        return found
    return {} if old == new else {path: (old, new)}


def _as_engine(value: Any) -> Any:
    """Values as they come back from the engine: every number is a float, no top-level null survives."""
    if isinstance(value, Mapping):
        return {key: _as_engine(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_as_engine(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
