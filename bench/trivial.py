"""A dynamic provider that does nothing: what the engine and the SDK cost without this package."""

from __future__ import annotations

import threading
import time
from typing import Any

from pulumi.dynamic import CreateResult, ReadResult, ResourceProvider


class Trivial(ResourceProvider):
    """Takes every input as it is and returns outputs like those of a snapshot task."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return the inputs and fixed outputs."""
        start = "2026-01-01T00:00:00Z"
        history = [{"at": start, "event": "start", "interval": 600}]
        outputs = {"status": "running", "start_time": start, "history": history}
        return CreateResult(f"{props['app_id']}/{props['task_id']}", {**props, **outputs})


READS_A_SECOND = 60
"""What the vendor documents for GetSnapshotTask."""


class PacedReads(Trivial):
    """The same, but reads take turns at the rate that the service documents."""

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what is recorded."""
        with _TURN:
            time.sleep(1 / READS_A_SECOND)
        return ReadResult(id_, props)


_TURN = threading.Lock()
