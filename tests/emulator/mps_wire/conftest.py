from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.emulator_client import Emulator
from support.mps_client import Mps


@pytest.fixture
def mps(emulator: Emulator) -> Iterator[Mps]:
    client = Mps(emulator)
    yield client
    client.close()
