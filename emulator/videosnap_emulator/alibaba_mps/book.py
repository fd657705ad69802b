"""What the emulator knows of MPS: jobs, pipelines, the jobs' pace, and what of it has to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from videosnap_emulator.alibaba_mps.jobs import Job, JobState
from videosnap_emulator.alibaba_mps.pipelines import PAUSED, Pipeline, default_pipeline
from videosnap_emulator.alibaba_mps.tokens import Tokens
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.schedule import JOB_END, JOB_START, Event

#: How many ended jobs are remembered.
# assumption: mps-retention
MAXIMUM_ENDED = 5000


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


@dataclass
class Changes:
    """What has to be kept: numbers of jobs, ids of pipelines."""

    jobs: set[int] = field(default_factory=set)
    dropped: set[int] = field(default_factory=set)
    pipelines: set[str] = field(default_factory=set)


@dataclass
class Book:
    """All jobs by their numbers, and what they depend on. `planned` are events not yet in the schedule."""

    pace: JobPace = field(default_factory=JobPace)
    jobs: dict[int, Job] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    last_number: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    planned: list[Event] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def fresh(cls, pace: JobPace, now: Milliseconds) -> Book:
        """Return the book of a new account: no job, the default pipeline."""
        book = cls(pace)
        book.put_pipeline(default_pipeline(now))
        return book

    def add(self, job: Job) -> None:
        """Enter a job."""
        self.jobs[job.number] = job
        self._numbers[job.job_id] = job.number
        self.last_number = max(self.last_number, job.number)
        self.touch(job)

    def find(self, job_id: str) -> Job | None:
        """Return the job of that id."""
        return self.jobs.get(self._numbers.get(job_id, 0))

    def newest(self) -> Iterator[Job]:
        """Give all jobs, the latest first."""
        return reversed(self.jobs.values())

    def touch(self, job: Job) -> None:
        """Note that the job changed."""
        self.changes.jobs.add(job.number)

    def forget(self, job: Job) -> None:
        """Drop a job as if it had never been."""
        del self.jobs[job.number], self._numbers[job.job_id]
        self.changes.dropped.add(job.number)

    def prune(self) -> None:
        """Forget the oldest ended jobs beyond `MAXIMUM_ENDED`."""
        if len(self.jobs) <= MAXIMUM_ENDED:
            return
        ended = [job for job in self.jobs.values() if job.over]
        for job in ended[: max(0, len(ended) - MAXIMUM_ENDED)]:
            self.forget(job)

    def put_pipeline(self, pipeline: Pipeline) -> None:
        """Enter a pipeline, or note that it changed."""
        self.pipelines[pipeline.pipeline_id] = pipeline
        self.changes.pipelines.add(pipeline.pipeline_id)

    def drop_pipeline(self, pipeline_id: str) -> None:
        """Remove a pipeline; its jobs go on."""
        del self.pipelines[pipeline_id]
        self.changes.pipelines.add(pipeline_id)

    def holds_back(self, job: Job) -> bool:
        """Say whether the job's pipeline is paused."""
        pipeline = self.pipelines.get(job.pipeline_id)
        return pipeline is not None and pipeline.state == PAUSED

    def plan(self, job: Job, now: Milliseconds) -> None:
        """Work out when the job begins or ends, at `now` plus what the pace says."""
        if job.over:
            job.start_due = job.end_due = None
        elif job.state is JobState.SUBMITTED:
            # assumption: mps-paused
            job.start_due, job.end_due = (None if self.holds_back(job) else now + self.pace.queued), None
        else:
            job.start_due, job.end_due = None, now + self.pace.running
        self.touch(job)
        self.planned += events_of(job)

    def all_events(self) -> list[Event]:
        """Return what all jobs have coming."""
        return [event for job in self.jobs.values() for event in events_of(job)]

    def replan_pipeline(self, pipeline_id: str, now: Milliseconds) -> None:
        """Hold back what waits in a pipeline that was paused, or let it begin."""
        for job in self.jobs.values():
            waits = job.state is JobState.SUBMITTED and job.pipeline_id == pipeline_id
            if waits and self.holds_back(job) is not (job.start_due is None):
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
    """Return what a job has coming."""
    times = ((job.start_due, JOB_START), (job.end_due, JOB_END))
    return [Event(due, kind, job.number) for due, kind in times if due is not None]


def is_due(event: Event, job: Job | None) -> bool:
    """Say whether the job still plans this event."""
    return job is not None and event in events_of(job)
