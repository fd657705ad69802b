"""The request that the running call of a dynamic provider is for.

The dynamic provider's server tells a provider neither which resource a call is for nor its options. They are
there all the same: the request is a local variable of the server's method that called us. That is no promise
of the SDK, so every use is soft.
"""

from __future__ import annotations

import sys
from typing import Any


def current_urn() -> str:
    """The URN of the resource that the running call is for; empty when it is not known."""
    return str(getattr(_current_request(), "urn", ""))


def current_timeout() -> float:
    """Seconds that the resource's `custom_timeouts` give the running call; 0 without them."""
    return float(getattr(_current_request(), "timeout", 0))


def ignored_paths() -> list[str]:
    """The paths of `ignore_changes`, as the engine has them, where the running call is a diff."""
    return list(getattr(_current_request(), "ignoreChanges", ()))


def _current_request() -> Any:
    frame = sys._getframe(1)
    while frame is not None:
        request = frame.f_locals.get("request")
        urn = getattr(request, "urn", "")
        if isinstance(urn, str) and urn.startswith("urn:pulumi:"):
            return request
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None
