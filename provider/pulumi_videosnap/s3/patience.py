"""Repeats a call to a store where that helps, within the budget that every call of the provider has."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pulumi_videosnap.errors import CallFailed
from pulumi_videosnap.http.client import BACKOFF_BASE, BACKOFF_CAP, MAX_ATTEMPTS, call_budget

T = TypeVar("T")


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
    began, budget = time.monotonic(), call_budget()
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            return attempt()
        except Failed as failed:
            error = failed.error
            # Full jitter, so that many workers do not come back together.
            pause = random.random() * min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** (number - 1))  # noqa: S311
            left = min(budget, failed.patience) - (time.monotonic() - began)
        if pause >= left or number == MAX_ATTEMPTS:
            break
        time.sleep(pause)
    # Not chained: the cause may carry the request and its headers.
    raise error from None
