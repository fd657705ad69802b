"""Keeps the calls of one account under a service's documented rate, across threads and processes.

Every attempt first reserves a slot. Slots of one account and action lie at least `1 / (0.95 × limit)`
seconds apart; the last one is kept in a small SQLite file that all processes of a user share. A slot is
only used within 50 ms of its moment, else another is taken. So at most `floor(1.05 × 0.95 × limit) + 1`
calls leave in any second, which is the limit itself for every limit up to 400.
"""

from __future__ import annotations

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

import platformdirs

from pulumi_videosnap.errors import Throttled

_log = logging.getLogger("pulumi_videosnap")

SHARE = 0.95
"""The part of the documented rate that is used."""
LATENESS = 0.05
"""Seconds after its moment in which a slot may still be used."""
FORFEITS = 5
"""Slots given up for lateness before one is used anyway: a machine this slow cannot exceed the rate."""
CLOCK_STEP = 1.0
"""Seconds that the clock may go back, between machines or by adjustment, before it counts as a jump."""
LOCK_PATIENCE = 5.0
"""Seconds to wait for another process that holds the store."""

DIRECTORY_VARIABLE = "VIDEOSNAP_QUOTA_DIR"


@dataclass(frozen=True)
class Slot:
    """The moment at which a call may leave, and the moment it was asked for, in seconds since the epoch."""

    at: float
    asked: float

    @property
    def wait(self) -> float:
        """Seconds from asking to the slot."""
        return self.at - self.asked


def next_slot(last: Slot | None, now: float, spacing: float) -> Slot:
    """The first free slot: `spacing` seconds after the last one, but not in the past.

    When the clock has gone back since the last reservation, the queue of that time is moved along: nobody
    waits longer than the queue was, and no slot is given twice.
    """
    if last is None:
        return Slot(now, now)
    went_back = last.asked - now
    free = last.at + spacing - (went_back if went_back > CLOCK_STEP else 0.0)
    return Slot(max(now, free), now)


class ReservationStore(Protocol):
    """Where reservations are kept."""

    def reserve(self, name: str, spacing: float, patience: float) -> Slot:
        """Reserve the next slot of `name`; one further away than `patience` seconds is told, not taken."""


class MemoryReservations:
    """Reservations of this process only."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last: dict[str, Slot] = {}

    def reserve(self, name: str, spacing: float, patience: float) -> Slot:
        """Reserve among the threads of this process."""
        with self._lock:
            slot = next_slot(self._last.get(name), self._clock(), spacing)
            if slot.wait <= patience:
                self._last[name] = slot
            return slot


class SqliteReservations:
    """Reservations in a file, shared by every process that opens it.

    A connection lives for one reservation (about half a millisecond), so that nothing is left open and
    nothing is inherited by a forked process.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        # One thread of a process at a time: SQLite's own waiting is neither short nor fair among many.
        self._lock = threading.Lock()

    def reserve(self, name: str, spacing: float, patience: float) -> Slot:
        """Reserve among all processes; OSError, sqlite3.Error or ValueError when the file cannot be used."""
        with self._lock:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=LOCK_PATIENCE, isolation_level=None)
            with closing(connection):
                return self._reserve(connection, name, spacing, patience)

    def _reserve(self, db: sqlite3.Connection, name: str, spacing: float, patience: float) -> Slot:
        # The order of processes matters here, not what survives a power cut.
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN IMMEDIATE")
        db.execute("CREATE TABLE IF NOT EXISTS slot (name TEXT PRIMARY KEY, at REAL, asked REAL)")
        row = db.execute("SELECT at, asked FROM slot WHERE name = ?", (name,)).fetchone()
        last = Slot(float(row[0]), float(row[1])) if row else None
        slot = next_slot(last, self._clock(), spacing)
        if slot.wait <= patience:
            db.execute("INSERT OR REPLACE INTO slot VALUES (?, ?, ?)", (name, slot.at, slot.asked))
        db.execute("COMMIT")
        return slot


class RateLimiter:
    """Lets each attempt of a call leave when its slot has come.

    When the shared store cannot be used, the limit is kept within this process, and `warn` hears of it once.
    """

    def __init__(
        self,
        slots: ReservationStore,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self._slots = slots
        self._clock = clock
        self._sleep = sleep
        self._warn = warn
        self._fallback: MemoryReservations | None = None
        self._falling_back = threading.Lock()

    def take(self, account: str, action: str, qps: float, patience: float) -> None:
        """Wait for a slot of this account (a digest, never a key) and action.

        `qps` is the documented limit. Throttled when the slot is more than `patience` seconds away.
        """
        name, spacing = f"{account}/{action}", 1 / (SHARE * qps)
        for _ in range(FORFEITS):
            slot = self._reserve(name, spacing, patience)
            if slot.wait > patience:
                raise self._full(action, qps, slot.wait)
            if slot.wait > 0:
                self._sleep(slot.wait)
            patience -= slot.wait
            if self._clock() - slot.at <= LATENESS:
                return

    def _reserve(self, name: str, spacing: float, patience: float) -> Slot:
        if self._fallback is None:
            try:
                return self._slots.reserve(name, spacing, patience)
            except (OSError, sqlite3.Error, ValueError, TypeError) as broken:
                self._fall_back(broken)
        assert self._fallback is not None  # noqa: S101
        return self._fallback.reserve(name, spacing, patience)

    def _fall_back(self, broken: Exception) -> None:
        with self._falling_back:
            if self._fallback is not None:
                return
            self._fallback = MemoryReservations(self._clock)
        where = getattr(self._slots, "path", "the store")
        self._warn(
            f"the call rate is limited in this process only, because {where} cannot be used ({broken}); "
            f"remove the file or set {DIRECTORY_VARIABLE} to a directory that can be written"
        )

    @staticmethod
    def _full(action: str, qps: float, wait: float) -> Throttled:
        return Throttled(
            action,
            f"the account's {qps:g} calls a second are taken for the next {wait:.1f} s",
            advice="run fewer stacks at once, or allow more time with VIDEOSNAP_CALL_BUDGET",
        )


def account_digest(access_key: str) -> str:
    """What stands for an account in the store: the same for the same key, and of no use to a thief."""
    return hashlib.sha256(f"pulumi-videosnap:{access_key}".encode()).hexdigest()[:16]


def store_path(env: Mapping[str, str] = os.environ) -> Path:
    """The shared store: in VIDEOSNAP_QUOTA_DIR, else in the user's cache directory."""
    directory = env.get(DIRECTORY_VARIABLE) or platformdirs.user_cache_dir("pulumi-videosnap")
    return Path(directory) / "quota.sqlite3"
