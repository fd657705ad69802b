"""A cache of the account's jobs, filled from pages of QuerySnapshotJobList and shared by all resources.

A query for each job would cost a call for each. A page holds 300 jobs, newest first, so one page has
everything that was submitted together; a job that no page has is queried by its id.

`JobPoller` waits for jobs until they end, ten ids a call, for all waiting threads together. It has no
coordinator thread: whichever waiter finds the last poll stale polls for all waiters, and the others use its
result. So a hundred waiting jobs cost ten calls a poll, not a hundred.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pulumi_videosnap.alibaba.api import Page, Queried
from pulumi_videosnap.alibaba.models import SnapshotJob
from pulumi_videosnap.core.timestamps import from_epoch
from pulumi_videosnap.errors import CallFailed, NotFound, TaskUnfinished

FRESH_FOR = 30.0
"""Seconds after which the cache is refreshed."""
ADOPTED_WITHIN = timedelta(hours=72)
"""How far back a job is searched for by its owner's tag; the next `up` after a crash comes sooner."""
HEADROOM = 600.0
"""Seconds by which a page begins after the job that is read: jobs submitted together are read together."""
PAGES_FOR_ONE = 4
"""Pages read for one job before it is queried by its id."""


class JobQueries(Protocol):
    """The two queries for jobs (`MpsApi`)."""

    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102
    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page: ...  # noqa: D102


@dataclass(frozen=True)
class TimeRange:
    """A time range whose jobs are all cached, in seconds since the epoch; the older end is exclusive."""

    newest: float
    oldest: float

    def covers(self, moment: float) -> bool:
        """Whether a job of that time would be cached."""
        return self.oldest < moment <= self.newest


class JobCache:
    """Jobs by id and by owner. One thread calls the service, the others wait for its result."""

    def __init__(self, api: JobQueries, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._failures = 0
        self._failed: CallFailed | None = None
        self._clear()

    def by_owner(self, tag: str, *, refresh: bool = False) -> list[SnapshotJob]:
        """The jobs of the last 72 hours with an owner's tag, newest first; `refresh` drops the cache."""
        with self._exclusive():
            self._drop_stale(refresh)
            if not any(known.newest == math.inf and known.oldest <= self._horizon for known in self._ranges):
                self._read_back_to_the_horizon()
            found = [job for job in self._jobs.values() if tag in (job.user_data or "")]
        return sorted(found, key=_created, reverse=True)

    def job(self, job_id: str, created: datetime | None) -> SnapshotJob:
        """One job, from the cache when a page has it; NotFound only after a query by its id.

        Without the time of submission, a job that was cached before its end is queried again.
        """
        with self._exclusive():
            self._drop_stale()
            if job_id not in self._jobs and created is not None:
                self._read_around(created)
            cached = self._jobs.get(job_id)
            if cached and (cached.has_ended or created is not None):
                return cached
            return self._query(job_id)

    def newest(self) -> tuple[list[SnapshotJob], datetime | None]:
        """The cached jobs from now back, newest first, and the time since when the cache has all of them."""
        with self._exclusive():
            self._drop_stale()
            if not any(known.newest == math.inf for known in self._ranges):
                self._store(self._api.list_jobs(), None, math.inf, pages=1)
            oldest = min(known.oldest for known in self._ranges if known.newest == math.inf)
            found = [job for job in self._jobs.values() if _created(job) >= oldest]
        since = None if oldest == -math.inf else from_epoch(oldest)
        return sorted(found, key=_created, reverse=True), since

    def put(self, jobs: Sequence[SnapshotJob]) -> None:
        """Store jobs that another call returned."""
        with self._lock:
            self._jobs.update({job.id: job for job in jobs})

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One thread at a time; its failure is also that of all threads that waited for the result."""
        seen = self._failures
        with self._lock:
            if self._failed is not None and self._failures != seen:
                raise self._failed
            try:
                yield
            except NotFound:
                raise
            except CallFailed as failed:
                self._failed, self._failures = failed, self._failures + 1
                raise

    def _query(self, job_id: str) -> SnapshotJob:
        answer = self._api.query([job_id])
        for job in answer.jobs:
            if job.id == job_id:
                self._jobs[job_id] = job
                return job
        raise NotFound("QuerySnapshotJobList", f"job {job_id} does not exist", at=answer.at)

    def _read_around(self, created: datetime) -> None:
        moment = created.timestamp()
        if not self._ranges:
            self._store(self._api.list_jobs(), None, moment, pages=1)
        if not any(known.covers(moment) for known in self._ranges):
            until = from_epoch(min(moment + HEADROOM, *self._older_ends(moment)))
            self._store(self._api.list_jobs(until=until), until, moment, pages=PAGES_FOR_ONE)

    def _older_ends(self, moment: float) -> list[float]:
        """The older ends of the ranges that are newer than a time."""
        return [known.oldest for known in self._ranges if moment <= known.oldest] or [math.inf]

    def _read_back_to_the_horizon(self) -> None:
        first = self._api.list_jobs()
        self._horizon = (first.at - ADOPTED_WITHIN).timestamp()
        self._store(first, None, self._horizon, pages=math.inf)

    def _store(self, page: Page, until: datetime | None, back_to: float, pages: float) -> None:
        """Store a page and those after it, until one reaches back far enough."""
        seen: set[str] = set()
        while True:
            self.put(page.jobs)
            oldest = min(map(_created, page.jobs), default=-math.inf) if page.next_token else -math.inf
            token, pages = page.next_token, pages - 1
            if token is None or token in seen or oldest < back_to or pages <= 0:
                break
            seen.add(token)
            page = self._api.list_jobs(until=until, page_token=token)
        self._ranges.append(TimeRange(until.timestamp() if until else math.inf, oldest))

    def _drop_stale(self, refresh: bool = False) -> None:
        if refresh or self._monotonic() - self._since > FRESH_FOR:
            self._clear()

    def _clear(self) -> None:
        self._jobs: dict[str, SnapshotJob] = {}
        self._ranges: list[TimeRange] = []
        self._horizon = -math.inf
        self._since = self._monotonic()


def _created(job: SnapshotJob) -> float:
    return job.creation_time.timestamp() if job.creation_time else math.inf


IDS_PER_CALL = 10
"""Ids that QuerySnapshotJobList takes at most."""
FIRST_INTERVAL, LATER_INTERVAL = 0.5, 3.0
"""Seconds between two polls: many jobs end within seconds, and one that does not can wait."""
FIRST_SECONDS = 20.0
"""How long a job is polled at the first interval."""
NOT_LISTED_YET = 15.0
"""Seconds for which a new job may be unknown; how soon one can be queried is not documented."""


class JobPoller:
    """The jobs that threads wait for, and the results of the last poll."""

    def __init__(
        self,
        api: JobQueries,
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
