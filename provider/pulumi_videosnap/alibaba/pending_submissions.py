"""Makes an object that the service gives an id, and that is known by its name alone, exactly once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from pulumi_videosnap.errors import CallFailed, Garbled, ServiceFault, Unreachable

MAY_HAVE_ACTED = (Unreachable, ServiceFault, Garbled)
"""Failures after which a call that is not repeated may have had its effect."""
LOOK_AGAIN = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for an object whose creation got no response."""
QUERY_AGAIN = 1.0
"""Seconds before another look for an object that an earlier run may just have made."""

Made = TypeVar("Made")


class Pending(Protocol):
    """What this machine is making at this moment (`jobs.PendingSubmissions`)."""

    def add(self, token: str) -> None: ...  # noqa: D102
    def remove(self, token: str) -> None: ...  # noqa: D102
    def may_be_in_flight(self, token: str) -> bool: ...  # noqa: D102


def create_once(
    key: str,
    find: Callable[[], Made | None],
    add: Callable[[], Made],
    *,
    pending: Pending,
    progress: Callable[[str], None],
    sleep: Callable[[float], None],
) -> tuple[Made, bool]:
    """The object that `find` finds, or else the one that `add` makes, and whether it was there before.

    After a call whose answer got lost the object is looked for and never made again; an earlier run that
    broke off during its call is waited for.
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
    pending.add(key)
    try:
        made = add()
    except MAY_HAVE_ACTED:
        made_after_all = _look_again(find, sleep)
        if made_after_all is None:
            raise
        made = made_after_all
    except CallFailed:
        pending.remove(key)
        raise
    pending.remove(key)
    return made, False


def _look_again(find: Callable[[], Made | None], sleep: Callable[[float], None]) -> Made | None:
    for pause in LOOK_AGAIN:
        sleep(pause)
        with contextlib.suppress(CallFailed):
            if (found := find()) is not None:
                return found
    return None
