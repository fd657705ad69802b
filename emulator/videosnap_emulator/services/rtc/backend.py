"""The state of the service: tasks, the rooms that they capture, the frames that they took, their events."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from videosnap_emulator.control.validation import NotFoundError
from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.persistence import Table, maker
from videosnap_emulator.core.scheduler import Event, Scheduler, Step
from videosnap_emulator.services.rtc.capture import FrameCapturer, publications
from videosnap_emulator.services.rtc.models import (
    CAMERA,
    SCREEN,
    Frame,
    ImageSettings,
    Room,
    RoomKey,
    StartRequest,
    Status,
    StopReason,
    Storage,
    Stream,
    Task,
    TaskKey,
    default_room,
)

#: How many frames the index lists; older ones stay in the storage.
MAXIMUM_FRAMES = 20_000
#: How many ended tasks are remembered.
MAXIMUM_ENDED = 2000
#: Events. On a tie the idle timeout wins: its task has no published target, so no frame is lost by that.
_IDLE, _FRAME = 0, 1


class NoSuchTaskError(NotFoundError):
    """No task of that name can be changed: it never started, or it ended."""

    def __init__(self, key: TaskKey):
        super().__init__(f"task: {'/'.join(key)}")


class RtcBackend:
    """Tasks, rooms and frames. The operations at the end begin a transaction, the rest runs in one.

    `name` is the service's, for its events; `prefix` begins the names of its tables and numbers.
    """

    def __init__(self, scheduler: Scheduler, capturer: FrameCapturer, name: str = "rtc", prefix: str = ""):
        self._scheduler, self._capturer = scheduler, capturer
        self._name, self._prefix = name, prefix
        # Without a prefix, the names that these tables had before there were services: older data
        # directories have them.
        self.tasks: Table[int, Task] = Table(f"{prefix}tasks", maker(Task), ("number",))
        self.rooms: Table[RoomKey, Room] = Table(f"{prefix}rooms", maker(Room), ("app", "room"))
        self.frames: Table[int, Frame] = Table(
            f"{prefix}frames", maker(Frame), ("number",), limit=MAXIMUM_FRAMES
        )
        self._latest: dict[TaskKey, int] = {}
        self._last_number = self._last_frame = 0

    # What the scheduler asks of a service

    def metadata(self) -> dict[str, int]:
        """Return the number of the last task."""
        return {f"{self._prefix}last_number": self._last_number}

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Index the tasks and enter what they have coming."""
        self._latest = {task.key: number for number, task in self.tasks.items()}
        self._last_number = max(metadata.get(f"{self._prefix}last_number", 0), *self.tasks, 0)
        self._last_frame = max(self.frames, default=0)
        for task in self.tasks.values():
            self._plan(task)

    def prune(self) -> None:
        """Forget the oldest ended tasks beyond `MAXIMUM_ENDED`."""
        if len(self.tasks) <= MAXIMUM_ENDED:
            return
        ended = [number for number, task in self.tasks.items() if not task.active]
        for number in ended[: max(0, len(ended) - MAXIMUM_ENDED)]:
            task = self.tasks.pop(number)
            if self._latest.get(task.key) == number:
                del self._latest[task.key]

    def run_event(self, event: Event, step: Step) -> None:
        """Take a round of frames, or end an idle task; nothing when the task has other plans by now."""
        task = self.tasks.get(event.id)
        if task is None or task.status is not Status.RUNNING:
            return
        if event.due != (task.next_frame if event.kind == _FRAME else task.idle_due):
            return
        self.touch(task)
        if event.kind == _IDLE:
            task.end(event.due, StopReason.IDLE)
            return
        for frame in self._capturer.take_round(task, self.room(task.room), step):
            self._last_frame += 1
            self.frames[self._last_frame] = frame
        self._scheduler.add(task.next_frame, self._name, _FRAME, task.number)

    def _plan(self, task: Task) -> None:
        """Enter all that a running task has coming."""
        if task.status is not Status.RUNNING:
            return
        self._scheduler.add(task.next_frame, self._name, _FRAME, task.number)
        if task.idle_due is not None:
            self._scheduler.add(task.idle_due, self._name, _IDLE, task.number)

    # Within a transaction

    def transaction(self) -> AbstractContextManager[Milliseconds]:
        """Begin one operation at the current emulated time."""
        return self._scheduler.transaction()

    def latest(self, key: TaskKey) -> Task | None:
        """Return the latest task of that name."""
        number = self._latest.get(key)
        return None if number is None else self.tasks.get(number)

    def active(self, key: TaskKey) -> Task:
        """Return the active task of that name or raise NoSuchTaskError."""
        task = self.latest(key)
        if task is None or not task.active:
            raise NoSuchTaskError(key)
        return task

    def touch(self, task: Task) -> None:
        """Note that the task changed."""
        self.tasks.touch(task.number)

    def room(self, key: RoomKey) -> Room:
        """Return the room, or the default one when nobody configured it."""
        return self.rooms.get(key) or default_room(key, self._scheduler.epoch)

    def configured_room(self, key: RoomKey) -> Room:
        """Return the room for changing: from now on it is no longer the default one."""
        room = self.room(key)
        self.rooms[key] = room
        return room

    def known_rooms(self) -> list[Room]:
        """Return all rooms that were configured or that have tasks."""
        keys = set(self.rooms) | {task.room for task in self.tasks.values()}
        return [self.room(key) for key in sorted(keys)]

    def replan(self, task: Task, now: Milliseconds) -> None:
        """Work out again whether a task is idle and what it has coming: something it depends on changed."""
        self.touch(task)
        if task.status is not Status.RUNNING:
            return
        idle = not publications(task, self.room(task.room))
        task.idle_since = (now if task.idle_since is None else task.idle_since) if idle else None
        task.idle_due = (
            None if task.idle_since is None else max(now, task.idle_since + task.max_idle_time * 1000)
        )
        self._plan(task)

    def replan_room(self, room: Room, now: Milliseconds) -> None:
        """Do the same for all running tasks of a room."""
        for task in self.tasks.values():
            if task.room == room.key and task.status is Status.RUNNING:
                self.replan(task, now)

    def start_at(self, request: StartRequest, now: Milliseconds) -> bool:
        """Start a task; False when one of that name is active already."""
        active = self.latest(request.key)
        if active and active.active:
            return False
        self._last_number += 1
        settings = request._asdict()
        del settings["key"]
        task = Task(self._last_number, *request.key, start_time=now, next_frame=now, **settings)
        self.tasks[task.number] = task
        self._latest[task.key] = task.number
        self.replan(task, now)
        return True

    def start_automatic(self, room: Room, user: str, now: Milliseconds) -> None:
        """Start a user's task, if the room takes automatic snapshots."""
        # assumption: automatic-tasks
        if room.auto_snapshot is not None:
            self.start_at(_automatic_request(room, user, room.auto_snapshot), now)

    # Operations, each a transaction of its own

    def start(self, request: StartRequest) -> bool:
        """Start a task and take its first frames; False when a task of that name is active already."""
        with self.transaction() as now:
            return self.start_at(request, now)

    def update(self, key: TaskKey, interval: int | None) -> None:
        """Change the interval (s) of an active task; None changes nothing but still wants the task."""
        with self.transaction() as now:
            task = self.active(key)
            if interval is not None:
                task.set_interval(interval, now)
                self.replan(task, now)

    def stop(self, key: TaskKey, reason: StopReason = StopReason.BY_API) -> Task:
        """End an active task and return it."""
        with self.transaction() as now:
            task = self.active(key)
            task.end(now, reason)
            self.touch(task)
            return task

    def find(self, key: TaskKey) -> tuple[Task | None, Milliseconds]:
        """Return the latest task of that name, and the emulated time."""
        with self.transaction() as now:
            return self.latest(key), now

    def users_in(self, key: RoomKey) -> list[str]:
        """Return the ids of the users who are in a room."""
        with self.transaction():
            return list(self.room(key).users)


def _automatic_request(room: Room, user: str, settings: Json) -> StartRequest:
    bucket = settings.get("bucket", "frames")
    return StartRequest(
        key=TaskKey(*room.key, user),
        business_id=settings.get("businessId", ""),
        streams=(Stream(user, 0, CAMERA), Stream(user, 1, SCREEN)),
        max_idle_time=settings.get("maxIdleTime", 180),
        image=ImageSettings(
            settings.get("format", "jpeg"),
            settings.get("width", 0),
            settings.get("height", 0),
            settings.get("interval", 2),
        ),
        storage=Storage("tos", bucket, {"Region": 0, "Bucket": bucket}),
        automatic=True,
    )
