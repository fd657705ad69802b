"""What this machine was about to submit: a note on disk, from just before a submission until its answer.

The service makes the id, so nothing but a look can tell whether a submission got through; and a look that
comes right after a crash may come before a request that is still on its way. The note says when to look
for longer. It is a help and no lock: without a place to write there is none, and nothing else changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

UNCERTAIN_FOR = 20.0
"""Seconds after which a request that was sent has been acted on, or never will be."""


class PendingSubmissions:
    """The notes in one folder, by token."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def note(self, token: str) -> None:
        """A job with this token is being submitted."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(token).write_text(str(self._clock()))

    def settle(self, token: str) -> None:
        """It is known what became of it."""
        with contextlib.suppress(OSError):
            self._file(token).unlink()

    def uncertain(self, token: str) -> bool:
        """Whether a submission of this token may still be on its way."""
        try:
            began = float(self._file(token).read_text())
        except (OSError, ValueError):
            return False
        return 0 <= self._clock() - began < UNCERTAIN_FOR

    def _file(self, token: str) -> Path:
        return self._folder / hashlib.sha256(token.encode()).hexdigest()[:32]
