"""Lets the engine decide how many calls run at once.

The dynamic provider's server answers with four threads, whatever `--parallel` says, so four tasks that
wait for their end hold up all others. There is no setting for it; but the pool that runs a call is in
reach of the call, and takes more threads when it may. That is no promise of the SDK, so it is soft: where
the pool looks otherwise, four threads it stays.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from pulumi_videosnap.settings import threads


def raise_worker_limit(env: Mapping[str, str] = os.environ) -> None:
    """Let the pool that runs this call grow to VIDEOSNAP_THREADS; `--parallel` decides what it uses.

    Every dynamic provider of the same program is called by the same pool.
    """
    wanted = threads(env)
    pool = _pool_of_this_call()
    if pool is not None and getattr(pool, "_max_workers", wanted) < wanted:
        pool._max_workers = wanted
        # Calls that had to queue are counted as idle threads, for which no new ones would be started.
        pool._idle_semaphore = threading.Semaphore(0)


def _pool_of_this_call() -> ThreadPoolExecutor | None:
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != "_worker":
        if frame.f_back is None:
            return None
        frame = frame.f_back
    reference = frame.f_locals.get("executor_reference")
    pool = reference() if callable(reference) else None
    return pool if isinstance(pool, ThreadPoolExecutor) else None
