"""What the lifecycle of a job needs of an account, and tests stand in for: its jobs, and its buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from pulumi_videosnap.alibaba.job_token import JobSearch
from pulumi_videosnap.alibaba.models import SnapshotJob, SubmitSnapshotJobBody


class Jobs(Protocol):
    """The jobs of one account and region (`alibaba.jobs.Jobs`)."""

    def by_owner(  # noqa: D102
        self, owner: str, wanted: JobSearch, progress: Callable[[str], None]
    ) -> list[SnapshotJob]: ...
    def submit(self, body: SubmitSnapshotJobBody, earlier: Sequence[SnapshotJob]) -> SnapshotJob: ...  # noqa: D102
    def get(self, job_id: str, created: datetime | None) -> SnapshotJob: ...  # noqa: D102
    def wait(self, job: SnapshotJob, timeout: float, progress: Callable[[str], None]) -> SnapshotJob: ...  # noqa: D102


class Bucket(Protocol):
    """One bucket (`storage.bucket.Bucket`)."""

    def missing(self, keys: Iterable[str]) -> Sequence[str]: ...  # noqa: D102
    def delete(self, keys: Iterable[str]) -> None: ...  # noqa: D102


class JobAccount(Protocol):
    """The account and region that one job lives in (`alibaba.account.OpenAccount`)."""

    @property
    def jobs(self) -> Jobs: ...  # noqa: D102
    @property
    def bucket(self) -> Callable[[str], Bucket]: ...  # noqa: D102
