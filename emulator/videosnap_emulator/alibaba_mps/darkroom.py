"""Cutting jobs' pictures beside the world: threads of its own, and nothing cut or read twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Protocol, TypeVar

from videosnap_emulator.alibaba_mps.config import ObjectRef, Shots, SnapshotConfig
from videosnap_emulator.alibaba_mps.readings import Readings
from videosnap_emulator.store import StoredObject

#: Input videos and finished jobs that are kept for the next job that asks for the same.
_VIDEOS, _RESULTS = 4, 16
_WORKERS = 2
V = TypeVar("V")


class Cut(Protocol):
    """The cutting half: from a job's settings and its video to all that it writes."""

    def __call__(self, config: SnapshotConfig, input_key: str, video: bytes, readings: Readings) -> Shots:
        """Take the job's pictures, or raise CannotCut."""
        ...


class Inputs(Protocol):
    """What is needed of the store."""

    def etag(self, bucket: str, key: str) -> str:
        """Return what tells an object's contents apart; KeyError when there is none."""
        ...

    def get(self, bucket: str, key: str) -> StoredObject:
        """Return an object."""
        ...


class _Latest:
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


class Exposure:
    """A job's input at the moment the job begins: later changes of the object do not matter."""

    def __init__(self, config: SnapshotConfig, source: ObjectRef, etag: str, video: bytes):
        self.config, self.source, self.etag, self.video = config, source, etag, video

    @property
    def key(self) -> Hashable:
        """What tells two exposures with different outcomes apart."""
        return self.config, self.source.bucket, self.source.key, self.etag


class Darkroom:
    """Develops exposures; `cut` is the cutting half, `readings` its choices where documents disagree."""

    def __init__(self, store: Inputs, cut: Cut, readings: Readings):
        self._store, self._cut, self.readings = store, cut, readings
        self._videos, self._results = _Latest(_VIDEOS), _Latest(_RESULTS)
        self._pool = ThreadPoolExecutor(_WORKERS, "videosnap-darkroom")

    def expose(self, config: SnapshotConfig, source: ObjectRef) -> Exposure:
        """Read the input; KeyError when there is no such bucket or object."""
        etag = self._store.etag(source.bucket, source.key)
        key = source.bucket, source.key, etag
        video = self._videos.get(key, lambda: self._store.get(source.bucket, source.key).body)
        return Exposure(config, source, etag, video)

    def develop(self, exposure: Exposure) -> Shots:
        """Take the pictures now."""
        return self._results.get(exposure.key, lambda: self._develop(exposure))

    def _develop(self, exposure: Exposure) -> Shots:
        return self._cut(exposure.config, exposure.source.key, exposure.video, self.readings)

    def begin(self, exposure: Exposure) -> Future[Shots]:
        """Take the pictures in a thread of the darkroom's own."""
        return self._pool.submit(self.develop, exposure)

    def close(self) -> None:
        """Give up what has not begun and wait for the rest."""
        self._pool.shutdown(cancel_futures=True)
