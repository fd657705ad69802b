"""Lines on a resource's own row, through the engine's log.

The dynamic provider's server tells a provider neither which resource a call is for nor where the
engine listens. Both are there all the same: the engine's address is an argument of the plugin's
process, and the request is a local variable of the server's method that called us. Neither is a
promise of the SDK, so every use is soft: without them, nothing is said and nothing fails.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2

from pulumi_videosnap.core.properties import Properties

ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
_LOG_TIMEOUT = 2.0
"""Seconds that a line may take to reach the engine before it is given up."""
_warned: set[tuple[str, str]] = set()
"""The warnings of this process, each with its resource."""


def current_urn() -> str:
    """The URN of the resource that the running call is for; empty when it is not known."""
    return str(getattr(_current_request(), "urn", ""))


def current_timeout() -> float:
    """Seconds that the resource's `custom_timeouts` give the running call; 0 without them."""
    return float(getattr(_current_request(), "timeout", 0))


def ignored_paths() -> list[str]:
    """The paths of `ignore_changes`, as the engine has them, where the running call is a diff."""
    return list(getattr(_current_request(), "ignoreChanges", ()))


def record_as_failed(id_: str, outputs: Properties, reason: str) -> None:
    """Have the engine record the resource that the running call creates, though the call fails."""
    servicer = _servicer()
    properties = struct_pb2.Struct()
    provider = {name: value for name, value in servicer["request"].properties.items() if name == "__provider"}
    properties.update({**outputs, **provider})
    failed = provider_pb2.ErrorResourceInitFailed(id=id_, properties=properties, reasons=[reason])
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(failed)
    servicer["context"].set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))


def _current_request() -> Any:
    return _servicer().get("request")


def _servicer() -> Mapping[str, Any]:
    """The local variables of the server's method that called us; none where there is no engine."""
    frame = sys._getframe(1)
    while frame is not None:
        urn = getattr(frame.f_locals.get("request"), "urn", "")
        if isinstance(urn, str) and urn.startswith("urn:pulumi:"):
            return frame.f_locals
        if frame.f_back is None:
            break
        frame = frame.f_back
    return {}


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
    """Where the engine that started this process listens; None where there is none."""
    return next(filter(ADDRESS.fullmatch, sys.argv[1:]), None)


@functools.cache
def _engine() -> Any:
    """The engine that started this process, or None where there is none."""
    address = engine_address()
    if address is None:
        return None
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
