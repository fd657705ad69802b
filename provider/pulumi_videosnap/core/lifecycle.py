"""The lifecycle of one resource kind: check, diff, create, read, update, delete. No Pulumi in here.

A kind (a live room's snapshot task, a file's snapshot job) implements `Lifecycle`. An adapter creates one
for each call, passes it a `Context`, and translates values and errors; it decides nothing.

`read` has three outcomes, and an error is none of them: a failed call never looks like "gone".
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pulumi_videosnap.core.properties import Path, Properties
from pulumi_videosnap.settings import no_config


@dataclass(frozen=True)
class Failure:
    """One refused value: its path, and why it is refused."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs made complete with their defaults, and what is wrong with them."""

    inputs: Properties
    failures: list[Failure] = field(default_factory=list)


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


class RunRegistry:
    """Which resource declared, and which created or adopted, each task in this run of the engine.

    One process serves one run of the engine. That is enough to find the two ways in which two resources
    share a task: both declare it, or one is the other's new name. It is also enough for a create to find
    which run of the task it replaces: the engine compares or deletes the old one in this process.
    """

    def __init__(self, state_id: str = "") -> None:
        self.state_id = state_id
        """What tells this stack's state from another backend's; empty where the adapter cannot know it."""
        self._lock = threading.Lock()
        self._declared: dict[str, str] = {}
        self._created: set[str] = set()
        self._previous: dict[str, str] = {}

    def register(self, task: str, resource: str) -> str:
        """Note that a resource declares a task; returns the resource that declared it first."""
        with self._lock:
            return self._declared.setdefault(task, resource)

    def mark_created(self, task: str) -> None:
        """Note that this run of the engine created or adopted a task."""
        with self._lock:
            self._created.add(task)

    def was_created(self, task: str) -> bool:
        """Whether this run of the engine created or adopted a task, so that its deletes may not stop it."""
        with self._lock:
            return task in self._created

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


@dataclass(frozen=True)
class Context:
    """What an adapter provides to a lifecycle for one call."""

    resource: str = ""
    """The resource's unique name, such as its URN; empty where the adapter cannot know it."""
    progress: Callable[[str], None] = _nothing
    """Shows what is being done; not kept after the call."""
    warn: Callable[[str], None] = _nothing
    """Shows what the user should still see at the end of the run."""
    config: Callable[[str], str | None] = no_config
    """Reads the stack's configuration by its full key, such as `videosnap:…`."""
    runs: RunRegistry = field(default_factory=RunRegistry)


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
