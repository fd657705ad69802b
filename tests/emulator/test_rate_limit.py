"""The documented calls a second, counted by when calls arrive."""

from __future__ import annotations

from videosnap_emulator.core.rate_limit import RateLimiter

LIMIT = 60
LIMITS = {"GetSnapshotTask": LIMIT, "StartSnapshot": 150}


def test_a_sliding_second_holds_the_limit_and_no_more() -> None:
    limiter = RateLimiter(LIMITS, lambda: 0.0)
    assert all(limiter.admit("GetSnapshotTask", 10.0).admitted for _ in range(LIMIT))
    assert not limiter.admit("GetSnapshotTask", 10.9).admitted
    assert limiter.admit("GetSnapshotTask", 11.0).admitted
    assert limiter.admit("StartSnapshot", 10.0).admitted, "each action has a limit of its own"


def test_calls_that_queued_count_by_their_arrival() -> None:
    limiter = RateLimiter(LIMITS, lambda: 99.0)
    arrivals = [number / (LIMIT * 0.95) for number in range(3 * LIMIT)]
    assert all(limiter.admit("GetSnapshotTask", arrived).admitted for arrived in arrivals)


def test_a_call_that_overtook_another_does_not_hide_it() -> None:
    limiter = RateLimiter(LIMITS, lambda: 0.0)
    for number in range(LIMIT):
        assert limiter.admit("GetSnapshotTask", 10.0 + (number % 2) / 100).admitted
    assert not limiter.admit("GetSnapshotTask", 10.5).admitted
