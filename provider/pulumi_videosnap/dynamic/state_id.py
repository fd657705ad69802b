"""The id of a stack's state, which tells it from a stack of the same names in another backend.

The engine gives a stack's default provider a random id, writes it to state before it creates the first
resource, and keeps it until the last one is deleted. A program may ask the engine for it, the dynamic
provider's server may not: so it goes there as an input, which `check` takes out again. None of this is a
promise of the SDK, so every use is soft: without an engine, and in the first preview, there is no id.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable
from typing import Any

import grpc
import pulumi
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import SETTINGS

INPUT = "__videosnapState"
"""The input that takes the id to the provider; `check` never returns it, so state does not have it."""
_TIMEOUT = 30.0
_asking = threading.Lock()


def state_id() -> Awaitable[str | None] | None:
    """The id, once the engine has said it; None where there is no engine, as in a test with mocks."""
    if not isinstance(SETTINGS.monitor, ResourceMonitorStub):
        return None
    urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::pulumi:providers:pulumi-python::default"
    # Not on the event loop: a program's own invoke transforms run there while the engine is asked.
    return asyncio.get_running_loop().run_in_executor(None, _ask_once, SETTINGS.monitor, urn)


def _ask_once(monitor: Any, urn: str) -> str | None:
    with _asking:
        return _ask(monitor, urn)


@functools.lru_cache(maxsize=8)
def _ask(monitor: Any, urn: str) -> str | None:
    # The server has no functions, but any call makes the engine register its provider.
    _invoke(monitor, "pulumi-python:videosnap:none", {})
    found = _invoke(monitor, "pulumi:pulumi:getResource", {"urn": urn}).get("id")
    return found if isinstance(found, str) and found and found != rpc.UNKNOWN else None


def _invoke(monitor: Any, token: str, arguments: dict[str, str]) -> dict[str, Any]:
    request = ResourceInvokeRequest(tok=token, args=Struct())
    request.args.update(arguments)
    try:
        return dict(getattr(monitor.Invoke(request, timeout=_TIMEOUT), "return"))
    except grpc.RpcError:
        return {}
