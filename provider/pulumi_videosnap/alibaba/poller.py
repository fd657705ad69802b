"""Polls jobs until they end, ten ids a call, for all waiting threads together.

No coordinator thread: whichever waiter finds the last poll stale polls for all waiters, and the others use
its result. So a hundred waiting jobs cost ten calls a poll, not a hundred.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from pulumi_videosnap.alibaba.api import Queried
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.errors import CallFailed, NotFound, TaskUnfinished

IDS_PER_CALL = 10
"""Ids that QuerySnapshotJobList takes at most."""
FIRST_INTERVAL, LATER_INTERVAL = 0.5, 3.0
"""Seconds between two polls: many jobs end within seconds, and one that does not can wait."""
FIRST_SECONDS = 20.0
"""How long a job is polled at the first interval."""
NOT_LISTED_YET = 15.0
"""Seconds for which a new job may be unknown; how soon one can be queried is not documented."""


class Api(Protocol):
    """The query (`MpsApi`)."""

    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102


class JobPoller:
    """The jobs that threads wait for, and the results of the last poll."""

    def __init__(
        self,
        api: Api,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._monotonic = monotonic
        self._sleep = sleep
        self._polling = threading.Lock()
        self._waiting: list[str] = []
        self._results: dict[str, SnapshotJob | CallFailed] = {}
        self._polled_at = -LATER_INTERVAL

    def wait(self, job: SnapshotJob, timeout: float, progress: Callable[[str], None]) -> SnapshotJob:
        """The job once it has ended; TaskUnfinished when it has not after `timeout` seconds.

        A CallFailed of a poll is raised to every thread that waited for it.
        """
        if job.has_ended:
            return job
        self._waiting.append(job.id)
        try:
            return self._wait(job, timeout, progress)
        finally:
            self._waiting.remove(job.id)

    def _wait(self, job: SnapshotJob, timeout: float, progress: Callable[[str], None]) -> SnapshotJob:
        began = self._monotonic()
        while not job.has_ended:
            waited = self._monotonic() - began
            if waited >= timeout:
                raise TaskUnfinished(f"snapshot job {job.id}", job.state or "in progress", waited)
            progress(f"{job.state or 'in progress'} for {waited:.0f} s")
            pause = FIRST_INTERVAL if waited < FIRST_SECONDS else LATER_INTERVAL
            self._sleep(min(pause, timeout - waited))
            job = self._poll(job, pause, waited)
        return job

    def _poll(self, job: SnapshotJob, pause: float, waited: float) -> SnapshotJob:
        """The job as of a poll that is younger than `pause` seconds."""
        with self._polling:
            if self._monotonic() - self._polled_at >= pause:
                self._poll_all()
                self._polled_at = self._monotonic()
            answer = self._results.get(job.id, job)
        if isinstance(answer, NotFound) and waited < NOT_LISTED_YET:
            return job
        if isinstance(answer, CallFailed):
            raise answer
        return answer

    def _poll_all(self) -> None:
        self._results = {}
        for ids in _tens(self._waiting):
            try:
                answer = self._api.query(ids)
            except CallFailed as failed:
                self._results.update(dict.fromkeys(ids, failed))
                continue
            for job_id in ids:
                reason = f"job {job_id} no longer exists"
                self._results[job_id] = NotFound("QuerySnapshotJobList", reason, at=answer.at)
            self._results.update({job.id: job for job in answer.jobs})


def _tens(ids: Sequence[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    return (distinct[at : at + IDS_PER_CALL] for at in range(0, len(distinct), IDS_PER_CALL))
