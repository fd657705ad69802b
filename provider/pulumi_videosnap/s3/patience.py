"""Repeats a call to a store where that helps, within the budget that every call of the provider has."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.retry import RetryPolicy, retry_policy

T = TypeVar("T")
MAX_ATTEMPTS = RetryPolicy().max_attempts


class Failed(Exception):
    """An attempt that failed; `patience` is how many seconds into the call repeating it still makes sense."""

    def __init__(self, error: CallFailed, patience: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.patience = patience


def patiently(attempt: Callable[[], T]) -> T:
    """The result of the first attempt that succeeds; CallFailed once repeating does not help.

    Every call that is made here may be made twice without harm.
    """
    began, policy = time.monotonic(), retry_policy()
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            return attempt()
        except Failed as failed:
            error = failed.error
            pause = policy.pause(number, random.random())  # noqa: S311
            left = min(policy.deadline, failed.patience) - (time.monotonic() - began)
        if pause >= left or number == MAX_ATTEMPTS:
            break
        time.sleep(pause)
    # Not chained: the cause may carry the request and its headers.
    raise error from None
