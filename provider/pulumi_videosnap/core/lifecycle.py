"""The lifecycle of one resource kind: check, diff, create, read, update, delete. No Pulumi in here.

A kind (a live room's snapshot task, a file's snapshot job) implements `Lifecycle`. An adapter creates one
for each call, passes it a `Context`, and translates values and errors; it decides nothing.

`read` has three outcomes, and an error is none of them: a failed call never looks like "gone".
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pulumi_videosnap.core.properties import Path, Properties
from pulumi_videosnap.core.run_registry import Entry, RunRegistry
from pulumi_videosnap.errors import VideosnapError
from pulumi_videosnap.settings import no_config


@dataclass(frozen=True)
class Failure:
    """One value that is refused, or accepted with a warning: its path, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs made complete with their defaults, what is wrong with them, and what is accepted with a warning.

    A warning is for a value that the vendor's documents do not mention, or that has no effect: it is shown in
    previews too, and fails nothing.
    """

    inputs: Properties
    failures: list[Failure] = field(default_factory=list)
    warnings: list[Failure] = field(default_factory=list)


@dataclass(frozen=True)
class Created:
    """A task that was created or adopted: its id, and everything that is recorded of it."""

    id: str
    outputs: Properties


@dataclass(frozen=True)
class Present:
    """The service knows the task; `inputs` are its settings as a program declares them."""

    inputs: Properties
    outputs: Properties
    unfinished: str = ""
    """Why it has not reached the state that a create waits for; empty where it has."""


@dataclass(frozen=True)
class Gone:
    """The service says there is no such task: the next `up` creates it again."""


@dataclass(frozen=True)
class Unreadable:
    """The service does not know any more: what is recorded is kept, and `reason` says why."""

    reason: str


ReadOutcome = Present | Gone | Unreadable


@dataclass(frozen=True)
class Found:
    """A task of which nothing was recorded, for an import: its id, its settings, and its outputs."""

    id: str
    inputs: Properties
    outputs: Properties


def _nothing(*_: object) -> None:
    """Say nothing, note nothing."""


_DYNAMIC, _NATIVE = "pulumi-python:dynamic/", "videosnap:"  # what types begin with under the two fronts
_NOT_IN_THIS_RUN = (
    "is not stopped: the program declares it as another resource, which --target or --exclude leaves out; "
    "run `pulumi up` with both"
)


@dataclass(frozen=True)
class Context:
    """What an adapter provides to a lifecycle for one call."""

    resource: str = ""
    """The resource's unique name, such as its URN; empty where the adapter cannot know it."""
    entry: str = ""
    """Its name in state, where that is another one."""
    timeout: float = 0.0
    """Seconds that the call may wait, by the program's option `custom_timeouts`; 0 where there is none."""
    progress: Callable[[str], None] = _nothing
    """Shows what is being done; not kept after the call."""
    warn: Callable[[str], None] = _nothing
    """Shows what the user should still see at the end of the run."""
    note_existing: Callable[[str, Properties], None] = _nothing
    """Notes the id and the outputs of a task that exists, whatever becomes of the call from here on."""
    note_creation: Callable[[str, Properties], None] = _nothing
    """Notes, before a call that makes something, the kind's token and its `Lifecycle.identity`."""
    made: Callable[[Callable[[], None]], None] = _nothing
    """Notes how to end what this call has made, not adopted, if nobody can record it."""
    config: Callable[[str], str | None] = no_config
    """Reads the stack's configuration by its full key, such as `videosnap:…`."""
    runs: RunRegistry = field(default_factory=RunRegistry)
    recorded: Properties = field(default_factory=dict)
    """The inputs that state has of the resource, for a check; empty for a new one."""
    entries: Callable[[], Sequence[Entry]] = tuple
    """The entries of the stack's state; none where the adapter cannot read them."""
    is_announced: Callable[[str], bool] = lambda task: False  # noqa: ARG005
    """Whether the program declares a task; waits a while for the engine to have it checked."""
    is_moved: Callable[[str], bool] = lambda task: False  # noqa: ARG005
    """Whether the program declares a task as this very resource, which moves to the other front."""
    sleep: Callable[[float], None] = time.sleep
    """Waits a number of seconds; Interrupted as soon as the engine is told to stop."""

    def other_declaring(self, task: str) -> str:
        """Note that this resource declares a task; returns the other one that does too, or an empty text."""
        first = self.runs.register(task, self.resource) if self.resource else ""
        return "" if first == self.resource else first

    def holder(self, task: str) -> str:
        """The resource whose a task stays when this resource's entry of state is deleted; empty where none.

        The one that declares it in this run. Where none does (in a `destroy`, or with `--target`), one whose
        entry of state has its id and is not deleted. VideosnapError where the program declares it and the run
        leaves that resource out: then nothing is ended, and the entry stays, so that nothing is forgotten.
        """
        declaring = self._other_declared(task)
        if declaring or self.runs.was_created(task):
            return declaring or self.resource
        if task in self.runs.declared():
            return ""  # it makes room for its own replacement
        others = [one.resource for one in self.other_entries() or () if one.id == task]
        if others or self.is_moved(task) or not self.is_announced(task):
            return "".join(others[:1])
        if declaring := self._other_declared(task):
            return declaring
        raise VideosnapError(f"{task} {_NOT_IN_THIS_RUN}")

    def _other_declared(self, task: str) -> str:
        declaring = self.runs.declared().get(task, "")
        return "" if declaring == self.resource else declaring

    def other_entries(self) -> Sequence[Entry] | None:
        """The entries of state without this resource's, which is deleted now, and those deleted in this run.

        None where state cannot be read, or is another stack's.
        """
        entries, own = self.entries(), self.entry or self.resource
        is_this_stack = any(entry.resource == own for entry in entries)
        return self.runs.delete(own, entries) if is_this_stack else None

    def provider_ids(self) -> Sequence[str]:
        """The ids of the providers in the stack's state, which tell it from another backend's stack."""
        return [one.id for one in self.entries() if "::pulumi:providers:" in one.resource]

    def default_name(self, mark: str = ".") -> str | None:
        """`<project>.<stack>.<name>`; None where the adapter does not know the resource."""
        return self._prefix(mark) + self.resource.split("::", 3)[3] if self.resource else None

    def _prefix(self, mark: str = ".") -> str:
        stack, project = self.resource.removeprefix("urn:pulumi:").split("::")[:2]
        return f"{project}{mark}{stack}{mark}"

    def unique_name(self, name: object, recorded: object, kind: str) -> object:
        """The value of a field that has the default name unless the program sets another.

        Pulumi makes a name unique only beside its type and its parents' types, so these decide too; a
        resource of the class itself without a parent needs no more. A `recorded` default stays.
        """
        default = self.default_name()
        if default is None or name not in (None, default):
            return name  # the program's own choice
        if isinstance(recorded, str) and recorded.startswith(self._prefix()):
            return recorded
        types = self.resource.split("::", 3)[2]
        return default if types in (_DYNAMIC + kind, _NATIVE + kind) else self.with_types(default)

    def with_origin(self, failures: Iterable[Failure], name: object, field: str) -> list[Failure]:
        """The failures; one about a name that is the default says where that comes from."""
        if name not in (None, self.default_name(), self.default_name("-")):
            return list(failures)
        origin = "; this is the default, made of the resource's name"
        return [replace(one, reason=one.reason + origin) if one.path == (field,) else one for one in failures]

    def with_types(self, name: object) -> str:
        """A name with a digest of the resource's type and its parents' types, the same under both fronts."""
        parents, arrow, own = self.resource.split("::", 3)[2].rpartition("$")
        own = own.replace(_NATIVE, _DYNAMIC) if own.startswith(_NATIVE) else own
        return f"{name}-{hashlib.sha256((parents + arrow + own).encode()).hexdigest()[:8]}"


class Lifecycle(ABC):
    """One kind of resource, from its declaration in a program to its end."""

    token: str = ""
    """What the registry calls the kind, `<cloud>:<Name>`; empty for one that makes nothing."""

    @abstractmethod
    def check(self, declared: Mapping[str, object]) -> Checked:
        """Complete the inputs with defaults and say what is wrong with them; calls nothing."""

    @abstractmethod
    def diff(self, recorded: Properties, inputs: Properties) -> list[Path]:
        """The fields whose change needs another task; calls nothing."""

    @abstractmethod
    def create(self, inputs: Properties) -> Created:
        """Create the task, or adopt the one that exists already."""

    @abstractmethod
    def read(self, task_id: str, recorded: Properties) -> ReadOutcome:
        """Say what the service knows of the task."""

    def find(self, import_id: str) -> Found | None:
        """What the service knows of a task for an import; None where it knows none."""
        raise VideosnapError(f"{import_id} cannot be imported: declare it, and `pulumi up` creates it")

    def identity(self, inputs: Properties) -> Properties:  # noqa: ARG002
        """What `find_created` needs of the inputs, for a note on this machine: no key."""
        return {}

    def find_created(self, identity: Properties) -> Found | None:  # noqa: ARG002
        """What a create has left that was cut off before the engine had its answer; None where nothing."""
        return None

    @abstractmethod
    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """Bring the task in line with the inputs; returns everything recorded of it."""

    @abstractmethod
    def delete(self, task_id: str, recorded: Properties) -> None:
        """End the task; one that has ended already is success."""
