"""The emulated state behind one lock, and what falls due in it, in the order of when it is due.

Time is lazy: every operation first runs what fell due up to now, then makes its change, then runs what the
change made due. So any way of splitting the same stretch of time gives the same frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush
from threading import Event as Flag
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from videosnap_emulator.core.call_log import Call, CallLog
from videosnap_emulator.core.clock import Clock, Milliseconds, Pace, as_datetime
from videosnap_emulator.core.persistence import SqliteStore, StateError, Table, WriteError

if TYPE_CHECKING:
    from videosnap_emulator.core.service import Service


#: Steps in which the time is made up for that the emulator was down.
CATCH_UP_STEPS = 10


class Event(NamedTuple):
    """Something that falls due in a service; the fields' order is the order of execution.

    `kind` and `id` are the service's own: what happens, to which row.
    """

    due: Milliseconds
    service: str
    kind: int
    id: int


@dataclass
class Step:
    """One run of everything that is due up to `until`.

    `wait`: an event whose work is done on other threads waits for it, instead of being postponed.
    `frames`: how many frames were taken in this step; a service that bounds a step's work counts them here.
    """

    until: Milliseconds
    wait: bool
    frames: int = 0


class Scheduler:
    """Clock, events and state. All methods take the lock; none may be called from the event loop."""

    def __init__(self, clock: Clock, store: SqliteStore):
        self.clock, self.call_log = clock, CallLog()
        self._store = store
        self._lock, self._halt = RLock(), Flag()
        self._services: dict[str, Service[Any]] = {}
        self._heap: list[Event] = []
        self._unsaved = False
        self.epoch: Milliseconds = clock.now()

    def start(self, services: Sequence[Service[Any]]) -> bool:
        """Take the services on, with the state that the data directory holds; raise StateError.

        Return whether it holds any.
        """
        with self._lock:
            self._services = {service.name: service for service in services}
            stored = self._store.load(self._tables())
            try:
                if stored:
                    as_datetime(stored["now"])
                    self.clock.restart_at(stored["now"], stored["advanced"])
                self.epoch = stored.get("epoch", self.clock.now())
                self.call_log.last = stored.get("last_seq", 0)
                self._restore(stored)
            except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
                raise StateError(self._store.path, f"its rows do not fit together ({error})") from error
            return bool(stored)

    def catch_up(self) -> None:
        """Let the time pass that the emulator was down, unless the clock is manual.

        In several steps: each may take as many frames as one advance.
        """
        now, advanced = self.clock.now(), self.clock.advanced
        missed = self.clock.real() + advanced - now if self.clock.pace is Pace.REAL else 0
        for step in range(1, CATCH_UP_STEPS + 1 if missed > 0 else 0):
            self.clock.restart_at(now + missed * step // CATCH_UP_STEPS, advanced)
            self.tick()

    def _restore(self, metadata: Mapping[str, int]) -> None:
        self._heap = []
        for service in self._services.values():
            service.restore(metadata)
        self._save(self.clock.now())

    def _tables(self) -> list[Table[Any, Any]]:
        return [self.call_log.table, *(table for one in self._services.values() for table in one.tables)]

    def _metadata(self, now: Milliseconds) -> dict[str, int]:
        numbers = {
            "now": now,
            "advanced": self.clock.advanced,
            "epoch": self.epoch,
            "last_seq": self.call_log.last,
        }
        for service in self._services.values():
            numbers |= service.metadata()
        return numbers

    def _save(self, now: Milliseconds) -> None:
        for service in self._services.values():
            service.prune()
        self._unsaved = True
        self._store.save(self._tables(), self._metadata(now))
        self._unsaved = False

    def halt(self) -> None:
        """Interrupt a long step: what is left of it falls due after the next start."""
        self._halt.set()

    def add(self, due: Milliseconds, service: str, kind: int, number: int) -> None:
        """Enter an event. Entries are never removed: a service ignores one that it no longer plans."""
        heappush(self._heap, Event(due, service, kind, number))

    @contextmanager
    def transaction(self, wait: bool = False) -> Iterator[Milliseconds]:
        """Hold the state still at the current time for one operation, and store its outcome.

        With `wait` the operation waits for the work of all events that are due. Otherwise an event whose
        work is not done yet is left for later, unless the clock is manual: then all that is due is done.
        """
        wait = wait or self.clock.pace is Pace.MANUAL
        with self._lock:
            now = self.clock.now()
            if self._unsaved:  # the disk is full, say: change nothing more until there is room
                self._save(now)
            self._run(now, wait)
            try:
                yield now
                self._run(now, wait)
            finally:
                self._save(now)

    def _run(self, until: Milliseconds, wait: bool) -> None:
        """Do everything that is due, oldest first; what cannot be written stays due."""
        step, postponed = Step(until, wait), list[Event]()
        try:
            while not self._halt.is_set() and self._heap and self._heap[0].due <= until:
                postponed.append(heappop(self._heap))
                if self._services[postponed[-1].service].run_event(postponed[-1], step):
                    postponed.pop()
        except WriteError:
            raise
        except Exception:  # a fault in a service: not to be met again at every step
            postponed.pop()
            raise
        finally:
            for event in postponed:
                heappush(self._heap, event)

    def tick(self, wait: bool = False) -> Milliseconds:
        """Bring the state up to now and return the emulated time."""
        with self.transaction(wait) as now:
            return now

    def advance(self, by: Milliseconds) -> Milliseconds:
        """Jump ahead by `by` ms, do what falls due, and return the new time."""
        with self._lock:
            self.tick()
            self.clock.advance(by)
            return self.tick(wait=True)

    def record(self, call: Call) -> None:
        """Enter a call into the call log."""
        with self._lock:
            self.call_log.add(call)
            self._store.save([self.call_log.table], self._metadata(self.clock.now()))

    def calls_after(self, seq: int) -> tuple[list[Call], int]:
        """Return the calls after number `seq` and the number of the last one."""
        with self._lock:
            return self.call_log.after(seq), self.call_log.last

    def clear_calls(self) -> int:
        """Empty the call log and return the number of the last call; later ones go on from it."""
        with self._lock:
            self.call_log.table.clear()
            self._store.save([self.call_log.table], {})
            return self.call_log.last

    def reset(self, empty_storage: Callable[[], None]) -> None:
        """Go back to the initial state at the host's time, and empty the storage with it.

        The numbers of calls go on.
        """
        with self._lock:
            empty_storage()
            self.clock.restart_at(self.clock.real())
            self.epoch = self.clock.now()
            for table in self._tables():
                table.clear()
            self._restore({})
