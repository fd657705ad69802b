"""What happens to snapshot jobs and when: submitting, planning, running, writing the objects."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from videosnap_emulator.core.clock import Milliseconds, as_datetime, rfc3339
from videosnap_emulator.core.persistence import WriteError
from videosnap_emulator.core.scheduler import Event, Scheduler
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.media.video import check_media
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.models import (
    Job,
    JobState,
    ObjectRef,
    OutputObject,
    Readings,
    SnapshotConfig,
    SnapshotResult,
)
from videosnap_emulator.services.mps.requests import SubmitRequest
from videosnap_emulator.services.mps.state import MpsState
from videosnap_emulator.storage.store import NoSuchBucketError, Store

#: Input videos and results that are kept for the next job that asks for the same.
_VIDEOS, _RESULTS = 4, 16
_WORKERS = 2
V = TypeVar("V")
#: From a job's settings, the key of its input and the video to all that it writes; raises ApiError.
TakeSnapshots = Callable[[SnapshotConfig, str, bytes, Readings], SnapshotResult]
#: Events of a job.
JOB_START, JOB_END = 0, 1
#: Time that a synchronous job may take; newer pages say 5 s, older ones 6.
# assumption: mps-sync-limit
SYNC_LIMIT_MS: Milliseconds = 5000
_LOG = logging.getLogger("videosnap_emulator.mps")


class _LruCache:
    """The last few values by their keys."""

    def __init__(self, size: int):
        self._size = size
        self._lock = Lock()
        self._values: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Return the value, made now if it is not there; two threads may make the same one."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value


class JobInput(NamedTuple):
    """A job's input at the moment the job begins: later changes of the object do not matter."""

    config: SnapshotConfig
    source: ObjectRef
    etag: str
    video: bytes


class SnapshotWorker:
    """Runs jobs; `readings` are the choices where the vendor's documents contradict each other."""

    def __init__(self, store: Store, take_snapshots: TakeSnapshots, readings: Readings):
        self._store, self._take_snapshots, self.readings = store, take_snapshots, readings
        self._videos, self._results = _LruCache(_VIDEOS), _LruCache(_RESULTS)
        self._pool = ThreadPoolExecutor(_WORKERS, "videosnap-mps")

    def load_input(self, config: SnapshotConfig, source: ObjectRef) -> JobInput:
        """Read the input; KeyError when there is no such bucket or object."""
        etag = self._store.etag(source.bucket, source.key)
        key = source.bucket, source.key, etag
        video = self._videos.get(key, lambda: self._store.get(source.bucket, source.key).body)
        return JobInput(config, source, etag, video)

    def render(self, job: JobInput) -> SnapshotResult:
        """Take the frames now."""
        key = job.config, job.source.bucket, job.source.key, job.etag
        return self._results.get(
            key, lambda: self._take_snapshots(job.config, job.source.key, job.video, self.readings)
        )

    def submit(self, job: JobInput) -> Future[SnapshotResult]:
        """Take the frames on a worker thread."""
        return self._pool.submit(self.render, job)

    def probe(self, source: ObjectRef) -> Future[None]:
        """Read an input on a worker thread: KeyError without one, VideoError if it is not a media file."""
        return self._pool.submit(lambda: check_media(self._store.get(source.bucket, source.key).body))

    def close(self) -> None:
        """Cancel what has not begun and wait for the rest."""
        self._pool.shutdown(cancel_futures=True)


class MpsBackend:
    """Runs jobs on the emulated clock; frames are taken by the worker, beside the scheduler's lock.

    `name` is the service's, for its events.
    """

    def __init__(
        self, name: str, scheduler: Scheduler, state: MpsState, worker: SnapshotWorker, store: Store
    ):
        self._name, self._scheduler, self._state = name, scheduler, state
        self.worker, self._store = worker, store
        self._running: dict[int, Future[SnapshotResult]] = {}
        #: Called in the transaction in which a job ends, with the moment of its end.
        self.on_end: Callable[[Job, Milliseconds], None] = lambda _job, _at: None

    def restore(self) -> None:
        """Forget running jobs, and enter the events of all jobs; what was running is rendered again."""
        self._running.clear()
        for job in self._state.jobs.values():
            self._add_events(job)

    def submit(self, request: SubmitRequest, job_id: str) -> Job:
        """Queue an asynchronous job; run a synchronous one now."""
        with self._scheduler.transaction() as now:
            self._state.check_pipeline(request.pipeline_id)
            if request.config.asynchronous:
                job = self._new_job(request, job_id, now)
                self.add(job, now)
                # assumption: mps-state-after-submit
                return replace(job)
            sync = self._state.pace.sync
        return self._run_now(request, job_id, sync)

    def _run_now(self, request: SubmitRequest, job_id: str, duration: Milliseconds) -> Job:
        """Take one frame before the response; a job that fails leaves no trace."""
        # assumption: mps-sync-failure
        if duration > SYNC_LIMIT_MS:
            raise service_error("SnapshotTimeOut")
        try:
            result = self.worker.render(self.worker.load_input(request.config, request.input))
        except KeyError:
            raise not_found("InputFile") from None
        with self._scheduler.transaction() as now:
            job = self._new_job(request, job_id, now)
            self._write(job, result, now)
            job.succeed(now, result)
            self._state.notify(job, now)
            self._state.add(job)
            return job

    def _new_job(self, request: SubmitRequest, job_id: str, now: Milliseconds) -> Job:
        return Job(
            number=self._state.last_number + 1,
            job_id=job_id,
            input=request.input,
            config=request.config,
            created=now,
            echo_input=request.echo_input,
            echo_config=request.echo_config,
            pipeline_id=request.pipeline_id,
            user_data=request.user_data,
        )

    def add(self, job: Job, now: Milliseconds) -> None:
        """Queue a job."""
        self._state.add(job)
        self.plan(job, now)

    def plan(self, job: Job, now: Milliseconds) -> None:
        """Set when the job begins or ends: at `now` plus what the pace says."""
        job.start_due = job.end_due = None
        if job.state is JobState.SUBMITTED:
            # assumption: mps-paused
            job.start_due = None if self._state.is_held(job) else now + self._state.pace.queued
        elif not job.over:
            job.end_due = now + self._state.pace.running
        self._state.jobs.touch(job.number)
        self._add_events(job)

    def replan_pipeline(self, pipeline_id: str, now: Milliseconds) -> None:
        """Hold back what waits in a pipeline that was paused, or let it begin."""
        for job in self._state.jobs.values():
            waits = job.state is JobState.SUBMITTED and job.pipeline_id == pipeline_id
            if waits and self._state.is_held(job) is not (job.start_due is None):
                self.plan(job, now)

    def _add_events(self, job: Job) -> None:
        for kind, due in _events(job).items():
            self._scheduler.add(due, self._name, kind, job.number)

    def run_event(self, event: Event, wait: bool) -> bool:
        """Begin or end a job; False when its frames are not ready and the caller does not wait for them."""
        job = self._state.jobs.get(event.id)
        if job is None or _events(job).get(event.kind) != event.due:
            self._running.pop(event.id, None)
            return True
        if event.kind == JOB_START:
            job.state = JobState.SNAPSHOTING
            self._result(job)
            self.plan(job, event.due)
            return True
        if not wait and not self._result(job).done():
            return False
        self._end(job, event.due)
        return True

    def _result(self, job: Job) -> Future[SnapshotResult]:
        """Return the job's result to be, which the worker makes."""
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

    def _end(self, job: Job, at: Milliseconds) -> None:
        """Write what the job took, or let it fail with the vendor's code and message."""
        try:
            result = self._result(job).result()
            self._write(job, result, at)
            job.succeed(at, result)
        except WriteError:  # a full disk, say: the job ends when there is room
            raise
        except ApiError as failure:
            job.fail(at, failure.code, failure.message)
        except Exception:
            _LOG.exception("job %s failed", job.job_id)
            unknown = service_error("InternalError")
            job.fail(at, unknown.code, unknown.message)
        del self._running[job.number]
        self._state.notify(job, at)
        self._state.jobs.touch(job.number)
        self.on_end(job, at)

    def _write(self, job: Job, result: SnapshotResult, at: Milliseconds) -> None:
        """Put the job's objects into the store."""
        for one in result.objects:
            metadata = _metadata(one, job, at)
            try:
                self._store.put(one.bucket, one.key, one.body, one.content_type, metadata, as_datetime(at))
            except NoSuchBucketError:
                sheet = one.kind == "sheet" and job.config.tile_output
                raise not_found("TileOutputFile" if sheet else "OutputFile") from None


def _events(job: Job) -> dict[int, Milliseconds]:
    """Return the job's coming events and when they are due."""
    events = {JOB_START: job.start_due, JOB_END: job.end_due}
    return {kind: due for kind, due in events.items() if due is not None}


def _metadata(one: OutputObject, job: Job, at: Milliseconds) -> dict[str, str]:
    """Tell when the object was made and, of a frame, its place in the video."""
    # Metadata travel in headers, which hold ASCII only.
    metadata = {"captured-at": rfc3339(at), "source-video": quote(job.input.key), "job-id": job.job_id}
    if one.source_ms is not None:
        metadata["source-ms"] = str(one.source_ms)
    if one.source_frame is not None:
        metadata["source-frame"] = str(one.source_frame)
    return metadata
