"""What the service knows: jobs, pipelines, how long jobs take, and the pages of listings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import islice
from typing import NamedTuple

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.persistence import Table, maker
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.models import PAUSED, Job, Pipeline, default_pipeline
from videosnap_emulator.services.mps.requests import JobQuery
from videosnap_emulator.services.mps.responses import job_message
from videosnap_emulator.services.mps.workflow_state import WorkflowState

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


class MpsState:
    """The rows, and what is derived from them. All of it is used inside transactions only.

    `flow` is what the service knows of workflows.

    `page_tokens` say where the pages that were announced begin: below the number of the last job shown.
    Numbers only rise, so jobs that are submitted in between move nothing.
    """

    def __init__(self, pace: JobPace, flow: WorkflowState) -> None:
        self.pace, self.flow = pace, flow
        self.jobs: Table[int, Job] = Table("jobs", maker(Job), ("number",))
        self.pipelines: Table[str, Pipeline] = Table("pipelines", maker(Pipeline))
        self._reset()

    def _reset(self) -> None:
        self.last_number = max(self.jobs, default=0)
        self.page_tokens: OrderedDict[str, int] = OrderedDict()
        self._numbers = {job.job_id: job.number for job in self.jobs.values()}

    def metadata(self) -> dict[str, int]:
        """Return the jobs' pace (ms) and the last job's number."""
        pace = {f"job_{one.name}": getattr(self.pace, one.name) for one in fields(JobPace)}
        return {**pace, "last_job": self.last_number}

    def restore(self, metadata: Mapping[str, int], pace: JobPace, epoch: Milliseconds) -> None:
        """Set up what is not in the tables; `pace` is that of a state without one."""
        names = [one.name for one in fields(JobPace)]
        self.pace = JobPace(*(metadata.get(f"job_{name}", getattr(pace, name)) for name in names))
        self._reset()
        self.last_number = max(self.last_number, metadata.get("last_job", 0))
        if not self.pipelines:
            pipeline = default_pipeline(epoch)
            self.pipelines[pipeline.pipeline_id] = pipeline

    def prune(self) -> None:
        """Forget the oldest ended jobs beyond `MAX_ENDED`."""
        if len(self.jobs) <= MAX_ENDED:
            return
        ended = [job for job in self.jobs.values() if job.over]
        for job in ended[: max(0, len(ended) - MAX_ENDED)]:
            self.forget(job)

    def add(self, job: Job) -> None:
        """Add a job."""
        self.jobs[job.number] = job
        self._numbers[job.job_id] = job.number
        self.last_number = max(self.last_number, job.number)

    def find(self, job_id: str) -> Job | None:
        """Return the job of that id."""
        return self.jobs.get(self._numbers.get(job_id, 0))

    def forget(self, job: Job) -> None:
        """Drop a job as if it had never been."""
        del self.jobs[job.number], self._numbers[job.job_id]

    def by_ids(self, ids: list[str]) -> tuple[list[Job], list[str]]:
        """Return the jobs of these ids, the latest first, and the ids that are unknown."""
        # assumption: mps-id-order
        found = {one: job for one in ids if (job := self.find(one))}
        return sorted(found.values(), key=lambda job: -job.number), [one for one in ids if one not in found]

    def page(self, query: JobQuery, new_token: str) -> JobPage:
        """Return one page, the latest job first; `new_token` stands for the next one."""
        below = self._page_start(query.page_token)
        # assumption: mps-workflow-jobs
        hides_runs = self.flow.readings.workflow_jobs == "hidden"
        matching = (
            job
            for job in self.jobs.newest()
            if (below is None or job.number < below)
            and query.filter.matches(job)
            and not (hides_runs and job.run)
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

    def check_pipeline(self, pipeline_id: str) -> None:
        """Raise ApiError for a pipeline that does not exist; an empty id means none."""
        # assumption: mps-no-pipeline
        if pipeline_id and pipeline_id not in self.pipelines:
            raise not_found("PipelineId")

    def notify(self, job: Job, at: Milliseconds) -> None:
        """Send the message at the end of a job: one in a pipeline does, but not one of a workflow's run."""
        pipeline = self.pipelines.get(job.pipeline_id)
        if pipeline and not job.run:
            queue, topic = (str(pipeline.notify.get(name) or "") for name in ("QueueName", "Topic"))
            job.notification = self.flow.send(
                job.job_id.upper(), at, "pipeline", queue, topic, job_message(job)
            )

    def is_held(self, job: Job) -> bool:
        """Return whether the job's pipeline is paused."""
        pipeline = self.pipelines.get(job.pipeline_id)
        return pipeline is not None and pipeline.state == PAUSED
