"""One rate limit for several machines: reservations in a Redis or PostgreSQL server (`VIDEOSNAP_RATE_STORE`).

The server's clock counts, so the machines' clocks may differ. A reservation is one round trip: a Lua script,
or one upsert, which locks its row. While the server cannot be used, the limit is enforced on this machine.
A server should answer within 50 ms: a slot that is known later counts as missed, and is not used.

Measured against pyrate-limiter 4.5 (Redis bucket), 2 processes of 4 threads at a limit of 60, by a server
that counts: it let 62 calls into one second.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from pulumi_videosnap.errors import NotConfigured, one_line
from pulumi_videosnap.http.rate_limit import FORGOTTEN_AFTER, Slot, SqliteReservations
from pulumi_videosnap.settings import RATE_STORE

_log = logging.getLogger("pulumi_videosnap")

ANSWER_WITHIN = 1.0
"""Seconds that the server may take for one reservation, and to accept a connection."""
TRY_AGAIN_AFTER = 10.0
"""Seconds for which a server that failed is not asked again."""
_FORMS = (
    "set redis://[user:password@]host[:port][/number] or postgresql://[user:password@]host[:port]/database"
)


class Server(Protocol):
    """Where reservations of all machines are."""

    def reserve(self, name: str, spacing: float, max_wait: float, earliest: float) -> float:
        """Seconds until the next slot, `earliest` or more; reserved unless that is over `max_wait`."""


class SharedReservations:
    """Reservations of all machines that name one server; `local` are those of this machine.

    Each slot is noted on this machine too, so that the machine keeps its limit when the server gets lost and
    when it comes back.
    """

    def __init__(
        self,
        server: Server,
        local: SqliteReservations,
        *,
        hide: tuple[str, ...] = (),
        clock: Callable[[], float] = time.time,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self.path, self.last = local.path, local.last
        self._server, self._local, self._hide = server, local, hide
        self._clock, self._warn = clock, warn
        self._lock = threading.Lock()
        self._lost_until = 0.0
        self._in_step = False
        """Whether the server knows of this machine's calls."""
        self._warned = False

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        """The next slot among all machines; among this machine's processes while the server is lost."""
        alone = self._lock.acquire(timeout=ANSWER_WITHIN)
        try:
            slot = self._ask(name, spacing, max_wait) if alone else None
            return slot or self._local.reserve(name, spacing, max_wait)
        finally:
            if alone:
                self._lock.release()

    def _ask(self, name: str, spacing: float, max_wait: float) -> Slot | None:
        if time.monotonic() < self._lost_until:
            return None
        earliest = 0.0 if self._in_step else self._after_local(name, spacing)
        asked = self._clock()
        try:
            wait = self._server.reserve(name, spacing, max_wait, earliest)
        except Exception as error:  # each client has errors of its own
            self._lose(error)
            return None
        if wait <= max_wait:
            self._in_step = True
            with contextlib.suppress(OSError, sqlite3.Error):  # the latest time that it can be
                self._local.note(name, Slot(self._clock() + wait, asked))
        return Slot(asked + wait, asked)  # the earliest, so that none is later than it seems

    def _after_local(self, name: str, spacing: float) -> float:
        """Seconds until this machine may make a call after those that it reserved without the server."""
        with contextlib.suppress(OSError, sqlite3.Error):
            if latest := self._local.latest(name):
                return max(0.0, latest.at + spacing - self._clock())
        return 0.0

    def _lose(self, error: Exception) -> None:
        self._lost_until = time.monotonic() + TRY_AGAIN_AFTER
        self._in_step = False
        if not self._warned:
            self._warned = True
            reason = one_line(str(error), self._hide) or type(error).__name__
            self._warn(
                f"the rate limit is enforced on this machine only, because the server of {RATE_STORE.env} "
                f"cannot be used ({reason}); it is tried again every {TRY_AGAIN_AFTER:.0f} s"
            )


class RedisServer:
    """Reservations in Redis, each in a key of its own; a user needs `eval`, `get`, `set` and `time`."""

    def __init__(self, url: str) -> None:
        redis = _client("redis", "redis")
        timeouts = {"socket_timeout": ANSWER_WITHIN, "socket_connect_timeout": ANSWER_WITHIN}
        self._run = redis.Redis.from_url(url, **timeouts, retry=None).register_script(_SCRIPT)

    def reserve(self, name: str, spacing: float, max_wait: float, earliest: float) -> float:
        """Seconds until the next slot."""
        wait = self._run([f"videosnap:rate:{name}"], [spacing, max_wait, earliest, FORGOTTEN_AFTER])
        return float(wait)


_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local value = redis.call('GET', KEYS[1])
local free = now + ARGV[4]  -- a server that was emptied has lost the calls of the last second
if value then
  local at, asked = string.match(value, '(%S+) (%S+)')
  free = at + ARGV[1]
  if asked - now > 1 then free = free - (asked - now) end  -- its clock went back
end
local at = math.max(now + ARGV[3], free)
if at - now <= tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], string.format('%.6f %.6f', at, now))
end
return string.format('%.6f', at - now)
"""


class PostgresqlServer:
    """Reservations in PostgreSQL, in the table videosnap_rate, which is created where the user may."""

    def __init__(self, url: str) -> None:
        self._psycopg = _client("psycopg", "postgresql")
        self._url = url
        self._connection: Any = None

    def reserve(self, name: str, spacing: float, max_wait: float, earliest: float) -> float:
        """Seconds until the next slot."""
        values = {"name": name, "spacing": spacing, "wait": max_wait, "earliest": earliest}
        try:
            connection = self._connection = self._connection or self._connect()
            with _cut_off(connection.fileno()):
                row = connection.execute(_UPSERT, {**values, "lost": FORGOTTEN_AFTER}).fetchone()
                row = row or connection.execute(_NEXT, values).fetchone()
            return float(row[0])
        except Exception:
            self._connection = None
            raise

    def _connect(self) -> Any:
        connection = self._psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=2,  # the least that libpq takes
            prepare_threshold=None,
            # Only the order counts; a crash of the server takes longer than what it may lose.
            options="-c synchronous_commit=off",
        )
        with _cut_off(connection.fileno()):
            if connection.execute("SELECT to_regclass('videosnap_rate')").fetchone()[0] is None:
                connection.execute(_TABLE)
        return connection


# Two machines that create a table at the same time fail, with IF NOT EXISTS too.
_TABLE = """DO $$ BEGIN
PERFORM pg_advisory_xact_lock(hashtext('videosnap_rate'));
CREATE TABLE IF NOT EXISTS videosnap_rate
  (name text PRIMARY KEY, at double precision NOT NULL, asked double precision NOT NULL);
END $$"""
_NOW = "extract(epoch FROM clock_timestamp())::double precision"
_FREE = f"rate.at + %(spacing)s - CASE WHEN rate.asked - {_NOW} > 1 THEN rate.asked - {_NOW} ELSE 0 END"
_AT = f"greatest({_NOW} + %(earliest)s, {_FREE})"
_UPSERT = f"""INSERT INTO videosnap_rate AS rate VALUES (%(name)s, {_NOW} + %(lost)s, {_NOW})
ON CONFLICT (name) DO UPDATE SET at = {_AT}, asked = {_NOW} WHERE {_AT} - {_NOW} <= %(wait)s
RETURNING at - {_NOW}"""  # noqa: S608 - no value is in it
_NEXT = f"SELECT {_AT} - {_NOW} FROM videosnap_rate AS rate WHERE name = %(name)s"  # noqa: S608


@contextlib.contextmanager
def _cut_off(number: int) -> Iterator[None]:
    """End the connection of a file number where the block lasts too long: a client may wait without end."""

    def shut_down() -> None:
        with contextlib.suppress(OSError), socket.socket(fileno=own.detach()) as connection:
            connection.shutdown(socket.SHUT_RDWR)

    own = socket.socket(fileno=os.dup(number))
    timer = threading.Timer(ANSWER_WITHIN, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        own.close()


def _client(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise NotConfigured(
            f"{RATE_STORE.env} needs the package {module}: run `pip install 'pulumi-videosnap[{extra}]'`"
        ) from None


_SERVERS: dict[str, Callable[[str], Server]] = {
    "redis": RedisServer,
    "rediss": RedisServer,
    "postgresql": PostgresqlServer,
    "postgres": PostgresqlServer,
}


def shared_reservations(url: str, local: SqliteReservations) -> SharedReservations:
    """The reservations in the server of a URL; NotConfigured where it is none."""
    try:
        parts = urlsplit(url)
        make = _SERVERS[parts.scheme]
        server = make(url)
    except NotConfigured:
        raise
    except (KeyError, ValueError):  # the value is not repeated: it may have a password
        raise NotConfigured(f"{RATE_STORE.env} does not name a server: {_FORMS}") from None
    secrets = filter(None, (url, parts.password, unquote(parts.password or ""), parts.query))
    return SharedReservations(server, local, hide=tuple(secrets))
