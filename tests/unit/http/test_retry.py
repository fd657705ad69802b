"""Repeating a call on virtual time: budget, jitter, Retry-After, dead endpoints, what is never repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap.errors import (
    CallFailed,
    Garbled,
    NotConfigured,
    Rejected,
    ServiceFault,
    Throttled,
    Unreachable,
)
from pulumi_videosnap.http.client import ApiClient, Call
from pulumi_videosnap.http.error_codes import OK, Outcome
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter
from pulumi_videosnap.http.retry import Retry, RetryHandler, RetryPolicy, retry_policy
from pulumi_videosnap.http.transport import Request, Response, TransportError, encode_query

VERDICTS = {
    200: OK,
    400: Outcome(Rejected("Do", "bad"), Retry.NEVER),
    429: Outcome(Throttled("Do", "slow down"), Retry.ALWAYS),
    500: Outcome(ServiceFault("Do", "broken"), Retry.IF_IDEMPOTENT),
}
GOOD = Response(200)
BROKEN = Response(500)

DEAD = TransportError("connection refused", Retry.ALWAYS, deadline=5.0)
SLOW_CONNECT = TransportError("no connection in time", Retry.ALWAYS)
LOST = TransportError("the connection broke", Retry.IF_IDEMPOTENT)
TLS = TransportError("TLS failed", Retry.NEVER)
GIANT = TransportError("more than 4194304 bytes", Retry.NEVER, kind=Garbled)

Step = Response | TransportError
CallerOf = Callable[..., ApiClient]


def a_call(*, idempotent: bool = True, prepare: Callable[[datetime], Request] | None = None) -> Call:
    return Call(
        action="Do",
        account="digest",
        qps=1000,
        idempotent=idempotent,
        prepare=prepare or (lambda now: Request("GET", "https://host")),
        classify=lambda answer: VERDICTS[answer.status],
        endpoint_setting="SOME_ENDPOINT",
    )


CASES: list[tuple[list[Step], bool, int, type[CallFailed] | None]] = [
    ([GOOD], True, 1, None),
    ([GOOD], False, 1, None),
    ([BROKEN, GOOD], True, 2, None),
    ([BROKEN, LOST, GOOD], True, 3, None),
    ([BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, GOOD], True, 6, None),
    ([BROKEN], True, 6, ServiceFault),
    ([LOST], True, 6, Unreachable),
    ([Response(400)], True, 1, Rejected),
    ([TLS], True, 1, Unreachable),
    ([GIANT], True, 1, Garbled),
    # Repeating would not be harmless: only what certainly was not acted on goes out again.
    ([BROKEN, GOOD], False, 1, ServiceFault),
    ([LOST, GOOD], False, 1, Unreachable),
    ([DEAD, GOOD], False, 2, None),
    ([SLOW_CONNECT, GOOD], False, 2, None),
    ([Response(429), GOOD], False, 2, None),
    ([Response(429), BROKEN, GOOD], False, 2, ServiceFault),
]


@pytest.mark.parametrize(("steps", "idempotent", "attempts", "kind"), CASES)
def test_what_is_repeated(
    steps: list[Step],
    idempotent: bool,
    attempts: int,
    kind: type[CallFailed] | None,
    caller_of: CallerOf,
    script_of: Any,
) -> None:
    script = script_of(steps)
    caller = caller_of(script, random=0.0)
    if kind is None:
        assert caller.call(a_call(idempotent=idempotent)) == GOOD
    else:
        with pytest.raises(CallFailed) as failed:
            caller.call(a_call(idempotent=idempotent))
        assert type(failed.value) is kind
    assert len(script.requests) == attempts


@pytest.mark.parametrize(
    ("random", "pauses"),
    [(0.0, [0.0, 0.0, 0.0, 0.0, 0.0]), (0.5, [0.1, 0.2, 0.4, 0.8, 1.6]), (1.0, [0.2, 0.4, 0.8, 1.6, 3.2])],
)
def test_pauses_grow_and_are_jittered_in_full(
    random: float, pauses: list[float], caller_of: CallerOf, script_of: Any, time: Any
) -> None:
    with pytest.raises(ServiceFault):
        caller_of(script_of([BROKEN]), random=random).call(a_call())
    long = [pause for pause in time.slept if pause > 0.005]
    assert long == pytest.approx([pause for pause in pauses if pause])


def test_retry_after_is_honoured(caller_of: CallerOf, script_of: Any, time: Any) -> None:
    caller_of(script_of([Response(429, {"retry-after": "7"}), GOOD])).call(a_call())
    assert 7 in time.slept


def test_retry_after_may_be_a_date(caller_of: CallerOf, script_of: Any, time: Any) -> None:
    headers = {"date": "Wed, 03 Jan 2024 08:00:00 GMT", "retry-after": "Wed, 03 Jan 2024 08:00:09 GMT"}
    caller_of(script_of([Response(429, headers), GOOD])).call(a_call())
    assert 9 in time.slept


@pytest.mark.parametrize("value", ["soon", "-5", "1.5", "", "²"])
def test_a_senseless_retry_after_is_ignored(
    value: str, caller_of: CallerOf, script_of: Any, time: Any
) -> None:
    caller_of(script_of([Response(429, {"retry-after": value}), GOOD])).call(a_call())
    assert max(time.slept) <= 0.2


def test_a_retry_after_beyond_the_budget_ends_the_call_at_once(
    caller_of: CallerOf, script_of: Any, time: Any
) -> None:
    script = script_of([Response(429, {"retry-after": "60"})])
    with pytest.raises(Throttled):
        caller_of(script).call(a_call())
    assert len(script.requests) == 1
    assert sum(time.slept) == 0


def test_a_dead_endpoint_shows_within_five_seconds(caller_of: CallerOf, script_of: Any, time: Any) -> None:
    began = time.now
    with pytest.raises(Unreachable) as failed:
        caller_of(script_of([DEAD]), random=1.0).call(a_call())
    assert time.now - began <= 5
    assert str(failed.value) == (
        "Do got no response: https://host: connection refused; check SOME_ENDPOINT and the network"
    )


def test_the_budget_bounds_attempts_that_hang(caller_of: CallerOf, time: Any) -> None:
    timeouts: list[float] = []

    def hang(request: Request) -> Response:
        timeouts.append(request.timeout)
        time.sleep(request.timeout)
        raise TransportError("no answer in time", Retry.IF_IDEMPOTENT)

    began = time.now
    with pytest.raises(Unreachable):
        caller_of(hang, budget=45.0).call(a_call())
    assert time.now - began <= 46
    assert timeouts[:2] == [15.0, 15.0]
    assert timeouts[2] < 15.0


@given(budget=st.floats(0.5, 60), random=st.floats(0, 1, exclude_max=True), hang=st.floats(0, 20))
def test_no_call_outlasts_its_budget(budget: float, random: float, hang: float) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    def transport(request: Request) -> Response:
        sleep(min(hang, request.timeout))
        return BROKEN

    limiter = RateLimiter(MemoryReservations(lambda: now[0]), clock=lambda: now[0], sleep=sleep)
    retries = RetryHandler(
        RetryPolicy(deadline=budget), monotonic=lambda: now[0], sleep=sleep, random=lambda: random
    )
    caller = ApiClient(transport, limiter, retries, clock=lambda: now[0])
    with pytest.raises(ServiceFault):
        caller.call(a_call())
    # The last attempt has a second even when less is left.
    assert now[0] <= budget + 1


def test_each_attempt_is_signed_anew_for_its_own_moment(
    caller_of: CallerOf, script_of: Any, time: Any
) -> None:
    moments: list[float] = []

    def prepare(now: datetime) -> Request:
        moments.append(now.timestamp())
        return Request("GET", "https://host")

    caller_of(script_of([BROKEN, BROKEN, GOOD])).call(a_call(prepare=prepare))
    assert len(moments) == 3
    assert moments == sorted(set(moments))


def test_each_attempt_takes_a_slot(caller_of: CallerOf, time: Any) -> None:
    left_at: list[float] = []

    def transport(request: Request) -> Response:
        left_at.append(time.now)
        return BROKEN

    call = replace(a_call(), qps=1)
    with pytest.raises(ServiceFault):
        caller_of(transport, random=0.0).call(call)
    gaps = [later - earlier for earlier, later in pairwise(left_at)]
    assert len(gaps) == 5
    assert all(gap >= 1 / 0.95 - 1e-6 for gap in gaps)


def test_a_full_queue_ends_a_repeated_call_with_what_went_wrong(caller_of: CallerOf, script_of: Any) -> None:
    call = replace(a_call(), qps=0.01)
    with pytest.raises(ServiceFault):
        caller_of(script_of([BROKEN])).call(call)


def test_a_full_queue_is_throttling(caller_of: CallerOf, script_of: Any) -> None:
    call = replace(a_call(), qps=0.01)
    script = script_of([GOOD])
    caller = caller_of(script)
    caller.call(call)
    with pytest.raises(Throttled, match=r"reserved for the next 105\.3 s.*VIDEOSNAP_CALL_BUDGET"):
        caller.call(call)
    assert len(script.requests) == 1


def test_an_unrepeatable_call_that_got_lost_says_that_it_may_have_worked(
    caller_of: CallerOf, script_of: Any
) -> None:
    with pytest.raises(Unreachable, match="may have taken effect"):
        caller_of(script_of([LOST])).call(a_call(idempotent=False))


@pytest.mark.parametrize(("text", "seconds"), [("", 45.0), ("10", 10.0), (" 0.5 ", 0.5)])
def test_the_budget_comes_from_the_environment(text: str, seconds: float) -> None:
    assert retry_policy({"VIDEOSNAP_CALL_BUDGET": text}).deadline == seconds


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf", "1e999"])
def test_a_senseless_budget_is_refused(text: str) -> None:
    with pytest.raises(NotConfigured, match="VIDEOSNAP_CALL_BUDGET"):
        retry_policy({"VIDEOSNAP_CALL_BUDGET": text})


def test_a_query_is_written_as_it_is_signed() -> None:
    assert encode_query((("A", "a b+c~/ü"), ("B", ""))) == "A=a%20b%2Bc~%2F%C3%BC&B="
