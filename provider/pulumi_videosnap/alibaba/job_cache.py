"""The account's jobs as paged lists tell them, shared by all resources of a process.

Asking for one job at a time would cost a call for each. A page holds 300, newest first, so one page
answers for everything that was submitted together; what the pages do not hold is asked for by its id.
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
from pulumi_videosnap.errors import CallFailed, NotFound
from pulumi_videosnap.http.client import utc

FRESH_FOR = 30.0
"""Seconds for which a page is believed."""
ADOPTED_WITHIN = timedelta(hours=72)
"""How far back a job is looked for by its mark; a crash is mended sooner than that."""
HEADROOM = 600.0
"""Seconds. How much later than a job its page begins: what was submitted together is read together."""
PAGES_FOR_ONE = 4
"""Pages read for the sake of one job, before it is asked for by its id."""


class Api(Protocol):
    """The two ways of asking for jobs (`MpsApi`)."""

    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102
    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page: ...  # noqa: D102


@dataclass(frozen=True)
class TimeRange:
    """A stretch of time whose jobs are all known, in seconds since the epoch; the older end is open."""

    newest: float
    oldest: float

    def covers(self, moment: float) -> bool:
        """Whether a job of that moment would be known."""
        return self.oldest < moment <= self.newest


class JobCache:
    """Jobs by id and by their mark. One thread asks, the others wait for its answer."""

    def __init__(self, api: Api, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._failures = 0
        self._failed: CallFailed | None = None
        self._forget()

    def marked(self, mark: str, *, anew: bool = False) -> list[SnapshotJob]:
        """The jobs of the last 72 hours whose UserData holds a mark, newest first; `anew` rereads them."""
        with self._turn():
            self._forget_stale(anew)
            if not any(span.newest == math.inf and span.oldest <= self._horizon for span in self._spans):
                self._read_back_to_the_horizon()
            found = [job for job in self._jobs.values() if mark in (job.user_data or "")]
        return sorted(found, key=_created, reverse=True)

    def job(self, job_id: str, created: datetime | None) -> SnapshotJob:
        """One job, from a page that has it anyway; NotFound only when the service was asked by its id."""
        with self._turn():
            self._forget_stale()
            if job_id not in self._jobs and created is not None:
                self._read_around(created)
            return self._jobs.get(job_id) or self._ask(job_id)

    def newest(self) -> tuple[list[SnapshotJob], datetime | None]:
        """The jobs of the pages from now back, newest first, and since when all of them are there."""
        with self._turn():
            self._forget_stale()
            if not any(span.newest == math.inf for span in self._spans):
                self._take(self._api.list_jobs(), None, math.inf, pages=1)
            oldest = min(span.oldest for span in self._spans if span.newest == math.inf)
            found = [job for job in self._jobs.values() if _created(job) >= oldest]
        since = None if oldest == -math.inf else utc(oldest)
        return sorted(found, key=_created, reverse=True), since

    def note(self, jobs: Sequence[SnapshotJob]) -> None:
        """Keep what was learned of jobs elsewhere."""
        with self._lock:
            self._jobs.update({job.id: job for job in jobs})

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One thread at a time; a failure is that of all who were waiting for the answer."""
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

    def _ask(self, job_id: str) -> SnapshotJob:
        answer = self._api.query([job_id])
        for job in answer.jobs:
            if job.id == job_id:
                self._jobs[job_id] = job
                return job
        raise NotFound("QuerySnapshotJobList", f"job {job_id} does not exist", at=answer.at)

    def _read_around(self, created: datetime) -> None:
        moment = created.timestamp()
        if not self._spans:
            self._take(self._api.list_jobs(), None, moment, pages=1)
        if not any(span.covers(moment) for span in self._spans):
            until = utc(min(moment + HEADROOM, *self._reached_before(moment)))
            self._take(self._api.list_jobs(until=until), until, moment, pages=PAGES_FOR_ONE)

    def _reached_before(self, moment: float) -> list[float]:
        """How far back towards a moment the pages read so far go."""
        return [span.oldest for span in self._spans if moment <= span.oldest] or [math.inf]

    def _read_back_to_the_horizon(self) -> None:
        first = self._api.list_jobs()
        self._horizon = (first.at - ADOPTED_WITHIN).timestamp()
        self._take(first, None, self._horizon, pages=math.inf)

    def _take(self, page: Page, until: datetime | None, back_to: float, pages: float) -> None:
        """Keep a page and those after it, until one reaches back far enough."""
        seen: set[str] = set()
        while True:
            self.note(page.jobs)
            oldest = min(map(_created, page.jobs), default=-math.inf) if page.next_token else -math.inf
            token, pages = page.next_token, pages - 1
            if token is None or token in seen or oldest < back_to or pages <= 0:
                break
            seen.add(token)
            page = self._api.list_jobs(until=until, page_token=token)
        self._spans.append(TimeRange(until.timestamp() if until else math.inf, oldest))

    def _forget_stale(self, anew: bool = False) -> None:
        if anew or self._monotonic() - self._since > FRESH_FOR:
            self._forget()

    def _forget(self) -> None:
        self._jobs: dict[str, SnapshotJob] = {}
        self._spans: list[TimeRange] = []
        self._horizon = -math.inf
        self._since = self._monotonic()


def _created(job: SnapshotJob) -> float:
    return job.creation_time.timestamp() if job.creation_time else math.inf
