"""The store's objects in SQLite, on disk and not in memory, and a bucket of them as moto wants it.

With a data directory they are in a file of it, without one in a temporary file that the system deletes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from hashlib import md5, sha256
from pathlib import Path
from typing import Any, NamedTuple

from moto.s3.models import FakeKey
from moto.s3.utils import _VersionedKeyStore

from videosnap_emulator.core.persistence import StateError, open_database, writing
from videosnap_emulator.storage.http import MAXIMUM_BODY, bad_request
from videosnap_emulator.storage.sidecars import Sidecar

FILE = "objects.sqlite3"
#: Marks a file whose tables exist and which has what an older commit left.
_VERSION = 1
_SCHEMA = (
    f"PRAGMA user_version = {_VERSION}",
    "CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY)",
    # Without bodies, so that a list is read fast. Keys are UTF-8, which sorts as S3 does.
    "CREATE TABLE IF NOT EXISTS objects (bucket TEXT, key BLOB, size INTEGER NOT NULL, etag TEXT NOT NULL,"
    " modified TEXT NOT NULL, headers TEXT NOT NULL, body INTEGER NOT NULL, PRIMARY KEY (bucket, key))"
    " WITHOUT ROWID",
    # Each body once: the frames of a looping video are equal in every loop, task and room.
    "CREATE TABLE IF NOT EXISTS bodies (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE,"
    " uses INTEGER NOT NULL, body BLOB NOT NULL)",
)
#: Pages of 4 KiB.
_MUCH_FREE = 2000
_COLUMNS = "key, size, etag, modified, headers, body"


class ObjectRow(NamedTuple):
    """An object without its body; `modified` is naive and UTC, as moto has it, `etag` without quotes."""

    key: str
    size: int
    etag: str
    modified: datetime
    headers: dict[str, str]
    body: int


def _encode(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _row(stored: tuple[Any, ...]) -> ObjectRow:
    key, size, etag, modified, headers, body = stored
    name = key.decode("utf-8", "surrogatepass")
    return ObjectRow(name, size, etag, datetime.fromisoformat(modified), json.loads(headers), body)


class ObjectDatabase:
    """The rows. Callers hold one lock: one writer at a time, from any thread."""

    def __init__(self, folder: Path | None):
        self.path: Path | str = folder / FILE if folder else ""
        self._db = open_database(self.path)
        #: Whether the file is new.
        self.fresh = True

    def prepare(self, older: Mapping[str, Iterable[tuple[Sidecar, bytes]]]) -> None:
        """Make the tables, with the buckets of an older commit, or check them; raise StateError."""
        if self._db.execute("PRAGMA user_version").fetchone() == (_VERSION,):
            self.fresh = False
            self._check()
            return
        self.fresh = not older
        with self.writing():
            for statement in _SCHEMA:
                self._db.execute(statement)
            for bucket, files in older.items():
                self.add_bucket(bucket)
                for about, body in files:
                    modified = about.modified.replace(tzinfo=None)
                    self.put(bucket, about.key, body, about.headers, modified, about.etag)

    def _check(self) -> None:
        """Raise StateError for rows that could not be read later."""
        try:
            lost = "SELECT count(*) FROM objects WHERE body NOT IN (SELECT id FROM bodies)"
            if count := self._db.execute(lost).fetchone()[0]:
                raise ValueError(f"{count} objects have no body")
            for stored in self._db.execute(f"SELECT {_COLUMNS} FROM objects"):  # noqa: S608
                _row(stored)
        except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
            raise StateError(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def writing(self) -> AbstractContextManager[None]:
        """Begin a transaction: all or nothing; WriteError when the file cannot be written."""
        return writing(self._db, self.path)

    def shrink(self) -> None:
        """Give the file's free space back, if it is much and there is room for the attempt."""
        with suppress(sqlite3.OperationalError):
            if self._db.execute("PRAGMA freelist_count").fetchone()[0] > _MUCH_FREE:
                self._db.execute("VACUUM")

    def buckets(self) -> list[str]:
        """Return the names of the buckets."""
        return [name for (name,) in self._db.execute("SELECT name FROM buckets ORDER BY name")]

    def add_bucket(self, bucket: str) -> None:
        """Add a bucket, in a transaction."""
        self._db.execute("INSERT OR IGNORE INTO buckets VALUES (?)", (bucket,))

    def remove_bucket(self, bucket: str) -> None:
        """Remove a bucket and its objects, in a transaction."""
        for row in list(self.list(bucket)):
            self.remove(bucket, row.key)
        self._db.execute("DELETE FROM buckets WHERE name = ?", (bucket,))

    def put(  # noqa: PLR0917
        self, bucket: str, key: str, body: bytes, headers: dict[str, str], modified: datetime, etag: str = ""
    ) -> None:
        """Add or replace an object, in a transaction."""
        self.remove(bucket, key)
        etag, digest = etag or md5(body, usedforsecurity=False).hexdigest(), sha256(body).digest()
        if not self._db.execute("UPDATE bodies SET uses = uses + 1 WHERE sha256 = ?", (digest,)).rowcount:
            self._db.execute("INSERT INTO bodies (sha256, uses, body) VALUES (?, 1, ?)", (digest, body))
        (number,) = self._db.execute("SELECT id FROM bodies WHERE sha256 = ?", (digest,)).fetchone()
        about = len(body), etag, modified.isoformat(), json.dumps(headers), number
        self._db.execute("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)", (bucket, _encode(key), *about))

    def remove(self, bucket: str, key: str) -> None:
        """Remove an object if there is one, in a transaction."""
        with suppress(KeyError):
            body = self.find(bucket, key).body
            self._db.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, _encode(key)))
            self._db.execute("UPDATE bodies SET uses = uses - 1 WHERE id = ?", (body,))
            self._db.execute("DELETE FROM bodies WHERE id = ? AND uses = 0", (body,))

    def find(self, bucket: str, key: str) -> ObjectRow:
        """Return an object; KeyError when there is none."""
        query = f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND key = ?"  # noqa: S608
        found = self._db.execute(query, (bucket, _encode(key))).fetchone()
        if found is None:
            raise KeyError(f"{bucket}/{key}")
        return _row(found)

    def body(self, number: int) -> bytes:
        """Return the body of that number."""
        return bytes(self._db.execute("SELECT body FROM bodies WHERE id = ?", (number,)).fetchone()[0])

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectRow]:
        """Return the objects whose keys begin with the prefix, in the order of their keys."""
        query = f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND key >= ? ORDER BY key"  # noqa: S608
        for stored in self._db.execute(query, (bucket, _encode(prefix))):
            if not stored[0].startswith(_encode(prefix)):
                return
            yield _row(stored)

    def count(self, bucket: str = "") -> int:
        """Return how many objects the bucket, or the whole store, has."""
        query = "SELECT count(*) FROM objects WHERE ? IN (bucket, '')"
        return int(self._db.execute(query, (bucket,)).fetchone()[0])


class StoredKey(FakeKey):  # type: ignore[misc]
    """An object as moto has it, but its body is read when it is asked for."""

    def __init__(self, row: ObjectRow, bucket: str, account: str, read: Callable[[int], bytes]) -> None:
        self._read = read
        super().__init__(
            row.key, b"", account, "us-east-1", etag=row.etag, bucket_name=bucket, version_id="null"
        )
        self.dispose()
        self.contentsize, self._body, self.last_modified = row.size, row.body, row.modified
        self.set_metadata(dict(row.headers))

    @property
    def value(self) -> bytes:
        """The body."""
        return self._read(self._body)

    @value.setter
    def value(self, _body: bytes) -> None:
        """Take none: a changed object is another FakeKey."""


class BucketKeys(_VersionedKeyStore):  # type: ignore[misc]
    """A bucket's objects for moto: those of the database; in the dict itself is what a request touched."""

    def __init__(self, bucket: str, account: str, database: ObjectDatabase) -> None:
        super().__init__()
        self._bucket, self._account, self._database = bucket, account, database
        self._removed: set[str] = set()
        #: What the keys must begin with that a list is made of.
        self.prefix = ""

    def _key(self, row: ObjectRow) -> StoredKey:
        return StoredKey(row, self._bucket, self._account, self._database.body)

    def __sgetitem__(self, key: str) -> list[Any]:
        if key in self._removed:
            raise KeyError(key)
        if not dict.__contains__(self, key):
            dict.__setitem__(self, key, [self._key(self._database.find(self._bucket, key))])
        found: list[Any] = dict.__getitem__(self, key)
        return found

    def __contains__(self, key: object) -> bool:
        return self.getlist(key) is not None

    def __len__(self) -> int:
        return self._database.count(self._bucket)

    def pop(self, key: str) -> None:
        """Remove an object; KeyError when there is none."""
        self.__sgetitem__(key)
        super().pop(key)
        self._removed.add(key)

    def setlist(self, key: str, list_: Any) -> None:
        """Set an object."""
        super().setlist(key, list_)
        self._removed.discard(key)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Return the objects that begin with `prefix`."""
        return ((row.key, self._key(row)) for row in self._database.list(self._bucket, self.prefix))

    def save(self) -> None:
        """Write what the request changed, in a transaction."""
        for key in self._removed:
            self._database.remove(self._bucket, key)
        touched: dict[str, list[Any]] = dict(dict.items(self))
        for key, (one,) in touched.items():
            if one.size > MAXIMUM_BODY:
                raise bad_request("EntityTooLarge", "The object is too large for the emulator")
            if not isinstance(one, StoredKey):
                etag, headers = one.etag.strip('"'), dict(one.metadata)
                self._database.put(self._bucket, key, one.value, headers, one.last_modified, etag)

    def forget(self) -> None:
        """Forget what the request touched."""
        touched: list[list[Any]] = list(dict.values(self))
        for (one,) in touched:
            one.dispose()
        dict.clear(self)
        self._removed.clear()
        self.prefix = ""
