"""A client of the running emulator, a store that is served, and the videos that several tests use."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from emulator.frame_truth.checked_jobs import CheckedJobs
from support.emulator import Emulator
from support.mps_client import Mps
from support.mps_videos import Recipe, make_video
from support.store_support import ACCESS, client
from videosnap_emulator.storage.store import Store


@pytest.fixture
def mps(emulator: Emulator) -> Iterator[Mps]:
    with closing(Mps(emulator)) as client:
        yield client


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendors' clients hand every request to a proxy that is set, one to this machine too."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def plain() -> bytes:
    """60 frames at 25 a second, key frames at 0, 800 and 1600 ms."""
    return make_video(Recipe())


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store.open(None, [ACCESS])) as opened:
        yield opened


@pytest.fixture
def port(store: Store) -> int:
    return store.serve("127.0.0.1", 0)


@pytest.fixture(params=["when_supported", "when_required"])
def s3(port: int, request: pytest.FixtureRequest) -> Any:
    """A client of the store, with checksums that boto3 adds by itself, and without."""
    when = request.param
    return client(port, request_checksum_calculation=when, response_checksum_validation=when)


@pytest.fixture(scope="module")
def jobs(shared_emulator: Emulator) -> Iterator[CheckedJobs]:
    """Jobs on the sample and on generated videos. One state for a module: each job has its folder."""
    shared_emulator.reset()
    pace = {"queuedSeconds": 0, "runningSeconds": 0, "syncSeconds": 0}
    shared_emulator.request("PUT", "/jobs/pace", pace)
    yield CheckedJobs(shared_emulator)
    shared_emulator.reset()
