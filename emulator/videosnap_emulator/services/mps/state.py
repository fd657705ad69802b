"""What the emulator knows of MPS: jobs, pipelines, how long jobs take, and the pages of listings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.schedule import JOB_END, JOB_START, Event
from videosnap_emulator.services.mps.errors import service_error
from videosnap_emulator.services.mps.models import PAUSED, Job, JobState, Pipeline, default_pipeline
from videosnap_emulator.services.mps.requests import JobQuery

#: How many ended jobs are remembered.
# assumption: mps-retention
MAX_ENDED = 5000
_MAX_TOKENS = 10_000


@dataclass(frozen=True)
class JobPace:
    """How long jobs take in emulated time (ms): waiting, running, and, for synchronous jobs, the call."""

    queued: Milliseconds = 500
    running: Milliseconds = 500
    sync: Milliseconds = 200

    @classmethod
    def of(cls, seconds: float) -> JobPace:
        """Return the pace of jobs that end so many seconds after their submission, half of it waiting."""
        total = round(seconds * 1000)
        return cls(total // 2, total - total // 2)


class JobPage(NamedTuple):
    """Some jobs, and the token of the next page when there is one."""

    jobs: list[Job]
    token: str = ""


@dataclass
class Changes:
    """What has to be persisted: numbers of jobs, ids of pipelines."""

    jobs: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    pipelines: set[str] = field(default_factory=set)


@dataclass
class MpsState:
    """All jobs by their numbers, and what they depend on.

    `planned` are events not yet in the schedule. `page_tokens` tell where the pages that were announced begin:
    below the number of the last job shown. Numbers only rise, so jobs that are submitted in between move
    nothing.
    """

    pace: JobPace = field(default_factory=JobPace)
    jobs: dict[int, Job] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    last_number: int = 0
    page_tokens: OrderedDict[str, int] = field(default_factory=OrderedDict)
    planned: list[Event] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def fresh(cls, pace: JobPace, now: Milliseconds) -> MpsState:
        """Return the state of a new account: no job, the default pipeline."""
        state = cls(pace)
        state.put_pipeline(default_pipeline(now))
        return state

    def add(self, job: Job) -> None:
        """Add a job."""
        self.jobs[job.number] = job
        self._numbers[job.job_id] = job.number
        self.last_number = max(self.last_number, job.number)
        self.touch(job)

    def find(self, job_id: str) -> Job | None:
        """Return the job of that id."""
        return self.jobs.get(self._numbers.get(job_id, 0))

    def newest(self) -> Iterator[Job]:
        """Iterate over all jobs, the latest first."""
        return reversed(self.jobs.values())

    def by_ids(self, ids: list[str]) -> tuple[list[Job], list[str]]:
        """Return the jobs of these ids, the latest first, and the ids that are unknown."""
        # assumption: mps-id-order
        found = {one: job for one in ids if (job := self.find(one))}
        return sorted(found.values(), key=lambda job: -job.number), [one for one in ids if one not in found]

    def page(self, query: JobQuery, new_token: str) -> JobPage:
        """Return one page, the latest job first; `new_token` stands for the next one."""
        below = self._page_start(query.page_token)
        matching = (
            job
            for job in self.newest()
            if (below is None or job.number < below) and query.filter.matches(job)
        )
        jobs = list(islice(matching, query.page_size + 1))
        if len(jobs) <= query.page_size:
            return JobPage(jobs)
        # assumption: mps-page-token
        self.page_tokens[new_token] = jobs[query.page_size - 1].number
        while len(self.page_tokens) > _MAX_TOKENS:
            self.page_tokens.popitem(last=False)
        return JobPage(jobs[: query.page_size], new_token)

    def _page_start(self, token: str) -> int | None:
        if token and token not in self.page_tokens:
            raise service_error("InvalidParameter", "NextPageToken")
        return self.page_tokens.get(token)

    def touch(self, job: Job) -> None:
        """Note that the job changed."""
        self.changes.jobs.add(job.number)

    def forget(self, job: Job) -> None:
        """Drop a job as if it had never been."""
        del self.jobs[job.number], self._numbers[job.job_id]
        self.changes.dropped.add(job.number)

    def prune(self) -> None:
        """Forget the oldest ended jobs beyond `MAX_ENDED`."""
        if len(self.jobs) <= MAX_ENDED:
            return
        ended = [job for job in self.jobs.values() if job.over]
        for job in ended[: max(0, len(ended) - MAX_ENDED)]:
            self.forget(job)

    def put_pipeline(self, pipeline: Pipeline) -> None:
        """Add a pipeline, or note that it changed."""
        self.pipelines[pipeline.pipeline_id] = pipeline
        self.changes.pipelines.add(pipeline.pipeline_id)

    def drop_pipeline(self, pipeline_id: str) -> None:
        """Remove a pipeline; its jobs go on."""
        del self.pipelines[pipeline_id]
        self.changes.pipelines.add(pipeline_id)

    def is_held(self, job: Job) -> bool:
        """Return whether the job's pipeline is paused."""
        pipeline = self.pipelines.get(job.pipeline_id)
        return pipeline is not None and pipeline.state == PAUSED

    def plan(self, job: Job, now: Milliseconds) -> None:
        """Set when the job begins or ends: at `now` plus what the pace says."""
        job.start_due = job.end_due = None
        if job.state is JobState.SUBMITTED:
            # assumption: mps-paused
            job.start_due = None if self.is_held(job) else now + self.pace.queued
        elif not job.over:
            job.end_due = now + self.pace.running
        self.touch(job)
        self.planned += events_of(job)

    def all_events(self) -> list[Event]:
        """Return the coming events of all jobs."""
        return [event for job in self.jobs.values() for event in events_of(job)]

    def replan_pipeline(self, pipeline_id: str, now: Milliseconds) -> None:
        """Hold back what waits in a pipeline that was paused, or let it begin."""
        for job in self.jobs.values():
            waits = job.state is JobState.SUBMITTED and job.pipeline_id == pipeline_id
            if waits and self.is_held(job) is not (job.start_due is None):
                self.plan(job, now)

    def set_pace(self, **milliseconds: Milliseconds) -> None:
        """Change the pace of what is planned from now on."""
        self.pace = replace(self.pace, **milliseconds)

    def take_planned(self) -> list[Event]:
        """Return the events planned since the last time."""
        planned, self.planned = self.planned, []
        return planned

    def take_changes(self) -> Changes:
        """Return what changed and start a new list."""
        changes, self.changes = self.changes, Changes()
        return changes


def events_of(job: Job) -> list[Event]:
    """Return the job's coming events."""
    times = ((job.start_due, JOB_START), (job.end_due, JOB_END))
    return [Event(due, kind, job.number) for due, kind in times if due is not None]
