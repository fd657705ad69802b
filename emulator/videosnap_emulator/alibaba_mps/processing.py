"""What happens to jobs and when. The world calls this under its lock, in the order of what falls due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from urllib.parse import quote

from videosnap_emulator.alibaba_mps.book import Book, JobPace, is_due
from videosnap_emulator.alibaba_mps.config import CannotCut, Shots, SnapshotConfig, Written
from videosnap_emulator.alibaba_mps.darkroom import Darkroom
from videosnap_emulator.alibaba_mps.errors import service_error
from videosnap_emulator.alibaba_mps.jobs import Job, JobState, written_by
from videosnap_emulator.clock import Milliseconds, as_datetime, rfc3339
from videosnap_emulator.rounds import ObjectStore
from videosnap_emulator.schedule import JOB_START, Event
from videosnap_emulator.store import NoSuchBucket
from videosnap_emulator.wire import ApiError

_LOG = logging.getLogger("videosnap_emulator.mps")


def not_found(name: str) -> ApiError:
    """Return the error for an input or output that does not exist."""
    # assumption: mps-not-found
    return service_error("InvalidParameter.ResourceNotFound", name)


class Processing:
    """Runs jobs: begins them, has their pictures taken beside the world, and writes what came out."""

    def __init__(self, store: ObjectStore, darkroom: Darkroom, pace: JobPace):
        self._store, self.darkroom, self.pace = store, darkroom, pace
        self._running: dict[int, Future[Shots]] = {}

    def do(self, event: Event, book: Book, patient: bool) -> bool:
        """Do what fell due; False when its pictures are not ready and the caller will not wait for them."""
        job = book.jobs.get(event.number)
        if job is None or not is_due(event, job):
            self._running.pop(event.number, None)
            return True
        if event.kind == JOB_START:
            self._begin(job, book, event.due)
            return True
        if not patient and not self._result(job).done():
            return False
        self._end(job, event.due)
        book.touch(job)
        return True

    def _begin(self, job: Job, book: Book, at: Milliseconds) -> None:
        job.state = JobState.SNAPSHOTING
        self._result(job)
        book.plan(job, at)

    def _result(self, job: Job) -> Future[Shots]:
        """Return the job's pictures to be; after a restart they are taken anew."""
        if job.number not in self._running:
            self._running[job.number] = self._started(job)
        return self._running[job.number]

    def _started(self, job: Job) -> Future[Shots]:
        try:
            return self.darkroom.begin(self.darkroom.expose(job.config, job.input))
        except KeyError:
            failed: Future[Shots] = Future()
            failed.set_exception(not_found("InputFile"))
            return failed

    def _end(self, job: Job, at: Milliseconds) -> None:
        result = self._result(job)
        del self._running[job.number]
        self.finish(job, at, result.result)

    def finish(self, job: Job, at: Milliseconds, develop: Callable[[], Shots]) -> None:
        """Write what the job took, or let it fail with the vendor's code and message."""
        try:
            shots = develop()
            self.write(job, shots, at)
            job.succeed(at, shots)
        except (CannotCut, ApiError) as failure:
            job.fail(at, failure.code, failure.message)
        except Exception:
            _LOG.exception("job %s failed", job.job_id)
            unknown = service_error("InternalError")
            job.fail(at, unknown.code, unknown.message)

    def write(self, job: Job, shots: Shots, at: Milliseconds) -> None:
        """Put the job's objects into the store."""
        for kind, place, one in written_by(job.config, shots):
            metadata = _metadata(one, job, at)
            try:
                self._store.put(place.bucket, one.key, one.body, one.content_type, metadata, as_datetime(at))
            except NoSuchBucket:
                raise not_found(_name_of(kind, job.config)) from None

    def forget_all(self) -> None:
        """Give up everything under way: the world starts over."""
        self._running.clear()


def _name_of(kind: str, config: SnapshotConfig) -> str:
    return "TileOutputFile" if kind == "sheet" and config.tile_output else "OutputFile"


def _metadata(one: Written, job: Job, at: Milliseconds) -> dict[str, str]:
    """Say when the object was made and, of a picture, which frame of which video it shows."""
    # Metadata travel in headers, which hold ASCII only.
    told = {"captured-at": rfc3339(at), "source-video": quote(job.input.key), "job-id": job.job_id}
    if one.source_ms is not None:
        told["source-ms"] = str(one.source_ms)
    if one.source_frame is not None:
        told["source-frame"] = str(one.source_frame)
    return told
