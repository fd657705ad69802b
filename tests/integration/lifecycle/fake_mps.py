"""A service of jobs in memory: what the pages say, with every call counted and any of them failing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone

from pulumi_videosnap.alibaba.api import Page, Queried, WorkflowExecutionPage
from pulumi_videosnap.alibaba.models import SnapshotJob, SubmitSnapshotJobBody
from pulumi_videosnap.errors import CallFailed

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)


class FakeMps:
    """Jobs that end after so many seconds of a clock which only sleeping moves."""

    def __init__(self, page_size: int = 300, runs_for: float = 0.0) -> None:
        self.made: list[SnapshotJob] = []
        self.calls: list[str] = []
        self.now = 0.0
        self.page_size = page_size
        self.runs_for = runs_for
        self.fail: Callable[[str], CallFailed | None] = lambda action: None
        self._rest: dict[str, list[SnapshotJob]] = {}

    def add(self, *minutes_ago: float, token: str = "", state: str = "Success") -> list[SnapshotJob]:
        jobs = [
            SnapshotJob(
                id=f"{len(self.made) + number:032x}",
                state=state,
                user_data=token,
                creation_time=NOON - timedelta(minutes=ago),
            )
            for number, ago in enumerate(minutes_ago)
        ]
        self.made += jobs
        return jobs

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob:
        self.calls.append("submit")
        [job] = self.add(0, token=body.user_data or "", state="Submitted")
        if failed := self.fail("submit"):
            raise failed
        return job

    def query(self, ids: Sequence[str]) -> Queried:
        self.calls.append(f"query {len(ids)}")
        if failed := self.fail("query"):
            raise failed
        known = {job.id: self._as_now(job) for job in self.made}
        return Queried([known[i] for i in ids if i in known], [i for i in ids if i not in known], NOON)

    def list_jobs(self, *, until: datetime | None = None, page_token: str | None = None) -> Page:
        self.calls.append("list")
        if failed := self.fail("list"):
            raise failed
        jobs = self._rest.pop(page_token) if page_token else self._newest_first(until)
        token = f"page{len(self.calls)}" if len(jobs) > self.page_size else None
        if token:
            self._rest[token] = jobs[self.page_size :]
        return Page([self._as_now(job) for job in jobs[: self.page_size]], token, NOON)

    def list_workflow_executions(self, page_token: str | None = None) -> WorkflowExecutionPage:
        return WorkflowExecutionPage([], page_token)

    def _newest_first(self, until: datetime | None) -> list[SnapshotJob]:
        chosen = [job for job in self.made if until is None or _created(job) <= until]
        return sorted(chosen, key=_created, reverse=True)

    def _as_now(self, job: SnapshotJob) -> SnapshotJob:
        over = job.state == "Submitted" and self.now >= self.runs_for
        return job.model_copy(update={"state": "Success", "count": 3}) if over else job

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


def _created(job: SnapshotJob) -> datetime:
    assert job.creation_time is not None
    return job.creation_time
