"""One call to a cloud: sign, send, classify, and repeat where that helps. No cloud is named in here.

A cloud supplies three things with each call: how to sign the request for a given moment, what an answer
means (`Outcome`, a pure function), and whether repeating the call is harmless. Clock, sleep, randomness
and transport are handed in, so that a test can be any of them.
"""

from __future__ import annotations

import enum
import math
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from pulumi_videosnap.errors import CallFailed, NotConfigured, Throttled, Unreachable
from pulumi_videosnap.http.rate_limit import RateLimiter

BUDGET = 45.0
"""Seconds that one call may take, all attempts and waits included."""
BUDGET_VARIABLE = "VIDEOSNAP_CALL_BUDGET"
MAX_ATTEMPTS = 6
CONNECT_DEADLINE = 5.0
"""Seconds after which nobody listening counts as final: a typing error should show soon."""
BACKOFF_BASE = 0.2
BACKOFF_CAP = 5.0
ANSWER_TIMEOUT = 15.0
"""Seconds to wait for an answer in one attempt."""
LAST_CHANCE = 1.0
"""Seconds that an attempt gets even when less is left of the budget."""
MAY_HAVE_ACTED = "it may have taken effect all the same, so look before you repeat it"
"""What to do after a call that must not be made twice, and of which nobody knows whether it was made once."""


def encode_query(query: tuple[tuple[str, str], ...]) -> str:
    """The query string by RFC 3986 (a space is %20), which is also the form that gets signed."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query)


@dataclass(frozen=True)
class Request:
    """One HTTP request; `endpoint` is scheme and host, `timeout` the seconds to wait for the answer."""

    method: str
    endpoint: str
    query: tuple[tuple[str, str], ...] = ()
    path: str = "/"
    # Neither shows in a repr: headers carry the signature, a body may carry a third party's keys.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout: float = ANSWER_TIMEOUT

    @property
    def url(self) -> str:
        """Where it goes, query included."""
        return f"{self.endpoint}{self.path}" + (f"?{encode_query(self.query)}" if self.query else "")


@dataclass(frozen=True)
class Response:
    """One HTTP answer; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    def date(self, now: float) -> datetime:
        """The moment of the answer in UTC by the service's clock; `now` when it names none."""
        return _http_date(self.headers.get("date", "")) or utc(now)

    def retry_after(self, now: float) -> float:
        """Seconds for which the service asks to be left alone; 0 when it asks nothing."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        until = _http_date(value)
        return max(0.0, (until - self.date(now)).total_seconds()) if until else 0.0


def utc(seconds: float) -> datetime:
    """Seconds since the epoch as a moment in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
        # A zone of -0000 comes out without one, and means UTC too.
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (TypeError, ValueError, OverflowError):
        return None


class Retry(enum.Enum):
    """Whether a failed attempt may be made again."""

    NEVER = enum.auto()
    IF_IDEMPOTENT = enum.auto()
    """The service may have acted on it."""
    ALWAYS = enum.auto()
    """The service certainly did not act on it."""


@dataclass(frozen=True)
class Outcome:
    """What an answer means: success without an `error`, else what to raise once repeating does not help."""

    error: CallFailed | None = None
    retry: Retry = Retry.NEVER


OK = Outcome()


class TransportError(Exception):
    """No whole answer came; `patience` is how many seconds into the call repeating still makes sense."""

    def __init__(
        self,
        reason: str,
        retry: Retry,
        *,
        patience: float = math.inf,
        kind: type[CallFailed] = Unreachable,
    ) -> None:
        super().__init__(reason)
        self.retry = retry
        self.patience = patience
        self.kind = kind


Transport = Callable[[Request], Response]
"""Sends a request and returns its answer, whatever its status; raises TransportError when none came."""


@dataclass(frozen=True)
class Call:
    """What a cloud says of one call.

    `account` and `qps` name the quota it draws on, `prepare` signs it for a moment in UTC,
    `endpoint_setting` is what a user changes when nobody answers.
    """

    action: str
    account: str
    qps: float
    idempotent: bool
    prepare: Callable[[datetime], Request]
    classify: Callable[[Response], Outcome]
    endpoint_setting: str = "the endpoint"


@dataclass(frozen=True)
class _Outcome:
    """How one attempt ended: with an answer, and, if it failed, with what to make of that."""

    verdict: Outcome
    answer: Response | None = None
    patience: float = math.inf


class ApiClient:
    """Makes calls within a budget of time; safe to share among threads."""

    def __init__(
        self,
        transport: Transport,
        limiter: RateLimiter,
        *,
        budget: float = BUDGET,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.clock = clock
        self._transport = transport
        self._limiter = limiter
        self._budget = budget
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random

    def call(self, call: Call) -> Response:
        """The answer of a call that succeeded; CallFailed when it did not within the budget."""
        began = self._monotonic()
        failed: CallFailed | None = None
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self._take_slot(call, self._budget - (self._monotonic() - began), failed)
            outcome = self._attempt(call, self._budget - (self._monotonic() - began))
            failed = outcome.verdict.error
            if failed is None and outcome.answer is not None:
                return outcome.answer
            pause = self._pause(attempt, outcome.answer)
            patience = min(self._budget, outcome.patience) - (self._monotonic() - began)
            if not _may_repeat(call, outcome.verdict.retry) or pause >= patience:
                break
            if attempt < MAX_ATTEMPTS:
                self._sleep(pause)
        assert failed is not None  # noqa: S101
        raise failed

    def _take_slot(self, call: Call, patience: float, failed: CallFailed | None) -> None:
        try:
            self._limiter.take(call.account, call.action, call.qps, patience)
        except Throttled as full:
            # What went wrong before says more than that there is no time to try again.
            raise (failed or full) from None

    def _attempt(self, call: Call, left: float) -> _Outcome:
        request = call.prepare(utc(self.clock()))
        timeout = min(request.timeout, max(left, LAST_CHANCE))
        try:
            answer = self._transport(replace(request, timeout=timeout))
        except TransportError as lost:
            return _Outcome(_unanswered(call, request.endpoint, lost), None, lost.patience)
        return _Outcome(call.classify(answer), answer)

    def _pause(self, attempt: int, answer: Response | None) -> float:
        """Full jitter, so that many workers do not come back together; never less than the service asks."""
        backoff = self._random() * min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** (attempt - 1))
        return max(backoff, answer.retry_after(self.clock()) if answer else 0.0)


def _may_repeat(call: Call, retry: Retry) -> bool:
    return retry is Retry.ALWAYS or (retry is Retry.IF_IDEMPOTENT and call.idempotent)


def _unanswered(call: Call, endpoint: str, lost: TransportError) -> Outcome:
    advice = f"check {call.endpoint_setting} and the network"
    if lost.retry is Retry.IF_IDEMPOTENT and not call.idempotent:
        advice = MAY_HAVE_ACTED
    return Outcome(lost.kind(call.action, f"{endpoint}: {lost}", advice=advice), lost.retry)


def call_budget(env: Mapping[str, str] = os.environ) -> float:
    """Seconds that a call may take: VIDEOSNAP_CALL_BUDGET, else 45; NotConfigured when it is no number."""
    text = env.get(BUDGET_VARIABLE, "").strip()
    try:
        seconds = float(text or BUDGET)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise NotConfigured(f"{BUDGET_VARIABLE} is {text!r}: write a number of seconds above 0, such as 45")
    return seconds
