"""The jobs of one account and region, shared by all resources of a process: find, submit, wait."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pulumi_videosnap.alibaba.api import MpsApi, Page, Queried, WorkflowExecutionPage
from pulumi_videosnap.alibaba.auth import Account, find_account
from pulumi_videosnap.alibaba.job_cache import JobCache, JobPoller
from pulumi_videosnap.alibaba.job_token import JobSearch, without_state_tag
from pulumi_videosnap.alibaba.models import SnapshotJob, SubmitSnapshotJobBody
from pulumi_videosnap.alibaba.pending_submissions import QUERY_AGAIN, PendingSubmissions, send_once
from pulumi_videosnap.http.client import ApiClient, shared_client
from pulumi_videosnap.plugin.run import RUN
from pulumi_videosnap.settings import Lookup, no_config
from pulumi_videosnap.storage.bucket import Bucket, open_bucket
from pulumi_videosnap.storage.platforms import Location

WORKFLOW_PAGES = 4
"""Pages of workflow executions that are read, at most: 400 executions."""


class Api(Protocol):
    """The service's actions (`MpsApi`)."""

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob: ...  # noqa: D102
    def query(self, ids: Sequence[str]) -> Queried: ...  # noqa: D102
    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page: ...  # noqa: D102
    def list_workflow_executions(self, page_token: str | None = None) -> WorkflowExecutionPage: ...  # noqa: D102


class Jobs:
    """Finds, submits and waits for jobs; safe to share among threads."""

    def __init__(
        self,
        api: Api,
        pending: PendingSubmissions,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._pending = pending
        self._sleep = sleep
        self._cache = JobCache(api, monotonic)
        self._poller = JobPoller(api, monotonic, sleep)

    def by_owner(self, owner: str, wanted: JobSearch, progress: Callable[[str], None]) -> list[SnapshotJob]:
        """The jobs of the last 72 hours with an owner's tag in their UserData, newest first.

        When this machine was just submitting the wanted job, the query repeats until the job is listed or was
        certainly not submitted.
        """
        found, key = self._cache.by_owner(owner), without_state_tag(wanted.token)
        while self._pending.may_be_in_flight(key) and not wanted.adoptable(found):
            progress("an earlier run may just have submitted it: querying again")
            self._sleep(QUERY_AGAIN)
            found = self._cache.by_owner(owner, refresh=True)
        return found

    def submit(self, body: SubmitSnapshotJobBody, earlier: Sequence[SnapshotJob] = ()) -> SnapshotJob:
        """Submit a job, once: when the response is lost, the job is queried for and never submitted again.

        `earlier` are the owner's jobs that were listed before.
        """
        token = body.user_data or ""
        listed = {job.id for job in earlier}

        def find() -> SnapshotJob | None:
            owned = self._cache.by_owner(token, refresh=True)
            return next((job for job in owned if job.id not in listed), None)

        # A stack has another state tag under the other front.
        key = without_state_tag(token)
        job = send_once(key, lambda: self._api.submit(body), find, self._pending, self._sleep)
        self._cache.put([job])
        return job

    def get(self, job_id: str, created: datetime | None = None) -> SnapshotJob:
        """One job; NotFound when unknown. With the time of submission, many of them cost one call."""
        return self._cache.job(job_id, created)

    def newest(self) -> tuple[list[SnapshotJob], datetime | None]:
        """The newest jobs that the cache holds, newest first, and the time since when it holds all of them.

        The time is None when it holds every job that the service knows.
        """
        return self._cache.newest()

    def workflows(self, job_ids: Collection[str]) -> dict[str, str]:
        """The name of the media workflow by the id of each job that one made; of the jobs that it finds.

        The newest pages of executions are read, until all of the jobs are found.
        """
        found: dict[str, str] = {}
        token: str | None = None
        for _ in range(WORKFLOW_PAGES):
            page = self._api.list_workflow_executions(token)
            made = {activity.job_id: run.name for run in page.executions for activity in run.activity_list}
            found.update({job_id: name for job_id, name in made.items() if job_id in job_ids})
            token = page.next_token
            if token is None or len(found) == len(job_ids):
                break
        return found

    def wait(self, job: SnapshotJob, timeout: float, progress: Callable[[str], None]) -> SnapshotJob:
        """The job once it has ended; TaskUnfinished after `timeout` seconds."""
        ended = self._poller.wait(job, timeout, progress)
        self._cache.put([ended])
        return ended


@dataclass(frozen=True)
class OpenAccount:
    """An account in one region: its jobs, and its buckets by name."""

    jobs: Jobs
    bucket: Callable[[str], Bucket]


def open_account(profile: str | None, location: str, config: Lookup = no_config) -> OpenAccount:
    """The account that `find_account` finds; its jobs are shared by all threads of the process."""
    account = find_account(profile, location, config=config)
    with _opening:
        jobs = _jobs(account, shared_client())
    return OpenAccount(jobs, functools.partial(bucket_of, account, config=config))


_opening = threading.Lock()


@functools.lru_cache(maxsize=16)
def _jobs(account: Account, client: ApiClient) -> Jobs:
    api = MpsApi(account, client)
    return Jobs(api, api.pending, sleep=RUN.sleep)


def bucket_of(
    account: Account, bucket: str, *, env: Lookup = os.environ.get, config: Lookup = no_config
) -> Bucket:
    """A bucket in the account's region, at the configured endpoint or else the public one."""
    location = Location("oss", bucket, account.region)
    return open_bucket(location, credentials=account.credentials, env=env, config=config)
