"""What the world is made of: tasks, rooms, frames and jobs, and which changed since they were last kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from videosnap_emulator.alibaba_mps.book import Book
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.rooms import Room, default_room
from videosnap_emulator.tasks import Frame, RoomKey, Status, Task, TaskKey

#: How many frames the index lists; older ones stay in the store.
MAXIMUM_FRAMES = 20_000
#: How many ended tasks are remembered.
MAXIMUM_ENDED = 2000


@dataclass
class Changes:
    """What has to be kept."""

    tasks: set[int] = field(default_factory=set)
    dropped: list[int] = field(default_factory=list)
    rooms: set[RoomKey] = field(default_factory=set)
    frames: list[Frame] = field(default_factory=list)


@dataclass
class State:
    """The world's data. `epoch` (ms) is when the default users began to publish."""

    epoch: Milliseconds
    tasks: dict[int, Task] = field(default_factory=dict)
    latest: dict[TaskKey, int] = field(default_factory=dict)
    rooms: dict[RoomKey, Room] = field(default_factory=dict)
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=MAXIMUM_FRAMES))
    last_number: int = 0
    book: Book = field(default_factory=Book)
    changes: Changes = field(default_factory=Changes)

    def find(self, key: TaskKey) -> Task | None:
        """Return the latest task of that name."""
        number = self.latest.get(key)
        return None if number is None else self.tasks.get(number)

    def add(self, task: Task) -> None:
        """Enter a task; it takes the name over from an ended one."""
        self.tasks[task.number] = task
        self.latest[task.key] = task.number
        self.last_number = max(self.last_number, task.number)

    def room(self, key: RoomKey) -> Room:
        """Return the room, or the default one when nobody configured it."""
        return self.rooms.get(key) or default_room(key, self.epoch)

    def configured(self, key: RoomKey) -> Room:
        """Return the room for changing: from now on it is no longer the default one."""
        room = self.rooms.setdefault(key, self.room(key))
        self.changes.rooms.add(key)
        return room

    def known_rooms(self) -> list[Room]:
        """Return all rooms that were configured or that have tasks."""
        keys = set(self.rooms) | {task.room for task in self.tasks.values()}
        return [self.room(key) for key in sorted(keys)]

    def running_in(self, key: RoomKey) -> list[Task]:
        """Return the running tasks of a room in order of their start."""
        return [t for t in self.tasks.values() if t.room == key and t.status is Status.RUNNING]

    def touch(self, task: Task) -> None:
        """Note that the task changed."""
        self.changes.tasks.add(task.number)

    def add_frames(self, frames: list[Frame]) -> None:
        """Enter new frames into the index."""
        self.frames.extend(frames)
        self.changes.frames.extend(frames)

    def prune(self) -> None:
        """Forget the oldest ended tasks beyond `MAXIMUM_ENDED`, and jobs likewise."""
        self.book.prune()
        ended = [number for number, task in self.tasks.items() if not task.active]
        for number in ended[: max(0, len(ended) - MAXIMUM_ENDED)]:
            task = self.tasks.pop(number)
            if self.latest.get(task.key) == number:
                del self.latest[task.key]
            self.changes.dropped.append(number)

    def take_changes(self) -> Changes:
        """Return what changed and start a new list."""
        changes, self.changes = self.changes, Changes()
        return changes
