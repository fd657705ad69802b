"""The caller of this process, whatever the cloud: its threads share connections and rate limits."""

from __future__ import annotations

import functools
from pathlib import Path

from pulumi_videosnap.http.client import ApiClient, call_budget
from pulumi_videosnap.http.rate_limit import RateLimiter, SqliteReservations, store_path
from pulumi_videosnap.http.transport import HttpTransport


def shared_client() -> ApiClient:
    """The caller for the store and the budget that the environment names now."""
    return _caller(store_path(), call_budget())


@functools.cache
def _caller(store: Path, budget: float) -> ApiClient:
    return ApiClient(HttpTransport(), RateLimiter(SqliteReservations(store)), budget=budget)
