"""Keeping the world in SQLite, so that a run with ``--data-dir`` comes back even after SIGKILL.

Each mutation is one transaction in write-ahead mode: a killed process leaves the state before or after it,
never between. Without a data directory the same code writes to memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from videosnap_emulator.alibaba_mps.book import Book, JobPace
from videosnap_emulator.alibaba_mps.jobs import job_from_json
from videosnap_emulator.alibaba_mps.pipelines import Pipeline
from videosnap_emulator.calls import MAXIMUM_CALLS, Call
from videosnap_emulator.rooms import room_from_json
from videosnap_emulator.state import MAXIMUM_FRAMES, State
from videosnap_emulator.tasks import Frame, Json, task_from_json

_TABLES = """
CREATE TABLE IF NOT EXISTS tasks (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rooms (app TEXT, room TEXT, body TEXT NOT NULL, PRIMARY KEY (app, room));
CREATE TABLE IF NOT EXISTS frames (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pipelines (id TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
_ALL = ("tasks", "rooms", "frames", "calls", "facts", "jobs", "pipelines")
_FILE = "world.sqlite3"


class Keep:
    """The kept world. Callers hold the world's lock: one writer at a time, from any thread."""

    def __init__(self, folder: Path | None):
        name = str(folder / _FILE) if folder else ":memory:"
        self._db = sqlite3.connect(name, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses nothing when the process is killed; only a crash of the machine may cost the last
        # writes.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def facts(self) -> dict[str, int]:
        """Return the kept numbers: clock, epoch and counters; empty for a new world."""
        return dict(self._db.execute("SELECT name, value FROM facts"))

    def load(self, state: State) -> None:
        """Fill an empty state."""
        for body in self._bodies("SELECT body FROM tasks ORDER BY number"):
            state.add(task_from_json(body))
        for body in self._bodies("SELECT body FROM rooms"):
            room = room_from_json(body)
            state.rooms[room.key] = room
        state.frames.extend(Frame(**body) for body in self._bodies("SELECT body FROM frames ORDER BY number"))
        self._load_book(state.book)

    def _load_book(self, book: Book) -> None:
        for body in self._bodies("SELECT body FROM jobs ORDER BY number"):
            book.add(job_from_json(body))
        for body in self._bodies("SELECT body FROM pipelines"):
            book.put_pipeline(Pipeline(**body))
        facts = self.facts()
        known = {name: facts.get(f"job_{name}") for name in ("queued", "running", "sync")}
        book.set_pace(**{name: value for name, value in known.items() if value is not None})
        book.last_number = max(book.last_number, facts.get("last_job", 0))

    def calls(self) -> list[Call]:
        """Return the kept journal, oldest first."""
        return [Call(**body) for body in self._bodies("SELECT body FROM calls ORDER BY seq")]

    def _bodies(self, query: str) -> Iterable[Json]:
        return (json.loads(row[0]) for row in self._db.execute(query))

    def save(self, state: State, facts: dict[str, int]) -> None:
        """Write what changed, all or nothing."""
        with self._transaction():
            self._write_state(state)
            self._write_book(state.book)
            self._write_facts({**facts, **_facts_of(state.book)})

    def save_call(self, call: Call, facts: dict[str, int]) -> None:
        """Write one call."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO calls VALUES (?, ?)", (call.seq, json.dumps(call.to_json()))
            )
            self._db.execute("DELETE FROM calls WHERE seq <= ?", (call.seq - MAXIMUM_CALLS,))
            self._write_facts(facts)

    def clear_calls(self) -> None:
        """Forget the journal."""
        self._db.execute("DELETE FROM calls")

    def replace_all(self, facts: dict[str, int]) -> None:
        """Start over with an empty world."""
        with self._transaction():
            for table in _ALL:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            self._write_facts(facts)

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)

    def _write_facts(self, facts: dict[str, int]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())

    def _write_state(self, state: State) -> None:
        changes = state.take_changes()
        tasks = [(n, json.dumps(state.tasks[n].to_json())) for n in changes.tasks if n in state.tasks]
        rooms = [(*key, json.dumps(state.rooms[key].to_json())) for key in changes.rooms]
        frames = [(json.dumps(asdict(frame)),) for frame in changes.frames]
        self._db.executemany("INSERT OR REPLACE INTO tasks VALUES (?, ?)", tasks)
        self._db.executemany("DELETE FROM tasks WHERE number = ?", [(n,) for n in changes.dropped])
        self._db.executemany("INSERT OR REPLACE INTO rooms VALUES (?, ?, ?)", rooms)
        self._write_frames(frames)

    def _write_book(self, book: Book) -> None:
        changes = book.take_changes()
        jobs = [(n, json.dumps(book.jobs[n].to_json())) for n in changes.jobs if n in book.jobs]
        kept = [(n, book.pipelines[n].to_json()) for n in changes.pipelines if n in book.pipelines]
        self._db.executemany("DELETE FROM jobs WHERE number = ?", [(n,) for n in changes.dropped])
        self._db.executemany("DELETE FROM pipelines WHERE id = ?", [(n,) for n in changes.pipelines])
        self._db.executemany("INSERT OR REPLACE INTO jobs VALUES (?, ?)", jobs)
        self._db.executemany(
            "INSERT INTO pipelines VALUES (?, ?)", [(name, json.dumps(body)) for name, body in kept]
        )

    def _write_frames(self, frames: list[tuple[str]]) -> None:
        if not frames:
            return
        self._db.executemany("INSERT INTO frames (body) VALUES (?)", frames)
        self._db.execute(
            "DELETE FROM frames WHERE number <= (SELECT max(number) FROM frames) - ?", (MAXIMUM_FRAMES,)
        )


def _facts_of(book: Book) -> dict[str, int]:
    """Return the jobs' pace (ms) and the last job's number."""
    pace: JobPace = book.pace
    return {
        "job_queued": pace.queued,
        "job_running": pace.running,
        "job_sync": pace.sync,
        "last_job": book.last_number,
    }


class _Transaction:
    """``BEGIN IMMEDIATE`` to ``COMMIT``, or ``ROLLBACK`` on an error."""

    def __init__(self, db: sqlite3.Connection):
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
