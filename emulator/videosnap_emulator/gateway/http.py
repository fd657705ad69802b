"""HTTP as the gateway reads and sends it, and connections that can be cut off.

Cutting one is how a test sees what a client does when the cloud hangs up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from videosnap_emulator.core.clock import Milliseconds, http_date
from videosnap_emulator.core.service import MAXIMUM_BODY, HttpRequest, HttpResponse

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Address = tuple[str, int]


async def read_request(scope: dict[str, Any], receive: Receive) -> HttpRequest:
    """Read the whole request, chunked or not; what is beyond the limit is dropped."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if len(body) <= MAXIMUM_BODY:
            body += message.get("body", b"")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"].decode("latin-1")
    return HttpRequest(
        scope["method"], path.decode("latin-1"), query, _headers(scope["headers"]), bytes(body)
    )


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def send_response(send: Send, response: HttpResponse, now: Milliseconds) -> None:
    """Send the response, dated with the emulated time."""
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "date": http_date(now),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})


class Connections:
    """The open connections by the client's address, which is unique while a connection is open."""

    def __init__(self) -> None:
        self._open: dict[Address, asyncio.BaseTransport] = {}

    def add(self, transport: asyncio.BaseTransport) -> None:
        """Note a new connection."""
        self._open[_client(transport)] = transport

    def remove(self, transport: asyncio.BaseTransport) -> None:
        """Forget a closed connection."""
        if self._open.get(_client(transport)) is transport:
            del self._open[_client(transport)]

    def cut(self, client: Address) -> None:
        """Close a connection without another byte."""
        transport = self._open.get(client)
        if isinstance(transport, asyncio.Transport):
            transport.abort()


def _client(transport: asyncio.BaseTransport) -> Address:
    """Return the client's address; a connection that is gone already has none."""
    peer = transport.get_extra_info("peername") or ("", 0)
    return peer[0], peer[1]


def protocol_for(connections: Connections) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol, reporting its connections."""

    class Tracked(H11Protocol):
        """An HTTP connection that `connections` knows."""

        def connection_made(self, transport: Any) -> None:
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    return Tracked
