"""A store in memory, served, and a boto3 client for it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from support.store_support import ACCESS, client
from videosnap_emulator.storage.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store.open(None, [ACCESS])) as opened:
        yield opened


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
