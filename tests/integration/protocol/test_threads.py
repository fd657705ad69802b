"""How many calls the provider's server answers at once."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_videosnap.dynamic import thread_pool


def at_once(pool: ThreadPoolExecutor, calls: int) -> int:
    """How many of the calls are under way together, once each has let the pool grow."""
    most, now, lock = 0, 0, threading.Lock()
    together = threading.Barrier(calls)

    def call() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        with lock:
            now -= 1

    for future in [pool.submit(call) for _ in range(calls)]:
        future.result()
    return most


def test_a_pool_of_four_grows_for_the_call_that_it_runs() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert at_once(pool, 12) == 4
        pool.submit(thread_pool.raise_worker_limit, {}).result()
        assert at_once(pool, 12) == 12


@pytest.mark.parametrize(("asked", "threads"), [("7", 7), ("2", 4), ("many", 1024), ("", 1024), ("-1", 1024)])
def test_the_environment_says_how_far(asked: str, threads: int) -> None:
    environment = {"VIDEOSNAP_THREADS": asked}
    with ThreadPoolExecutor(4) as pool:
        pool.submit(thread_pool.raise_worker_limit, environment).result()
        assert pool._max_workers == threads
    thread_pool.raise_worker_limit(environment)  # outside a pool nothing happens
