"""Makes what the service gives an id exactly once, although a response may be lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import TypeVar

from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.settings import CALL_BUDGET, seconds_of

LOOK_AGAIN = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for what got no response when it was created; together within a call's budget."""
QUERY_AGAIN = 1.0
"""Seconds before another look for something that an earlier run may just have made."""
IN_FLIGHT_FOR = 20.0
"""Seconds after which a request has been acted on, or never will be."""

Made = TypeVar("Made")


class PendingSubmissions:
    """What this machine is making: a file for each token, from before the call until its response.

    The service makes the id, so only a query tells whether a call arrived; and a query right after a
    crash may come before a request that is still in flight. The file says when to query for longer. It is a
    hint and no lock: where the directory is not writable there is none, and nothing else changes.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._clock = clock

    def add(self, token: str) -> None:
        """What has this token is being made."""
        with contextlib.suppress(OSError):
            self._directory.mkdir(parents=True, exist_ok=True)
            self._file(token).write_text(str(self._clock()))

    def remove(self, token: str) -> None:
        """The result of the call is known."""
        with contextlib.suppress(OSError):
            self._file(token).unlink()

    def may_be_in_flight(self, token: str) -> bool:
        """Whether a request with this token may still reach the service."""
        try:
            started = float(self._file(token).read_text())
        except (OSError, ValueError):
            return False
        return 0 <= self._clock() - started < IN_FLIGHT_FOR

    def _file(self, token: str) -> Path:
        return self._directory / hashlib.sha256(token.encode()).hexdigest()[:32]


def create_once(
    key: str,
    find: Callable[[], Made | None],
    add: Callable[[], Made],
    *,
    pending: PendingSubmissions,
    progress: Callable[[str], None],
    sleep: Callable[[float], None],
) -> tuple[Made, bool]:
    """The object that `find` finds, or else the one that `add` makes, and whether it was there before.

    An earlier run that was interrupted during its call is waited for.
    """
    progress("looking for one of this name")
    found = find()
    while found is None and pending.may_be_in_flight(key):
        progress("an earlier run may just have made it: looking again")
        sleep(QUERY_AGAIN)
        found = find()
    if found is not None:
        return found, True
    progress("adding")
    return send_once(key, add, find, pending, sleep), False


def send_once(
    key: str,
    send: Callable[[], Made],
    find: Callable[[], Made | None],
    pending: PendingSubmissions,
    sleep: Callable[[float], None],
) -> Made:
    """What `send` makes; where its response is lost, it is looked for and never made again."""
    pending.add(key)
    try:
        made = send()
    except CallFailed as lost:
        found = _look_again(find, sleep) if lost.may_have_acted else None
        if found is None:
            if not lost.may_have_acted:
                pending.remove(key)
            raise
        made = found
    pending.remove(key)
    return made


def _look_again(find: Callable[[], Made | None], sleep: Callable[[float], None]) -> Made | None:
    longest = seconds_of(CALL_BUDGET, os.environ)
    for pause, all_pauses in zip(LOOK_AGAIN, accumulate(LOOK_AGAIN), strict=True):
        if all_pauses > longest:
            break
        sleep(pause)
        with contextlib.suppress(CallFailed):
            if (found := find()) is not None:
                return found
    return None
