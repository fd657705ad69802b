"""One call to a cloud: reserve a slot, sign, send, classify, retry. No cloud is named in here.

A cloud supplies three things with each call: how to sign the request for a given time, what a response means
(an `Outcome`, by a pure function), and whether repeating the call is harmless. Transport, rate limiter, retry
handler and clock are parameters.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pulumi_videosnap.core.timestamps import from_epoch
from pulumi_videosnap.http.error_codes import MAY_HAVE_ACTED, Outcome
from pulumi_videosnap.http.rate_limit import RateLimiter, SqliteReservations, store_path
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Attempt, Retry, RetryHandler, RetryPolicy, retry_policy
from pulumi_videosnap.http.shared_rate import shared_reservations
from pulumi_videosnap.http.transport import HttpTransport, Transport, TransportError
from pulumi_videosnap.settings import RATE_STORE, no_config


@dataclass(frozen=True)
class Call:
    """What a cloud says of one call.

    `account` and `qps` name the rate limit it counts against, `prepare` signs it for a time in UTC,
    `endpoint_setting` is what a user changes when the endpoint does not answer.
    """

    action: str
    account: str
    qps: float
    idempotent: bool
    prepare: Callable[[datetime], Request]
    classify: Callable[[Response], Outcome]
    endpoint_setting: str = "the endpoint"


class ApiClient:
    """Makes calls; safe to share among threads."""

    def __init__(
        self,
        transport: Transport,
        limiter: RateLimiter,
        retries: RetryHandler | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clock = clock
        self._transport = transport
        self._limiter = limiter
        self._retries = retries or RetryHandler()

    def call(self, call: Call) -> Response:
        """The response of a call that succeeded; CallFailed when it did not before the deadline."""

        def attempt(left: Callable[[], float]) -> Attempt[Response]:
            self._limiter.take(call.account, call.action, call.qps, left())
            return self._attempt(call, left())

        return self._retries.call(attempt, idempotent=call.idempotent)

    def _attempt(self, call: Call, left: float) -> Attempt[Response]:
        request = call.prepare(from_epoch(self.clock()))
        timeout = min(request.timeout, max(left, self._retries.policy.min_attempt_timeout))
        try:
            response = self._transport(replace(request, timeout=timeout))
        except TransportError as error:
            return _unanswered(call, request.endpoint, error)
        outcome = call.classify(response)
        wait = response.retry_after(self.clock())
        return Attempt(response, outcome.error, outcome.retry, retry_after=wait)


def _unanswered(call: Call, endpoint: str, error: TransportError) -> Attempt[Response]:
    unclear = error.retry is Retry.IF_IDEMPOTENT and not call.idempotent
    advice = MAY_HAVE_ACTED if unclear else f"check {call.endpoint_setting} and the network"
    failed = error.kind(call.action, f"{endpoint}: {error}", advice=advice)
    return Attempt(None, failed, error.retry, deadline=error.deadline)


def shared_client() -> ApiClient:
    """The client of this process, for every cloud: its threads share connections and rate limits.

    Rate limit stores and deadline are those that the environment names now.
    """
    shared = RATE_STORE.find(os.environ.get, no_config)
    return _client(store_path(), shared[0] if shared else "", retry_policy())


@functools.cache
def _client(store: Path, shared: str, policy: RetryPolicy) -> ApiClient:
    local = SqliteReservations(store)
    reservations = shared_reservations(shared, local) if shared else local
    return ApiClient(HttpTransport(), RateLimiter(reservations), RetryHandler(policy))
