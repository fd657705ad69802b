"""The actions: each reads its parameters and works on the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from videosnap_emulator.alibaba_mps import listing
from videosnap_emulator.alibaba_mps.answers import job_answer, moment, wrapped
from videosnap_emulator.alibaba_mps.book import Book
from videosnap_emulator.alibaba_mps.config import CannotCut, Shots
from videosnap_emulator.alibaba_mps.errors import failure_status, gateway_error, missing, service_error
from videosnap_emulator.alibaba_mps.jobs import Job
from videosnap_emulator.alibaba_mps.models import Submission, read_submission, read_uuid
from videosnap_emulator.alibaba_mps.parameters import whole
from videosnap_emulator.alibaba_mps.pipelines import STATES
from videosnap_emulator.alibaba_mps.processing import Processing, not_found
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.tasks import Json
from videosnap_emulator.wire import ApiError
from videosnap_emulator.world import World

#: Time that a synchronous job may take; newer pages say 5 s, older ones 6.
# assumption: mps-sync-limit
SYNC_LIMIT_MS: Milliseconds = 5000
_PAGE_SIZES = range(1, 101)
Parameters = Mapping[str, str]


class Actions:
    """The MPS actions; `new_id` makes ids and tokens of 32 hexadecimal digits."""

    def __init__(self, world: World, processing: Processing, new_id: Callable[[], str]):
        self._world, self._processing, self._new_id = world, processing, new_id
        self._by_name: dict[str, Callable[[Parameters], Json]] = {
            "SubmitSnapshotJob": self.submit_snapshot_job,
            "QuerySnapshotJobList": self.query_snapshot_job_list,
            "CancelJob": self.cancel_job,
            "SearchPipeline": self.search_pipeline,
            "QueryPipelineList": self.query_pipeline_list,
        }

    def named(self, action: str) -> Callable[[Parameters], Json]:
        """Find an action, or raise the gateway's error."""
        if action not in self._by_name:
            raise gateway_error("InvalidApi.NotFound")
        return self._by_name[action]

    def submit_snapshot_job(self, parameters: Parameters) -> Json:
        """SubmitSnapshotJob: asynchronous jobs are queued, synchronous ones are done at once."""
        asked = read_submission(parameters, self._processing.darkroom.readings)
        with self._world.at_now() as (state, _):
            _check_pipeline(state.book, asked.pipeline_id)
            sync = state.book.pace.sync
        return self._queue(asked) if asked.config.asynchronous else self._take_now(asked, sync)

    def _job(self, asked: Submission, book: Book, now: Milliseconds) -> Job:
        return Job(
            number=book.last_number + 1,
            job_id=self._new_id(),
            input=asked.input,
            config=asked.config,
            created=now,
            echo_input=asked.echo_input,
            echo_config=asked.echo_config,
            pipeline_id=asked.pipeline_id,
            user_data=asked.user_data,
        )

    def _queue(self, asked: Submission) -> Json:
        with self._world.at_now() as (state, now):
            job = self._job(asked, state.book, now)
            state.book.add(job)
            state.book.plan(job, now)
            # assumption: mps-state-after-submit
            return {"SnapshotJob": job_answer(job)}

    def _take_now(self, asked: Submission, sync: Milliseconds) -> Json:
        """Take one picture before the answer; nothing stays behind of a job that fails."""
        # assumption: mps-sync-failure
        if sync > SYNC_LIMIT_MS:
            raise service_error("SnapshotTimeOut")
        shots = self._shots(asked)
        with self._world.at_now() as (state, now):
            job = self._job(asked, state.book, now)
            self._processing.write(job, shots, now)
            job.succeed(now, shots)
            state.book.add(job)
            return {"SnapshotJob": job_answer(job)}

    def _shots(self, asked: Submission) -> Shots:
        room = self._processing.darkroom
        try:
            return room.develop(room.expose(asked.config, asked.input))
        except KeyError:
            raise not_found("InputFile") from None
        except CannotCut as failure:
            raise ApiError(failure.code, failure_status(failure.code), failure.message) from failure

    def query_snapshot_job_list(self, parameters: Parameters) -> Json:
        """QuerySnapshotJobList: by ids, or page by page."""
        ids = parameters.get("SnapshotJobIds", "")
        wanted = listing.read_ids(ids, "SnapshotJobIds") if ids else []
        with self._world.at_now() as (state, _):
            if ids:
                jobs, unknown = listing.by_ids(state.book, wanted)
                return _jobs(jobs) | (
                    {"NonExistSnapshotJobIds": wrapped("String", unknown)} if unknown else {}
                )
            page = listing.page(state.book, parameters, self._new_id())
            return _jobs(page.jobs) | ({"NextPageToken": page.token} if page.token else {})

    def cancel_job(self, parameters: Parameters) -> Json:
        """CancelJob: cancels transcoding jobs, of which this emulator has none."""
        if not parameters.get("JobId"):
            raise missing("JobId")
        read_uuid(parameters["JobId"], "JobId")
        # assumption: mps-cancel
        raise not_found("JobId")

    def search_pipeline(self, parameters: Parameters) -> Json:
        """SearchPipeline: all pipelines, page by page."""
        number, size = (
            _whole(parameters, *one) for one in (("PageNumber", 1, 1 << 31), ("PageSize", 10, 100))
        )
        wanted = parameters.get("State") or "All"
        if wanted not in ("All", *STATES):
            raise service_error("InvalidParameter", "State")
        with self._world.at_now() as (state, _):
            found = [one for one in state.book.pipelines.values() if wanted in ("All", one.state)]
            shown = [
                one.answer() | {"CreationTime": moment(one.created)}
                for one in found[(number - 1) * size : number * size]
            ]
        counts = {"TotalCount": len(found), "PageNumber": number, "PageSize": size}
        return counts | {"PipelineList": wrapped("Pipeline", shown)}

    def query_pipeline_list(self, parameters: Parameters) -> Json:
        """QueryPipelineList: pipelines by their ids."""
        if not parameters.get("PipelineIds"):
            raise missing("PipelineIds")
        ids = listing.read_ids(parameters["PipelineIds"], "PipelineIds")
        with self._world.at_now() as (state, _):
            known = state.book.pipelines
            shown = [known[one].answer() for one in ids if one in known]
            unknown = [one for one in ids if one not in known]
        nowhere = {"NonExistPids": wrapped("String", unknown)} if unknown else {}
        return {"PipelineList": wrapped("Pipeline", shown)} | nowhere


def _jobs(jobs: list[Job]) -> Json:
    return {"SnapshotJobList": wrapped("SnapshotJob", [job_answer(job) for job in jobs])}


def _check_pipeline(book: Book, pipeline_id: str) -> None:
    # assumption: mps-no-pipeline
    if pipeline_id and pipeline_id not in book.pipelines:
        raise not_found("PipelineId")


def _whole(parameters: Parameters, name: str, default: int, most: int) -> int:
    value = whole(parameters[name], name) if parameters.get(name) else default
    if not 1 <= value <= most:
        raise service_error("InvalidParameter.OutOfRange", name)
    return value
