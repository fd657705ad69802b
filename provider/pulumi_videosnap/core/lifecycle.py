"""The lifecycle of one resource kind: check, diff, create, read, update, delete. No Pulumi in here.

A kind (a live room's snapshot task, a file's snapshot job) implements `Lifecycle`. An adapter creates one
for each call, passes it a `Context`, and translates values and errors; it decides nothing.

`read` has three outcomes, and an error is none of them: a failed call never looks like "gone".
"""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_videosnap.core.properties import Path, Properties
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


@dataclass(frozen=True)
class Gone:
    """The service says there is no such task: the next `up` creates it again."""


@dataclass(frozen=True)
class Unreadable:
    """The service does not know any more: what is recorded is kept, and `reason` says why."""

    reason: str


ReadOutcome = Present | Gone | Unreadable


@dataclass(frozen=True)
class Entry:
    """One entry of the stack's state: the resource's URN, its id, and what is recorded of it."""

    resource: str
    id: str
    outputs: Properties


class RunRegistry:
    """Which resource declared, and which created or adopted, each task in this run of the engine.

    One process serves one run of the engine. In it the engine checks what the program declares before it
    deletes what the program leaves out, and compares or deletes the run of a task that a create replaces.
    """

    def __init__(self, state_id: str = "") -> None:
        self.state_id = state_id
        """What tells this stack's state from another backend's; empty where the adapter cannot know it."""
        self._lock = threading.Lock()
        self._declared: dict[str, str] = {}
        self._created: set[str] = set()
        self._deleted: set[str] = set()
        self._compared: dict[str, str] = {}
        self._previous: dict[str, str] = {}

    def register(self, task: str, resource: str) -> str:
        """Note that a resource declares a task; returns the resource that declared it first."""
        with self._lock:
            return self._declared.setdefault(task, resource)

    def declared(self) -> dict[str, str]:
        """Every task that was declared so far, with its resource."""
        with self._lock:
            return dict(self._declared)

    def mark_created(self, task: str) -> None:
        """Note that this run of the engine created or adopted a task."""
        with self._lock:
            self._created.add(task)

    def was_created(self, task: str) -> bool:
        """Whether this run of the engine created or adopted a task, so that its deletes may not stop it."""
        with self._lock:
            return task in self._created

    def created(self) -> set[str]:
        """Everything that `mark_created` has noted so far."""
        with self._lock:
            return set(self._created)

    def compare(self, task: str, resource: str) -> None:
        """Note that a resource of the program has an entry of state with a task's id."""
        with self._lock:
            self._compared[task] = resource

    def renamed(self, task: str, resource: str, entries: Callable[[], Sequence[Entry]]) -> str:
        """The resource that an entry of state belongs to, which is deleted under the name that it has there.

        The engine says `aliases` to nobody: an entry is another resource's if that one was compared with an
        entry of this id, and has none under its own name.
        """
        with self._lock:
            compared = self._compared.get(task, resource)
        if compared == resource or not (known := entries()):
            return resource
        return resource if any(entry.resource == compared for entry in known) else compared

    def delete(self, resource: str, entries: Sequence[Entry]) -> list[Entry]:
        """Note that a resource is deleted; returns the entries that this run has not deleted so far.

        Of two entries that are deleted at the same time, one is the last.
        """
        with self._lock:
            self._deleted.add(resource)
            return [entry for entry in entries if entry.resource not in self._deleted]

    def set_previous(self, owner: str, run: str) -> None:
        """Note the id of the run of the task (such as a job) that is recorded of an owner."""
        with self._lock:
            self._previous[owner] = run

    def previous(self, owner: str) -> str:
        """The id of the run that a new one of this owner replaces; empty when none was recorded."""
        with self._lock:
            return self._previous.get(owner, "")


def _nothing(message: str) -> None:
    """Say nothing."""


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
    config: Callable[[str], str | None] = no_config
    """Reads the stack's configuration by its full key, such as `videosnap:…`."""
    runs: RunRegistry = field(default_factory=RunRegistry)
    recorded: Properties = field(default_factory=dict)
    """The inputs that state has of the resource, for a check; empty for a new one."""
    entries: Callable[[], Sequence[Entry]] = tuple
    """The entries of the stack's state; none where the adapter cannot read them."""
    is_announced: Callable[[str], bool] = lambda task: False  # noqa: ARG005
    """Whether the program declares a task; waits a while for the engine to have it checked."""

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
        if others or not self.is_announced(task):
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

    def unique_name(self, name: object, recorded: object, kind: str) -> object:
        """The value of a field that the resource class fills with `<project>.<stack>.<name>` by default.

        Pulumi makes a name unique only beside its type and its parents' types, so these decide too; a
        resource of the class itself without a parent needs no more. A `recorded` default stays.
        """
        parts = (*self.resource.removeprefix("urn:pulumi:").split("::", 3), "", "", "")
        stack, project, types, own = parts[:4]
        if name != f"{project}.{stack}.{own}":
            return name  # the program's own choice
        if isinstance(recorded, str) and recorded.startswith(f"{project}.{stack}."):
            return recorded
        return name if types.endswith(f"/{kind}") and "$" not in types else self.with_types(name)

    def with_types(self, name: object) -> str:
        """A name with a digest of the resource's type and its parents' types."""
        types = self.resource.split("::", 3)[2]
        return f"{name}-{hashlib.sha256(types.encode()).hexdigest()[:8]}"


class Lifecycle(ABC):
    """One kind of resource, from its declaration in a program to its end."""

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

    @abstractmethod
    def update(self, task_id: str, recorded: Properties, inputs: Properties) -> Properties:
        """Bring the task in line with the inputs; returns everything recorded of it."""

    @abstractmethod
    def delete(self, task_id: str, recorded: Properties) -> None:
        """End the task; one that has ended already is success."""
