"""What happens to jobs and when. The scheduler calls this under its lock, in the order of what falls due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from urllib.parse import quote

from videosnap_emulator.clock import Milliseconds, as_datetime, rfc3339
from videosnap_emulator.rounds import ObjectStore
from videosnap_emulator.schedule import JOB_START, Event
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.models import Job, JobState, OutputObject, SnapshotResult
from videosnap_emulator.services.mps.requests import SubmitRequest
from videosnap_emulator.services.mps.state import JobPace, MpsState, events_of
from videosnap_emulator.services.mps.worker import SnapshotWorker
from videosnap_emulator.store import NoSuchBucket
from videosnap_emulator.wire import ApiError

_LOG = logging.getLogger("videosnap_emulator.mps")


class MpsBackend:
    """Runs jobs: begins them, has their frames taken by the worker, and writes the objects."""

    def __init__(self, store: ObjectStore, worker: SnapshotWorker, pace: JobPace):
        self._store, self.worker, self.pace = store, worker, pace
        self._running: dict[int, Future[SnapshotResult]] = {}

    def run(self, event: Event, state: MpsState, wait: bool) -> bool:
        """Do what fell due; False when its frames are not ready and the caller does not wait for them."""
        job = state.jobs.get(event.number)
        if job is None or event not in events_of(job):
            self._running.pop(event.number, None)
            return True
        if event.kind == JOB_START:
            job.state = JobState.SNAPSHOTING
            self._future(job)
            state.plan(job, event.due)
            return True
        if not wait and not self._future(job).done():
            return False
        future = self._future(job)
        del self._running[job.number]
        self._finish(job, event.due, future.result)
        state.touch(job)
        return True

    def render_now(self, request: SubmitRequest) -> SnapshotResult:
        """Take the frames of a synchronous job, which is refused when it fails."""
        try:
            return self.worker.render(self.worker.load_input(request.config, request.input))
        except KeyError:
            raise not_found("InputFile") from None

    def _future(self, job: Job) -> Future[SnapshotResult]:
        """Return the job's result to be; after a restart its frames are taken again."""
        if job.number not in self._running:
            self._running[job.number] = self._submit(job)
        return self._running[job.number]

    def _submit(self, job: Job) -> Future[SnapshotResult]:
        try:
            return self.worker.submit(self.worker.load_input(job.config, job.input))
        except KeyError:
            failed: Future[SnapshotResult] = Future()
            failed.set_exception(not_found("InputFile"))
            return failed

    def _finish(self, job: Job, at: Milliseconds, result: Callable[[], SnapshotResult]) -> None:
        """Write what the job took, or let it fail with the vendor's code and message."""
        try:
            self.succeed(job, result(), at)
        except ApiError as failure:
            job.fail(at, failure.code, failure.message)
        except Exception:
            _LOG.exception("job %s failed", job.job_id)
            unknown = service_error("InternalError")
            job.fail(at, unknown.code, unknown.message)

    def succeed(self, job: Job, result: SnapshotResult, at: Milliseconds) -> None:
        """Put the job's objects into the store and end the job."""
        for one in result.objects:
            metadata = _metadata(one, job, at)
            try:
                self._store.put(one.bucket, one.key, one.body, one.content_type, metadata, as_datetime(at))
            except NoSuchBucket:
                sheet = one.kind == "sheet" and job.config.tile_output
                raise not_found("TileOutputFile" if sheet else "OutputFile") from None
        job.succeed(at, result)

    def reset(self) -> None:
        """Give up all running jobs."""
        self._running.clear()


def _metadata(one: OutputObject, job: Job, at: Milliseconds) -> dict[str, str]:
    """Tell when the object was made and, of a frame, its place in the video."""
    # Metadata travel in headers, which hold ASCII only.
    metadata = {"captured-at": rfc3339(at), "source-video": quote(job.input.key), "job-id": job.job_id}
    if one.source_ms is not None:
        metadata["source-ms"] = str(one.source_ms)
    if one.source_frame is not None:
        metadata["source-frame"] = str(one.source_frame)
    return metadata
