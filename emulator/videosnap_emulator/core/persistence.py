"""Persistence in SQLite: tables that know which of their rows changed, and the file that holds them.

With ``--data-dir`` the state comes back even after SIGKILL: each change is one transaction in write-ahead
mode, so a killed process leaves the state before or after it, never between. What cannot be written, as on a
full disk, stays to be written. Without a data directory the same code writes to memory.
"""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

K = TypeVar("K")
V = TypeVar("V", bound="DataclassInstance")

_FILE = "world.sqlite3"
#: The table of plain numbers: clock, counters, settings.
_METADATA = "facts"


class StateError(Exception):
    """The data directory holds what cannot be read: the text names the file, the fault and what to do."""

    def __init__(self, path: Path | str, fault: object):
        advice = "restore it from a copy, or use an empty --data-dir"
        super().__init__(f"{path}: {fault}: {advice}")


class WriteError(Exception):
    """The data directory cannot be written, as on a full disk; the next write repeats what is missing."""

    def __init__(self, path: Path | str, fault: object):
        super().__init__(f"{path}: cannot be written: {fault}: free space on the disk, or make it writable")


def open_database(path: Path | str) -> sqlite3.Connection:
    """Open a database and check it; "" is a temporary file, ":memory:" none. Raise StateError."""
    database = None
    try:
        database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        if (found := database.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(" ".join(found.split()))
        database.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses nothing when the process is killed; only a crash of the machine may cost the last
        # writes.
        database.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error as error:
        if database:
            database.close()
        raise StateError(path, error) from error
    return database


@contextmanager
def writing(database: sqlite3.Connection, path: Path | str) -> Iterator[None]:
    """Do all that is in the block, or nothing; raise WriteError."""
    try:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    except sqlite3.DatabaseError as error:
        raise WriteError(path, error) from error


class Table(MutableMapping[K, V], Generic[K, V]):
    """Rows by key, in the order in which they were added; changes are written at the end of a transaction.

    `name` is the SQLite table: begin it with the service's name, since all services share one file.
    Rows are dataclasses of what ``json`` can write; `make` builds one from its stored fields as keywords: it
    is the class itself, or `maker` of it where its fields hold other dataclasses, enums or tuples. `columns`
    are the key's columns; with more than one a key is a tuple. With `limit`, the oldest rows beyond it are
    dropped.

    Assigning and deleting are noted; after changing a row in place call `touch`.
    """

    def __init__(
        self,
        name: str,
        make: Callable[..., V],
        columns: Sequence[str] = ("id",),
        limit: int | None = None,
    ):
        self.name, self.columns = name, tuple(columns)
        self._make, self._limit = make, limit
        self._rows: OrderedDict[K, V] = OrderedDict()
        self._changed: dict[K, None] = {}

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __setitem__(self, key: K, row: V) -> None:
        self._rows[key] = row
        self.touch(key)
        while self._limit is not None and len(self._rows) > self._limit:
            self.touch(self._rows.popitem(last=False)[0])

    def __delitem__(self, key: K) -> None:
        del self._rows[key]
        self.touch(key)

    def __iter__(self) -> Iterator[K]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def newest(self) -> Iterator[V]:
        """Return the rows, the latest first."""
        return reversed(self._rows.values())

    def touch(self, key: K) -> None:
        """Note that a row changed."""
        self._changed[key] = None

    def clear(self) -> None:
        """Delete all rows."""
        self._changed.update(dict.fromkeys(self._rows))
        self._rows.clear()

    def restore(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Fill the empty table with stored rows: the key's columns, then the JSON text; raise ValueError."""
        for *parts, body in rows:
            key: Any = parts[0] if len(self.columns) == 1 else tuple(parts)
            try:
                self._rows[key] = self._make(**json.loads(body))
            except (TypeError, ValueError, RecursionError) as error:
                raise ValueError(f"table {self.name}, row {key}: {fault_of(error)}") from error

    def changes(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """Return the rows to write (key's columns, JSON text) and the keys to delete."""
        write = [(*_parts(key), json.dumps(asdict(self._rows[key]))) for key in self._changed if key in self]
        return write, [_parts(key) for key in self._changed if key not in self]

    def forget_changes(self) -> None:
        """Note that the file has them: not before, or a full disk would lose them."""
        self._changed.clear()


def maker(row: type[V]) -> Callable[..., V]:
    """Return what builds a row from its stored fields and converts the parts; for `Table.make`."""
    adapter = TypeAdapter(row)
    # The class itself refuses an unknown or missing field.
    return lambda **stored: adapter.validate_python(vars(row(**stored)))


def fault_of(error: Exception) -> str:
    """Return what is wrong in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)


def _parts(key: object) -> tuple[Any, ...]:
    return tuple(key) if isinstance(key, tuple) else (key,)


class SqliteStore:
    """The database file. Callers hold the scheduler's lock: one writer at a time, from any thread."""

    def __init__(self, folder: Path | None):
        self.path = folder / _FILE if folder else ":memory:"
        self._db = open_database(self.path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def load(self, tables: Iterable[Table[Any, Any]]) -> dict[str, int]:
        """Fill the tables and return the stored numbers; raise StateError for a file that does not fit."""
        try:
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {_METADATA} (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
            )
            for table in tables:
                self._create(table)
                table.restore(self._db.execute(f"SELECT * FROM {table.name} ORDER BY rowid"))  # noqa: S608
            return dict(self._db.execute(f"SELECT name, value FROM {_METADATA}"))  # noqa: S608
        except (sqlite3.Error, ValueError) as error:
            raise StateError(self.path, error) from error

    def _create(self, table: Table[Any, Any]) -> None:
        key = ", ".join(table.columns)
        self._db.execute(
            f"CREATE TABLE IF NOT EXISTS {table.name} ({key}, body TEXT NOT NULL, PRIMARY KEY ({key}))"
        )
        found = [row[1] for row in self._db.execute(f"PRAGMA table_info({table.name})")]
        if found != [*table.columns, "body"]:
            raise ValueError(f"table {table.name} has the columns {', '.join(found)}")

    def save(self, tables: Sequence[Table[Any, Any]], metadata: Mapping[str, int]) -> None:
        """Write what changed, all or nothing; after a WriteError the next call writes it."""
        with writing(self._db, self.path):
            for table in tables:
                self._write(table)
            self._db.executemany(f"INSERT OR REPLACE INTO {_METADATA} VALUES (?, ?)", metadata.items())  # noqa: S608
        for table in tables:
            table.forget_changes()

    def _write(self, table: Table[Any, Any]) -> None:
        write, delete = table.changes()
        key, marks = ", ".join(table.columns), ", ".join("?" * (len(table.columns) + 1))
        where = " AND ".join(f"{column} = ?" for column in table.columns)
        self._db.executemany(
            f"INSERT INTO {table.name} VALUES ({marks})"  # noqa: S608 - our own names
            f" ON CONFLICT ({key}) DO UPDATE SET body = excluded.body",
            write,
        )
        self._db.executemany(f"DELETE FROM {table.name} WHERE {where}", delete)  # noqa: S608
