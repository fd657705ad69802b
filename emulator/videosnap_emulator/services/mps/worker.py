"""Renders snapshots on worker threads, with a cache of inputs and results."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import NamedTuple, TypeVar

from videosnap_emulator.services.mps.models import ObjectRef, Readings, SnapshotConfig, SnapshotResult
from videosnap_emulator.storage.store import Store

#: Input videos and results that are kept for the next job that asks for the same.
_VIDEOS, _RESULTS = 4, 16
_WORKERS = 2
V = TypeVar("V")
#: From a job's settings, the key of its input and the video to all that it writes; raises ApiError.
TakeSnapshots = Callable[[SnapshotConfig, str, bytes, Readings], SnapshotResult]


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

    def close(self) -> None:
        """Cancel what has not begun and wait for the rest."""
        self._pool.shutdown(cancel_futures=True)
