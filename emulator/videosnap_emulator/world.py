"""The emulated world behind one lock: rooms, tasks, jobs; frames are taken in the order of when they are due.

Time is lazy: every operation first runs what fell due up to now, then makes its change, then runs what the
change made due. So any way of splitting the same stretch of time gives the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as Flag
from threading import RLock
from typing import NamedTuple

from videosnap_emulator.alibaba_mps.book import Book, JobPace
from videosnap_emulator.alibaba_mps.processing import Processing
from videosnap_emulator.asked import Missing
from videosnap_emulator.calls import Call, Journal
from videosnap_emulator.clock import Clock, Milliseconds, Pace
from videosnap_emulator.keep import Keep
from videosnap_emulator.rooms import Room, publications
from videosnap_emulator.rounds import Budget, Photographer
from videosnap_emulator.schedule import FRAME, JOB_END, JOB_START, Event, Schedule, is_fresh
from videosnap_emulator.state import State
from videosnap_emulator.tasks import Frame, Image, Status, StopReason, Storage, Stream, Task, TaskKey


class NoSuchTask(Missing):
    """No task of that name can be changed: it never started, or it ended."""

    def __init__(self, key: TaskKey):
        super().__init__(f"task: {'/'.join(key)}")


class Order(NamedTuple):
    """What StartSnapshot asks for; `max_idle_time` in seconds, no streams means all of the room."""

    key: TaskKey
    image: Image
    storage: Storage
    business_id: str = ""
    streams: tuple[Stream, ...] = ()
    max_idle_time: int = 180
    automatic: bool = False


class World:
    """All operations take the lock; none may be called from the event loop, for cutting frames takes time."""

    def __init__(
        self, clock: Clock, photographer: Photographer, keep: Keep, processing: Processing | None = None
    ):
        self._clock, self._photographer, self._keep = clock, photographer, keep
        self._processing = processing
        self._lock = RLock()
        self._halt = Flag()
        self.journal = Journal()
        self._restore()

    def _restore(self) -> None:
        facts = self._keep.facts()
        if facts:
            self._clock.restart_at(facts["now"])
            self._clock.advanced = facts["advanced"]
        self._state = self._new_state(facts.get("epoch", self._clock.now()))
        self._keep.load(self._state)
        self._state.last_number = facts.get("last_number", 0)
        self.journal.restore(self._keep.calls(), facts.get("last_seq", 0))
        self._plan_all()
        self._save(self._clock.now())

    def _new_state(self, epoch: Milliseconds) -> State:
        pace = self._processing.pace if self._processing else JobPace()
        return State(epoch=epoch, book=Book.fresh(pace, epoch))

    def _plan_all(self) -> None:
        self._schedule = Schedule()
        for task in self._state.tasks.values():
            self._schedule.plan(task)
        self._schedule.add(self._state.book.all_events())

    def _facts(self, now: Milliseconds) -> dict[str, int]:
        return {
            "now": now,
            "advanced": self._clock.advanced,
            "epoch": self._state.epoch,
            "last_number": self._state.last_number,
            "last_seq": self.journal.last,
        }

    def _save(self, now: Milliseconds) -> None:
        self._state.prune()
        self._keep.save(self._state, self._facts(now))

    def halt(self) -> None:
        """Break off a long step: what is left of it falls due after the next start."""
        self._halt.set()

    @contextmanager
    def at_now(self, patient: bool = False) -> Iterator[tuple[State, Milliseconds]]:
        """Hold the world still at the current time for one operation, and keep its outcome.

        A `patient` operation waits for the pictures of jobs that are due. Others leave such a job for later,
        unless time moves by order only: then all that is due is done.
        """
        patient = patient or self._clock.pace is Pace.MANUAL
        with self._lock:
            now = self._clock.now()
            self._run(now, patient)
            try:
                yield self._state, now
                self._run(now, patient)
            finally:
                self._save(now)

    def _run(self, until: Milliseconds, patient: bool) -> None:
        """Do everything that is due, oldest first."""
        budget, postponed = Budget(), list[Event]()
        while not self._halt.is_set() and (event := self._next(until)):
            task = self._state.tasks.get(event.number)
            if event.kind in (JOB_START, JOB_END):
                postponed += [] if self._do_job(event, patient) else [event]
            elif task is not None and is_fresh(event, task):
                self._do(event, task, until, budget)
        self._schedule.add(postponed)

    def _next(self, until: Milliseconds) -> Event | None:
        self._schedule.add(self._state.book.take_planned())
        return self._schedule.pop_due(until)

    def _do_job(self, event: Event, patient: bool) -> bool:
        return self._processing is None or self._processing.do(event, self._state.book, patient)

    def _do(self, event: Event, task: Task, until: Milliseconds, budget: Budget) -> None:
        self._state.touch(task)
        if event.kind != FRAME:
            task.end(event.due, StopReason.IDLE)
            return
        self._state.add_frames(
            self._photographer.take_round(task, self._state.room(task.room), until, budget)
        )
        self._schedule.plan_frame(task)

    def replan(self, task: Task, now: Milliseconds) -> None:
        """Work out anew whether a task is idle and what it has coming: something it depends on changed."""
        self._state.touch(task)
        if task.status is not Status.RUNNING:
            return
        idle = not publications(task, self._state.room(task.room))
        task.idle_since = (now if task.idle_since is None else task.idle_since) if idle else None
        task.idle_due = (
            None if task.idle_since is None else max(now, task.idle_since + task.max_idle_time * 1000)
        )
        self._schedule.plan(task)

    def replan_room(self, room: Room, now: Milliseconds) -> None:
        """Do the same for all running tasks of a room."""
        for task in self._state.running_in(room.key):
            self.replan(task, now)

    def tick(self, patient: bool = False) -> Milliseconds:
        """Bring the world up to now and return the emulated time."""
        with self.at_now(patient) as (_, now):
            return now

    def now(self) -> Milliseconds:
        """Return the emulated time without bringing the world up to it."""
        with self._lock:
            return self._clock.now()

    def advance(self, by: Milliseconds) -> Milliseconds:
        """Jump ahead and take what falls due, of tasks at most `rounds.MAXIMUM_PICTURES` pictures."""
        with self._lock:
            self.tick()
            self._clock.advance(by)
            return self.tick(patient=True)

    def start(self, order: Order) -> bool:
        """Start a task and take its first frames; False when a task of that name is active already."""
        with self.at_now() as (state, now):
            return self.start_at(order, state, now)

    def start_at(self, order: Order, state: State, now: Milliseconds) -> bool:
        """Start a task within an operation."""
        active = state.find(order.key)
        if active and active.active:
            return False
        task = Task(
            number=state.last_number + 1,
            app_id=order.key.app_id,
            room_id=order.key.room_id,
            task_id=order.key.task_id,
            image=order.image,
            storage=order.storage,
            start_time=now,
            business_id=order.business_id,
            streams=order.streams,
            max_idle_time=order.max_idle_time,
            automatic=order.automatic,
            next_frame=now,
        )
        state.add(task)
        self.replan(task, now)
        return True

    def update(self, key: TaskKey, interval: int | None) -> None:
        """Change the interval (s) of an active task; None changes nothing but still wants the task."""
        with self.at_now() as (state, now):
            task = active_task(state, key)
            if interval is not None:
                set_interval(task, interval, now)
                self.replan(task, now)

    def stop(self, key: TaskKey, reason: StopReason = StopReason.BY_API) -> None:
        """End an active task."""
        with self.at_now() as (state, now):
            task = active_task(state, key)
            task.end(now, reason)
            state.touch(task)

    def find(self, key: TaskKey) -> tuple[Task | None, Milliseconds]:
        """Return the latest task of that name, and the emulated time."""
        with self.at_now() as (state, now):
            return state.find(key), now

    def frames(self, of: tuple[str | None, str | None, str | None], limit: int) -> list[Frame]:
        """Return the newest frames of an app, room and task (None: any)."""
        with self.at_now() as (state, _):
            matching = [frame for frame in reversed(state.frames) if frame.of(of)]
            return matching[:limit]

    def record(self, call: Call) -> None:
        """Enter a call into the journal."""
        with self._lock:
            self.journal.add(call)
            self._keep.save_call(call, self._facts(self._clock.now()))

    def calls_after(self, seq: int) -> tuple[list[Call], int]:
        """Return the calls after number `seq` and the number of the last one."""
        with self._lock:
            return self.journal.after(seq), self.journal.last

    def clear_calls(self) -> None:
        """Empty the journal."""
        with self._lock:
            self.journal.clear()
            self._keep.clear_calls()

    def clock_view(self) -> tuple[Milliseconds, Milliseconds, Milliseconds]:
        """Return the emulated time, the host's time and how far the clock was advanced, in ms."""
        with self.at_now() as (_, now):
            return now, self._clock.real(), self._clock.advanced

    @property
    def pace(self) -> str:
        """Return the clock's pace, "real" or "manual"."""
        return self._clock.pace.value

    def reset(self, empty_store: Callable[[], None]) -> None:
        """Make a new world at the host's time, and an empty store with it; the journal's numbers go on."""
        with self._lock:
            empty_store()
            self._clock.restart_at(self._clock.real())
            self._clock.advanced = 0
            self._state, self._schedule = self._new_state(self._clock.now()), Schedule()
            if self._processing:
                self._processing.forget_all()
            self.journal.clear()
            self._keep.replace_all(self._facts(self._state.epoch))
            self._save(self._state.epoch)


def active_task(state: State, key: TaskKey) -> Task:
    """Return the active task of that name or raise NoSuchTask."""
    task = state.find(key)
    if task is None or not task.active:
        raise NoSuchTask(key)
    return task


def set_interval(task: Task, interval: int, now: Milliseconds) -> None:
    """Change the interval (s): the next round is due one new interval after the last, but not before now."""
    # assumption: first-frame-after-update
    task.image.interval = interval
    if task.last_round is not None:
        task.next_frame = max(now, task.last_round + interval * 1000)
