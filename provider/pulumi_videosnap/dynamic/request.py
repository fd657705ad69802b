"""The request that the running call of a dynamic provider is for.

The dynamic provider's server tells a provider neither which resource a call is for nor its options. They are
there all the same: the request is a local variable of the server's method that called us. That is no promise
of the SDK, so every use is soft.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

from pulumi_videosnap.core.properties import Properties
from pulumi_videosnap.plugin import init_errors


def current_urn() -> str:
    """The URN of the resource that the running call is for; empty when it is not known."""
    return str(getattr(_current_request(), "urn", ""))


def current_timeout() -> float:
    """Seconds that the resource's `custom_timeouts` give the running call; 0 without them."""
    return float(getattr(_current_request(), "timeout", 0))


def ignored_paths() -> list[str]:
    """The paths of `ignore_changes`, as the engine has them, where the running call is a diff."""
    return list(getattr(_current_request(), "ignoreChanges", ()))


def names_no_provider() -> bool:
    """Whether the recorded inputs name no dynamic provider, so that another front wrote them."""
    recorded = getattr(_current_request(), "old_inputs", None) or {}
    return bool(recorded) and "__provider" not in recorded


def when_answered() -> Callable[[Callable[[], object]], object]:
    """What has something done once the engine has the answer to the running call; at once where unknown."""
    context = _servicer().get("context")
    return getattr(context, "add_callback", lambda act: act())


def record_as_failed(id_: str, outputs: Properties, reason: str) -> None:
    """Have the engine record the resource that the running call creates, though the call fails."""
    servicer = _servicer()
    properties = Struct()
    provider = {name: value for name, value in servicer["request"].properties.items() if name == "__provider"}
    properties.update({**outputs, **provider})
    init_errors.record_as_failed(servicer["context"], id_, properties, None, reason)


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
