from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.emulator_client import Emulator


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    emulator = Emulator(tmp_path_factory.mktemp("emulator"), "--pace", "manual")
    yield emulator
    emulator.close()


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.send("POST", "/reset")
    return running
