"""Repeating a call on virtual time: budget, jitter, Retry-After, dead endpoints, what is never repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_videosnap import errors
from pulumi_videosnap.http.client import Call
from pulumi_videosnap.http.error_codes import OK, Outcome
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry, retry_policy
from pulumi_videosnap.http.transport import TransportError
from unit.scripted import Script, VirtualTime, client

VERDICTS = {
    200: OK,
    400: Outcome(errors.Rejected("Do", "bad"), Retry.NEVER),
    429: Outcome(errors.Throttled("Do", "slow down"), Retry.ALWAYS),
    500: Outcome(errors.ServiceFault("Do", "broken"), Retry.IF_IDEMPOTENT),
}
Step = Response | TransportError
GOOD, BROKEN = Response(200), Response(500)
DEAD = TransportError("connection refused", Retry.ALWAYS, deadline=5.0)
SLOW_CONNECT = TransportError("no connection in time", Retry.ALWAYS)
LOST = TransportError("the connection broke", Retry.IF_IDEMPOTENT)
TLS = TransportError("TLS failed", Retry.NEVER)
GIANT = TransportError("more than 4194304 bytes", Retry.NEVER, kind=errors.Garbled)


def throttled(retry_after: str, **headers: str) -> Response:
    return Response(429, {"retry-after": retry_after, **headers})


def a_call(
    *, idempotent: bool = True, qps: float = 1000, prepare: Callable[[datetime], Request] | None = None
) -> Call:
    return Call(
        action="Do",
        account="digest",
        qps=qps,
        idempotent=idempotent,
        prepare=prepare or (lambda now: Request("GET", "https://host")),
        classify=lambda answer: VERDICTS[answer.status],
        endpoint_setting="SOME_ENDPOINT",
    )


def played(*steps: Step, random: float = 0.5, budget: float = 45.0, **call: Any) -> tuple[Any, Script]:
    """What a call ends with, and what it took."""
    script = Script(list(steps))
    try:
        return client(script, script.time, budget, random).call(a_call(**call)), script
    except errors.CallFailed as failed:
        return failed, script


CASES: list[tuple[list[Step], bool, int, type[errors.CallFailed] | None]] = [
    ([GOOD], True, 1, None),
    ([GOOD], False, 1, None),
    ([BROKEN, GOOD], True, 2, None),
    ([BROKEN, LOST, GOOD], True, 3, None),
    ([BROKEN, BROKEN, BROKEN, BROKEN, BROKEN, GOOD], True, 6, None),
    ([BROKEN], True, 6, errors.ServiceFault),
    ([LOST], True, 6, errors.Unreachable),
    ([Response(400)], True, 1, errors.Rejected),
    ([TLS], True, 1, errors.Unreachable),
    ([GIANT], True, 1, errors.Garbled),
    # Repeating would not be harmless: only what certainly was not acted on goes out again.
    ([BROKEN, GOOD], False, 1, errors.ServiceFault),
    ([LOST, GOOD], False, 1, errors.Unreachable),
    ([DEAD, GOOD], False, 2, None),
    ([SLOW_CONNECT, GOOD], False, 2, None),
    ([Response(429), GOOD], False, 2, None),
    ([Response(429), BROKEN, GOOD], False, 2, errors.ServiceFault),
    # Longer than the budget.
    ([throttled("60")], True, 1, errors.Throttled),
]


@pytest.mark.parametrize(("steps", "idempotent", "attempts", "kind"), CASES)
def test_what_is_repeated(
    steps: list[Step], idempotent: bool, attempts: int, kind: type[errors.CallFailed] | None
) -> None:
    end, script = played(*steps, idempotent=idempotent, random=0.0)
    assert type(end) is (kind or Response)
    assert len(script.requests) == attempts
    assert steps[0] == GOOD or attempts > 1 or sum(script.time.slept) == 0
    if steps[0] is LOST and not idempotent:
        assert "may have taken effect" in str(end)


@pytest.mark.parametrize(("random", "first"), [(0.0, 0.0), (0.5, 0.1), (1.0, 0.2)])
def test_pauses_grow_and_are_jittered_in_full(random: float, first: float) -> None:
    _, script = played(BROKEN, random=random)
    pauses = [first * factor for factor in (1, 2, 4, 8, 16) if first]
    assert [pause for pause in script.time.slept if pause > 0.005] == pytest.approx(pauses)


def test_retry_after_is_honoured_in_seconds_or_as_a_date() -> None:
    date = {"date": "Wed, 03 Jan 2024 08:00:00 GMT"}
    assert 7 in played(throttled("7"), GOOD)[1].time.slept
    assert 9 in played(throttled("Wed, 03 Jan 2024 08:00:09 GMT", **date), GOOD)[1].time.slept
    for senseless in ("soon", "-5", "1.5", "", "²"):
        assert max(played(throttled(senseless), GOOD)[1].time.slept) <= 0.2


def test_a_dead_endpoint_shows_within_five_seconds() -> None:
    failed, script = played(DEAD, random=1.0)
    assert script.time.now - VirtualTime().now <= 5
    assert isinstance(failed, errors.Unreachable)
    sentence = "Do got no response: https://host: connection refused; check SOME_ENDPOINT and the network"
    assert str(failed) == sentence


@given(budget=st.floats(0.5, 60), random=st.floats(0, 1, exclude_max=True), hang=st.floats(0, 20))
def test_no_call_outlasts_its_budget(budget: float, random: float, hang: float) -> None:
    time = VirtualTime(now=0.0)

    def transport(request: Request) -> Response:
        assert request.timeout <= 15
        time.sleep(min(hang, request.timeout))
        return BROKEN

    with pytest.raises(errors.ServiceFault):
        client(transport, time, budget, random).call(a_call())
    # The last attempt has a second even when less is left.
    assert time.now <= budget + 1


def test_each_attempt_takes_a_slot_and_is_signed_for_its_own_moment() -> None:
    moments: list[float] = []

    def prepare(now: datetime) -> Request:
        moments.append(now.timestamp())
        return Request("GET", "https://host")

    _, script = played(BROKEN, qps=1, random=0.0, prepare=prepare)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert len(script.requests) == len(moments) == 6
    assert all(gap >= 1 / 0.95 - 1e-6 for gap in gaps)


def test_a_full_queue_is_throttling_or_ends_a_repeated_call_with_what_went_wrong() -> None:
    assert isinstance(played(BROKEN, qps=0.01)[0], errors.ServiceFault)
    script = Script([GOOD])
    api_client = client(script, script.time)
    api_client.call(a_call(qps=0.01))
    text = r"reserved for the next 105\.3 s.*VIDEOSNAP_CALL_BUDGET"
    with pytest.raises(errors.Throttled, match=text):
        api_client.call(a_call(qps=0.01))
    assert len(script.requests) == 1


def test_the_budget_comes_from_the_environment() -> None:
    budgets = [retry_policy({"VIDEOSNAP_CALL_BUDGET": text}).deadline for text in ("", "10", " 0.5 ")]
    assert budgets == [45.0, 10.0, 0.5]
    for text in ("0", "-1", "soon", "nan", "inf", "1e999"):
        with pytest.raises(errors.NotConfigured, match="VIDEOSNAP_CALL_BUDGET"):
            retry_policy({"VIDEOSNAP_CALL_BUDGET": text})
