"""The jobs of one account and region, shared by all resources of a process: find, submit, wait for them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol

from pulumi_videosnap.alibaba.api import Page, Queried
from pulumi_videosnap.alibaba.job_cache import Listing
from pulumi_videosnap.alibaba.models import SnapshotJob, State, SubmitSnapshotJobBody
from pulumi_videosnap.alibaba.pending_submissions import Intents
from pulumi_videosnap.alibaba.poller import JobPoller
from pulumi_videosnap.errors import CallFailed, Garbled, ServiceFault, Unreachable

LOOKS_AFTER_A_LOST_ANSWER = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each look for a job whose submission was not answered."""
_MAY_HAVE_ACTED = (Unreachable, ServiceFault, Garbled)
LOOK_AGAIN = 1.0
"""Seconds before another look for a job that a run before this one may just have submitted."""


class JobApi(Protocol):
    """The service's actions (`MpsApi`)."""

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob: ...  # noqa: D102
    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102
    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page: ...  # noqa: D102


class Jobs:
    """Safe to share among threads, which is the point of it."""

    def __init__(
        self,
        api: JobApi,
        intents: Intents,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._intents = intents
        self._sleep = sleep
        self._listing = Listing(api, monotonic)
        self._waiting = JobPoller(api, monotonic, sleep)

    def by_owner(
        self, owner: str, token: str, replaced: str, progress: Callable[[str], None]
    ) -> list[SnapshotJob]:
        """The jobs of the last 72 hours that carry an owner's tag, newest first.

        If this machine was just submitting a job with this token, lists until the job is there, or was surely
        not submitted; `replaced` is the id of an older job that may carry the same token.
        """
        found = self._listing.marked(owner)
        while self._intents.uncertain(token) and not adoptable(found, token, replaced):
            progress("an earlier run may just have submitted it: looking again")
            self._sleep(LOOK_AGAIN)
            found = self._listing.marked(owner, anew=True)
        return found

    def submit(self, body: SubmitSnapshotJobBody, earlier: Sequence[SnapshotJob] = ()) -> SnapshotJob:
        """Submit a job once: after a lost answer it looks for the job and never submits it again.

        `earlier` are the owner's jobs that were there before.
        """
        token = body.user_data or ""
        self._intents.note(token)
        try:
            job = self._api.submit(body)
        except _MAY_HAVE_ACTED:
            found = self._look_for(token, {job.id for job in earlier})
            if found is None:
                raise
            job = found
        except CallFailed:
            self._intents.settle(token)
            raise
        self._intents.settle(token)
        self._listing.note([job])
        return job

    def get(self, job_id: str, created: datetime | None = None) -> SnapshotJob:
        """One job; with the time of its submission, many of them cost one call. NotFound when unknown."""
        return self._listing.job(job_id, created)

    def newest(self) -> tuple[list[SnapshotJob], datetime | None]:
        """The jobs of the pages that were read anyway, newest first, and since when all of them are there.

        The time is None where every job that the service knows was listed.
        """
        return self._listing.newest()

    def wait(self, job: SnapshotJob, timeout: float, progress: Callable[[str], None]) -> SnapshotJob:
        """The job once it has ended; TaskUnfinished after `timeout` seconds."""
        ended = self._waiting.wait(job, timeout, progress)
        self._listing.note([ended])
        return ended

    def _look_for(self, token: str, earlier: Collection[str]) -> SnapshotJob | None:
        for pause in LOOKS_AFTER_A_LOST_ANSWER:
            self._sleep(pause)
            with contextlib.suppress(CallFailed):
                for job in self._listing.marked(token, anew=True):
                    if job.id not in earlier:
                        return job
        return None


def adoptable(found: Sequence[SnapshotJob], token: str, replaced: str) -> SnapshotJob | None:
    """The newest of an owner's jobs, if an earlier create submitted it for the same inputs.

    Not the run that is being replaced, and not one that failed. A newer job may have overwritten the frames
    of an older one, so only the newest counts.
    """
    newest = found[0] if found else None
    if newest is None or newest.id == replaced or newest.state == State.FAIL.value:
        return None
    return newest if newest.user_data == token else None
