"""HTTP connections that can be cut off: how a test sees what a client does when the cloud hangs up."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


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
