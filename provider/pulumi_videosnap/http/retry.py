"""Retry policy: how often, how long and after which pause a failed call is made again.

The handler repeats attempts within a deadline, with full jitter. It knows no HTTP: the result of an
attempt says whether another one may follow. Clock, sleep and randomness are parameters.
"""

from __future__ import annotations

import enum
import math
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pulumi_videosnap.errors import CallFailed, Garbled, Throttled
from pulumi_videosnap.settings import CALL_BUDGET, seconds_of

T = TypeVar("T")


class Retry(enum.Enum):
    """Whether a failed attempt may be repeated."""

    NEVER = enum.auto()
    IF_IDEMPOTENT = enum.auto()
    """The service may have acted on the request."""
    ALWAYS = enum.auto()
    """The service has certainly not acted on the request."""


@dataclass(frozen=True)
class RetryPolicy:
    """The limits of one call; all times in seconds."""

    deadline: float = float(CALL_BUDGET.default)
    """For one call, all attempts and pauses included."""
    max_attempts: int = 6
    min_attempt_timeout: float = 1.0
    """Every attempt gets this much time, even when less is left until the deadline."""
    backoff_base: float = 0.2
    backoff_cap: float = 5.0

    def pause(self, attempt: int, jitter: float) -> float:
        """Seconds after failed attempt number `attempt` (from 1); `jitter` is a random number from 0 to 1.

        Full jitter, so that many workers do not come back together.
        """
        return jitter * min(self.backoff_cap, self.backoff_base * 2.0 ** (attempt - 1))


def retry_policy(env: Mapping[str, str] = os.environ) -> RetryPolicy:
    """The policy with the deadline of VIDEOSNAP_CALL_BUDGET; NotConfigured when that is not a number."""
    return RetryPolicy(deadline=seconds_of(CALL_BUDGET, env))


@dataclass(frozen=True)
class Attempt(Generic[T]):
    """How one attempt ended: with a value, or with an error and what it means for another attempt."""

    value: T | None = None
    error: CallFailed | None = None
    retry: Retry = Retry.NEVER
    retry_after: float = 0.0
    """Seconds for which the service asks not to be called again."""
    deadline: float = math.inf
    """Seconds after the start of the call from which this failure is final."""


class RetryHandler:
    """Makes calls within the limits of a policy; safe to share among threads."""

    def __init__(
        self,
        policy: RetryPolicy = RetryPolicy(),
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.policy = policy
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random

    def call(self, attempt: Callable[[Callable[[], float]], Attempt[T]], *, idempotent: bool) -> T:
        """The value of the first attempt that succeeds; else the error of the last one.

        `attempt` is given a function that returns the seconds left until the deadline, below 0 once it has
        passed. An attempt that raises Throttled ends the call. The call then raises the error of the
        attempt before it, which names the cause; Throttled if there was none.
        """
        began = self._monotonic()
        failed: CallFailed | None = None
        may_have_acted = False
        for number in range(1, self.policy.max_attempts + 1):
            try:
                ended = attempt(lambda: self.policy.deadline - (self._monotonic() - began))
            except Throttled as full:
                failed = failed or full
                break
            if ended.error is None and ended.value is not None:
                return ended.value
            failed = ended.error
            may_have_acted |= ended.retry is Retry.IF_IDEMPOTENT or isinstance(failed, Garbled)
            pause = max(self.policy.pause(number, self._random()), ended.retry_after)
            left = min(self.policy.deadline, ended.deadline) - (self._monotonic() - began)
            if not _may_repeat(ended.retry, idempotent) or pause >= left:
                break
            if number < self.policy.max_attempts:
                self._sleep(pause)
        assert failed is not None  # noqa: S101
        failed.may_have_acted = may_have_acted
        raise failed


def _may_repeat(retry: Retry, idempotent: bool) -> bool:
    return retry is Retry.ALWAYS or (retry is Retry.IF_IDEMPOTENT and idempotent)
