"""Ends the plugin process with its engine.

The engine starts the plugin through a shell, so the plugin's parent lives on where the engine is killed, and
the plugin with it: it would start tasks that nobody records. The engine's address, which every plugin is
given, is served by the engine's own process: a connection to it ends in the moment in which the engine does.
"""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time

from pulumi_videosnap.plugin.run import RUN

_RECONNECT_PAUSE = 0.1
"""Seconds; the engine closes a connection on which nothing is said after two minutes."""


@functools.cache
def end_with(address: str) -> None:
    """Watch the engine at an address from now on, unless nothing listens there."""
    with contextlib.suppress(OSError, OverflowError):
        connection = _connect(address)
        threading.Thread(target=_watch, args=(address, connection), daemon=True, name="engine").start()


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=None)


def _watch(address: str, connection: socket.socket) -> None:
    while True:
        with contextlib.suppress(OSError), connection:
            while connection.recv(4096):
                pass
        try:
            connection = _connect(address)
        except ConnectionRefusedError:
            RUN.end_without_engine()
        except OSError:
            time.sleep(_RECONNECT_PAUSE)
