"""The engine's way of driving a provider, in a hundred lines and in this process.

It keeps state as the engine does (inputs and outputs side by side, every number a float), asks the
same questions in the same order, and starts every operation as a new run. What only the real engine
can show is tested with the real engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_videosnap.core.lifecycle import Context, Failure, Gone, Lifecycle, Present
from pulumi_videosnap.core.properties import Properties, dotted
from pulumi_videosnap.core.run_registry import Entry as RecordedEntry
from pulumi_videosnap.core.run_registry import RunRegistry

Program = Mapping[str, Mapping[str, Any]]
"""Resource names with their declared inputs, in state's spelling."""


@dataclass
class Entry:
    """One resource in state."""

    id: str
    inputs: Properties
    outputs: Properties
    failed: bool = False
    """Its creation failed although it may exist: the next `up` updates it."""
    pending_replacement: bool = False
    """Deleted to make room for its replacement, which is not there yet; seen in the engine's own state."""


class Refused(Exception):
    """Inputs that check refused, as `path reason` lines."""

    def __init__(self, failures: list[Failure]) -> None:
        self.lines = [f"{dotted(failure.path)} {failure.reason}" for failure in failures]
        super().__init__("\n".join(self.lines))


class InitFailed(Exception):
    """A creation that failed although something may exist, which is recorded."""

    def __init__(self, text: str, id_: str, outputs: Properties) -> None:
        super().__init__(text)
        self.id, self.outputs = id_, outputs


@dataclass
class MiniEngine:
    """A stack whose resources are all of one kind."""

    lifecycle: Callable[[Context], Lifecycle]
    state: dict[str, Entry] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    state_id: str = ""
    """What the engine tells a backend's state by; none as from a program of an older version."""
    provider_ids: tuple[str, ...] = ()
    """The ids of the providers in state, such as that of the other front."""
    own_provider_ids: tuple[str, ...] = ()
    """The ids of the program's own providers in state, which have keys of their own."""
    type_: str = "task"
    previews: bool = True
    """Whether `up` previews first, as it does without --skip-preview."""

    def preview(self, program: Program) -> dict[str, str]:
        """What `up` would do, by resource: create, update, replace or delete; nothing for the unchanged."""
        run = self._run()
        plan = {name: self._plan(run, name, inputs)[0] for name, inputs in program.items()}
        gone = {name: "delete" for name in self.state if name not in program}
        return {name: step for name, step in {**plan, **gone}.items() if step != "same"}

    def up(self, program: Program) -> dict[str, str]:
        """Bring the stack in line; returns what was done."""
        done = self.preview(program) if self.previews else {}
        run = self._run()
        for name, declared in program.items():
            step, inputs = self._plan(run, name, declared)
            self._apply(run(name), name, step, inputs)
        for name in [name for name in self.state if name not in program]:
            self._delete(run(name), name)
        return done

    def refresh(self) -> dict[str, tuple[Any, Any]]:
        """Read everything; returns each input that drifted as `name.path: (recorded, actual)`."""
        run, drift = self._run(), {}
        for name, entry in list(self.state.items()):
            if entry.pending_replacement:
                continue
            outcome = run(name).read(entry.id, entry.outputs)
            if isinstance(outcome, Gone):
                del self.state[name]
                drift[name] = ("there", "gone")
            elif isinstance(outcome, Present):
                before = entry.inputs
                entry.inputs, entry.outputs = _as_engine(outcome.inputs), _as_engine(outcome.outputs)
                entry.failed = False
                drift.update(_changes(name, before, entry.inputs))
            else:
                self.said.append(outcome.reason)
        return drift

    def destroy(self) -> None:
        """Delete everything."""
        run = self._run()
        for name in list(self.state):
            self._delete(run(name), name)

    def _run(self) -> Callable[[str], Lifecycle]:
        runs = RunRegistry(self.state_id)
        return lambda name: self.lifecycle(
            Context(
                resource=self._urn(name),
                runs=runs,
                entries=self._entries,
                progress=self.said.append,
                warn=self.said.append,
            )
        )

    def _entries(self) -> list[RecordedEntry]:
        there = {name: entry for name, entry in self.state.items() if not entry.pending_replacement}
        entries = [RecordedEntry(self._urn(name), entry.id, entry.outputs) for name, entry in there.items()]
        ids = {"default": self.provider_ids, "own": self.own_provider_ids}
        providers = {f"urn:pulumi:test::mini::pulumi:providers:any::{name}": ids[name] for name in ids}
        return [*entries, *(RecordedEntry(urn, one, {}) for urn in providers for one in providers[urn])]

    def _plan(
        self, run: Callable[[str], Lifecycle], name: str, declared: Mapping[str, Any]
    ) -> tuple[str, Properties]:
        checked = run(name).check(_as_engine(declared))
        if checked.failures:
            raise Refused(checked.failures)
        inputs = _as_engine(checked.inputs)
        entry = self.state.get(name)
        if entry is None:
            return "create", inputs
        differs = run(name).diff(entry.outputs, inputs)
        if entry.pending_replacement:
            return "create", inputs
        if differs:
            return "replace", inputs
        return ("same" if entry.inputs == inputs and not entry.failed else "update"), inputs

    def _apply(self, task: Lifecycle, name: str, step: str, inputs: Properties) -> None:
        if step == "replace":
            entry = self.state[name]
            task.delete(entry.id, entry.outputs)
            entry.pending_replacement = True
        if step in ("create", "replace"):
            try:
                created = task.create(inputs)
            except InitFailed as failed:
                self.state[name] = Entry(failed.id, inputs, _as_engine(failed.outputs), failed=True)
                raise
            self.state[name] = Entry(created.id, inputs, _as_engine(created.outputs))
        elif step == "update":
            entry = self.state[name]
            outputs = task.update(entry.id, entry.outputs, inputs)
            self.state[name] = Entry(entry.id, inputs, _as_engine(outputs))

    def _urn(self, name: str) -> str:
        return f"urn:pulumi:test::mini::{self.type_}::{name}"

    def _delete(self, task: Lifecycle, name: str) -> None:
        entry = self.state[name]
        if not entry.pending_replacement:
            task.delete(entry.id, entry.outputs)
        del self.state[name]


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
