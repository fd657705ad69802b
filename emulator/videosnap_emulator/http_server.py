"""How every port is served: uvicorn, bounded connections, and no requests from other web pages.

The emulator's keys are public, so a signature does not tell a program from a web page that is open in a
browser on this machine. Host and Origin do, and Sec-Fetch-Site, which browsers add and pages cannot change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds that a connection may be idle, and that the head of a request and each pause in its body may take,
#: as common for gateways. With five of uvicorn, the next request of a client met the moment of closing.
IDLE_SECONDS = 75.0
#: Connections of one port. One more closes the one that has been idle the longest.
MAXIMUM_CONNECTIONS = 400
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FOREIGN_SITES = (b"cross-site", b"same-site")
Address = tuple[str, int]


class Server(uvicorn.Server):
    """One of several servers in a process: signals are handled once, for all of them."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class Connections:
    """The open connections of a port by the client's address, which is unique while one is open."""

    def __init__(self) -> None:
        self._open: dict[Address, _Connection] = {}

    def add(self, connection: _Connection) -> None:
        """Note a new connection; beyond `MAXIMUM_CONNECTIONS`, close the one that is idle the longest."""
        self._open[connection.address] = connection
        if len(self._open) > MAXIMUM_CONNECTIONS:
            idle = [one for one in self._open.values() if not one.busy]
            self.cut(min(idle, key=lambda one: one.idle_since).address)

    def remove(self, connection: _Connection) -> None:
        """Forget a closed connection."""
        if self._open.get(connection.address) is connection:
            del self._open[connection.address]

    def cut(self, client: Address) -> None:
        """Close a connection without another byte."""
        if connection := self._open.pop(client, None):
            connection.transport.abort()


class _Connection(H11Protocol):
    """uvicorn's HTTP connection, which `open_connections` knows and which may be idle for so long only."""

    open_connections: Connections
    address: Address = ("", 0)
    idle_since = 0.0
    _timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a whole request waits for its response."""
        return bool(self.cycle and not self.cycle.more_body and not self.cycle.response_complete)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername") or self.address
        self.address = peer[0], peer[1]
        self._begin_to_wait()
        self.open_connections.add(self)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle and self.cycle.more_body:  # a body may take long; a request's head has no pauses
            self._begin_to_wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        self.open_connections.remove(self)
        super().connection_lost(exc)

    def _begin_to_wait(self) -> None:
        if self._timer:
            self._timer.cancel()
        self.idle_since = self.loop.time()
        self._timer = self.loop.call_later(IDLE_SECONDS, self._close_if_idle)

    def _close_if_idle(self) -> None:
        if not self.busy:  # a response restarts the timer
            self.transport.close()


def server_of(app: ASGIApp, connections: Connections, date_header: bool = True) -> Server:
    """Return the server of one port; `connections` will hold its connections."""
    config = uvicorn.Config(
        app,
        http=type("Connection", (_Connection,), {"open_connections": connections}),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=date_header,
        backlog=128,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=round(IDLE_SECONDS) + 1,
    )
    return Server(config)


class HostCheckMiddleware:
    """Answers 403 to a request for another host name (DNS rebinding) and to one from a web page elsewhere.

    `safe_reads`: a GET or HEAD changes nothing here, so a link or an image on another page may ask for it.
    """

    def __init__(self, app: ASGIApp, host: str, safe_reads: bool = True):
        self._app, self._hosts, self._safe_reads = app, {*_LOOPBACK, host}, safe_reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        refusal = self._refusal(scope["method"], dict(scope["headers"])) if scope["type"] == "http" else ""
        if refusal:
            body = json.dumps({"error": refusal})
            await Response(body, 403, media_type="application/json")(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, headers: dict[bytes, bytes]) -> str:
        """Return why the request is refused; empty for one that is not."""
        host = headers.get(b"host", b"").decode("latin-1")
        if _host_name(host) not in self._hosts:
            return f"Host {host!r} is not this emulator: use 127.0.0.1, localhost or the --host it was given"
        origin = headers.get(b"origin")
        foreign = origin is not None and origin.decode("latin-1") != f"http://{host}"
        reads = self._safe_reads and origin is None and method in ("GET", "HEAD")
        if foreign or (headers.get(b"sec-fetch-site") in _FOREIGN_SITES and not reads):
            return "a web page of another origin asks: only programs and the emulator's own page may do this"
        return ""


def _host_name(authority: str) -> str | None:
    """Return the host without its port, or None when there is none."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None
