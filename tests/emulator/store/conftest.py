"""A store in memory, served, and a boto3 client for it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from support.store_support import ACCESS, SECRET, client
from videosnap_emulator.store import Store


class Clock:
    """The host's clock, for the store: a test may set it ahead."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    opened = Store.open(None, ACCESS, SECRET, now=clock)
    yield opened
    opened.close()


@pytest.fixture
def port(store: Store) -> int:
    return store.serve("127.0.0.1", 0)


@pytest.fixture(params=["default", "when_required"])
def s3(port: int, request: pytest.FixtureRequest) -> Any:
    if request.param == "default":
        return client(port)
    return client(
        port, request_checksum_calculation="when_required", response_checksum_validation="when_required"
    )
