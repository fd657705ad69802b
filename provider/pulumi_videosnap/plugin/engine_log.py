"""Lines on a resource's own row, through the engine's log.

The engine's address is an argument of the plugin's process. For a dynamic provider that is no promise of the
SDK, so every use is soft: without it, nothing is said and nothing fails.
"""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
_LOG_TIMEOUT = 2.0
"""Seconds that a line may take to reach the engine before it is given up."""
_warned: set[tuple[str, str]] = set()
"""The warnings of this process, each with its resource."""


def progress(urn: str, message: str) -> None:
    """Show what is going on now; the line is gone once the resource is done."""
    _log(urn, message, engine_pb2.INFO, ephemeral=True)


def warn(urn: str, message: str) -> None:
    """Show what the user should still see in the diagnostics at the end, once for each resource.

    The engine checks a resource again before it replaces it.
    """
    if (urn, message) not in _warned:
        _warned.add((urn, message))
        _log(urn, message, engine_pb2.WARNING, ephemeral=False)


def _log(urn: str, message: str, severity: Any, *, ephemeral: bool) -> None:
    engine = _engine()
    if engine is None:
        return
    request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
    try:
        engine.Log(request, timeout=_LOG_TIMEOUT)
    except grpc.RpcError:
        return  # a lost line must not lose the task


def engine_address() -> str | None:
    """Where the engine that this process serves listens; None where there is none."""
    return next(filter(ADDRESS.fullmatch, (*reversed(_attached), *sys.argv[1:])), None)


def listen_at(address: str) -> None:
    """Write to an engine that did not start this process."""
    _attached.append(address)
    _engine.cache_clear()


_attached: list[str] = []


@functools.cache
def _engine() -> Any:
    """The engine that this process serves, or None where there is none."""
    address = engine_address()
    if address is None:
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
