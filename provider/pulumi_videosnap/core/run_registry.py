"""What a plugin process knows of the run of the engine that it serves: who declares and who made what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulumi_videosnap.core.properties import Properties


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

    def has_program(self) -> bool:
        """Whether the engine has checked or compared anything: it does neither in a destroy."""
        with self._lock:
            return bool(self._declared or self._compared)

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
