"""Keeps the calls of one account under a service's documented rate, across threads and processes.

Every attempt first reserves a slot. Slots of one account and action are at least `1 / (0.95 × limit)`
seconds apart; the last one is stored in a small SQLite file that all processes of a user share. A slot is
only used within 50 ms of its time, else another is reserved. So at most `floor(1.05 × 0.95 × limit) + 1`
calls leave in any second, which is the limit itself for every limit up to 400.

Measured against pyrate-limiter 4.5 (SQLite bucket, file lock), 4 processes of 4 threads at a limit of 60, by
a server that counts: it let 67 calls into one second, and one process had seven times the calls of another.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pulumi_videosnap.errors import Throttled
from pulumi_videosnap.settings import CALL_BUDGET, QUOTA_DIR, shared_folder

_log = logging.getLogger("pulumi_videosnap")

SAFETY_FACTOR = 0.95
"""The part of the documented rate that is used."""
MAX_LATENESS = 0.05
"""Seconds after its time for which a slot may still be used."""
MAX_MISSED_SLOTS = 5
"""Slots dropped as late before one is used anyway: a machine this slow cannot exceed the rate."""
FORGOTTEN_AFTER = 1.0
"""Seconds without a call after the store has lost what other processes have reserved."""
CLOCK_STEP = 1.0
"""Seconds that the clock may go back, between machines or by adjustment, before it counts as a jump."""
LOCK_TIMEOUT = 2.0
"""Seconds to wait for other threads and processes that have locked the store."""


@dataclass(frozen=True)
class Slot:
    """When a call may leave, and when it was reserved, in seconds since the epoch."""

    at: float
    reserved: float

    @property
    def wait(self) -> float:
        """Seconds from the reservation to the slot."""
        return self.at - self.reserved


def next_slot(last: Slot | None, now: float, spacing: float) -> Slot:
    """The first free slot: `spacing` seconds after the last one, but not in the past.

    When the clock has gone back since the last reservation, the queue moves back with it: no caller waits
    longer than the queue was long, and no slot is reserved twice.
    """
    if last is None:
        return Slot(now, now)
    went_back = last.reserved - now
    free = last.at + spacing - (went_back if went_back > CLOCK_STEP else 0.0)
    return Slot(max(now, free), now)


class ReservationStore(Protocol):
    """Where reservations are stored."""

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        """The next slot of `name`; reserved unless it is more than `max_wait` seconds away."""


class MemoryReservations:
    """Reservations of this process only."""

    def __init__(
        self, clock: Callable[[], float] = time.time, last: Mapping[str, Slot] | None = None
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = dict(last or {})

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        """The next slot among the threads of this process."""
        with self._lock:
            slot = next_slot(self._last.get(name), self._clock(), spacing)
            if slot.wait <= max_wait:
                self._last[name] = slot
            return slot


class SqliteReservations:
    """Reservations in a SQLite file, shared by every process that opens it.

    A connection lives for one reservation (about half a millisecond), so that none is left open and none is
    inherited by a forked process. A damaged file is replaced.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        *,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> None:
        self.path = path
        self._clock = clock
        self._lock_timeout = lock_timeout
        self.last: dict[str, Slot] = {}
        """What this process reserved last."""
        # One thread of a process at a time: SQLite's own waiting is neither short nor fair.
        self._lock = threading.Lock()

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        """The next slot among all processes; OSError or sqlite3.Error for an unusable file.

        Waiting for the lock of other threads and processes takes `lock_timeout` seconds at most in all.
        """
        until = time.monotonic() + self._lock_timeout
        if not self._lock.acquire(timeout=self._lock_timeout):
            raise sqlite3.OperationalError("database is locked")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            before = self._identity()
            try:
                return self._reserve(name, spacing, max_wait, until)
            except (sqlite3.DatabaseError, ValueError, TypeError) as damage:
                if isinstance(damage, sqlite3.OperationalError) and "column" not in str(damage):
                    raise  # locked, full, read-only or not there
            self._replace(before)
            return self._reserve(name, spacing, max_wait, until)
        finally:
            self._lock.release()

    def latest(self, name: str) -> Slot | None:
        """The last slot of a name on this machine, reserved or noted."""
        with closing(self._connect(self._lock_timeout)) as db:
            rows = db.execute("SELECT at, asked FROM slot WHERE name = ?", (name,)).fetchall()
            return max((Slot(float(at), float(asked)) for at, asked in rows), key=_at, default=None)

    def note(self, name: str, slot: Slot) -> None:
        """Note a slot that was reserved elsewhere, so that none on this machine is before it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(self._connect(self._lock_timeout)) as db:
            db.execute(_TABLE)
            values = (name, slot.at, slot.reserved)
            db.execute(
                "INSERT INTO slot VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET at = max(at, excluded.at), asked = max(asked, excluded.asked)",
                values,
            )

    def _reserve(self, name: str, spacing: float, max_wait: float, until: float) -> Slot:
        with closing(self._connect(max(0.0, until - time.monotonic()))) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(_TABLE)
            rows = db.execute("SELECT at, asked FROM slot WHERE name IN (?, ?)", (name, _ALL)).fetchall()
            last = max((Slot(float(at), float(asked)) for at, asked in rows), key=_at, default=None)
            now = self._clock()
            slot = next_slot(self._after_loss(name, last, now), now, spacing)
            if slot.wait <= max_wait:
                db.execute("INSERT OR REPLACE INTO slot VALUES (?, ?, ?)", (name, slot.at, slot.reserved))
                self.last[name] = slot
            db.execute("COMMIT")
            return slot

    def _after_loss(self, name: str, last: Slot | None, now: float) -> Slot | None:
        """The last slot; one later than all others where the file has lost what this process reserved."""
        own = self.last.get(name)
        if own is None or own.reserved > now or (last and last.at >= own.at):
            return last
        return Slot(own.at + FORGOTTEN_AFTER, own.reserved)

    def _connect(self, timeout: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=timeout, isolation_level=None)
        # Only the order of processes matters; a power cut may lose the file.
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def _identity(self) -> tuple[int, int]:
        """Which file it is now."""
        with contextlib.suppress(FileNotFoundError):
            found = self.path.stat()
            return found.st_dev, found.st_ino
        return 0, 0

    def _replace(self, damaged: tuple[int, int]) -> None:
        """Put a new file in the place of a damaged one, whose reservations may still be used for a second."""
        now, fresh = self._clock(), self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(fresh, isolation_level=None)) as db:
            db.execute(_TABLE)
            db.execute("INSERT INTO slot VALUES (?, ?, ?)", (_ALL, now + FORGOTTEN_AFTER, now))
        if self._identity() != damaged:  # another process was faster
            return fresh.unlink()
        self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)
        fresh.replace(self.path)
        return None


_TABLE = "CREATE TABLE IF NOT EXISTS slot (name TEXT PRIMARY KEY, at REAL, asked REAL)"
_ALL = ""
"""The name of a slot before which no other one is free."""


def _at(slot: Slot) -> float:
    return slot.at


class RateLimiter:
    """Delays each attempt of a call until its slot.

    When the shared store cannot be used, the limit is enforced within this process only, and `warn` is called
    once.
    """

    def __init__(
        self,
        store: ReservationStore,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._warn = warn
        self._fallback: MemoryReservations | None = None
        self._fallback_lock = threading.Lock()

    def take(self, account: str, action: str, qps: float, max_wait: float) -> None:
        """Wait for a slot of this account (a digest, never a key) and action.

        `qps` is the documented limit. Throttled when the slot is more than `max_wait` seconds away.
        """
        name, spacing = f"{account}/{action}", 1 / (SAFETY_FACTOR * qps)
        for _ in range(MAX_MISSED_SLOTS):
            slot = self._reserve(name, spacing, max_wait)
            if slot.wait > max_wait:
                raise self._rate_exceeded(action, qps, slot.wait)
            if slot.wait > 0:
                self._sleep(slot.wait)
            max_wait -= slot.wait
            if self._clock() - slot.at <= MAX_LATENESS:
                return

    def _reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        if self._fallback is None:
            try:
                return self._store.reserve(name, spacing, max_wait)
            except (OSError, sqlite3.Error) as error:
                self._fall_back(error)
        assert self._fallback is not None  # noqa: S101
        return self._fallback.reserve(name, spacing, max_wait)

    def _fall_back(self, error: Exception) -> None:
        with self._fallback_lock:
            if self._fallback is not None:
                return
            self._fallback = MemoryReservations(self._clock, getattr(self._store, "last", None))
        where = getattr(self._store, "path", "the store")
        self._warn(
            f"the rate limit is enforced in this process only, because {where} cannot be used ({error}); "
            f"remove the file or set {QUOTA_DIR.env} to a writable directory"
        )

    @staticmethod
    def _rate_exceeded(action: str, qps: float, wait: float) -> Throttled:
        return Throttled(
            action,
            f"rate limit exceeded: all {qps:g} calls a second are reserved for the next {wait:.1f} s",
            advice=f"run fewer stacks at once, or allow more time with {CALL_BUDGET.env}",
        )


def account_digest(access_key: str) -> str:
    """The name of an account in the store: the same for the same key, which it does not reveal."""
    return hashlib.sha256(f"pulumi-videosnap:{access_key}".encode()).hexdigest()[:16]


def store_path(env: Mapping[str, str] = os.environ) -> Path:
    """The file of the shared store: in VIDEOSNAP_QUOTA_DIR, else in the user's cache directory."""
    return shared_folder(env) / "quota.sqlite3"
