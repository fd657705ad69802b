"""What every test may use: one emulator for the whole session, and a private world in it for each test."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from support.browser import headless_chromium
from support.emulator import Emulator, running_emulator

pytest_plugins = ["support.sampling", "support.data", "support.layers", "support.results"]

# A busy machine is slow at everything: how long an example takes says nothing about what is tested.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# The engine of `make engine`, however the tests are started.
os.environ["PATH"] = f"{Path(__file__).parents[1] / '.engine' / 'bin'}{os.pathsep}{os.environ['PATH']}"

# A shell's background job ignores ^C, and so would every process that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What processes of one user share is this test process's own, so that none sees another's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path_factory.mktemp("shared")))
        yield


@pytest.fixture(scope="session")
def shared_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator a session: its own process, its own clock that only tests move."""
    with running_emulator(tmp_path_factory.mktemp("emulator"), "--pace", "manual") as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Iterator[Emulator]:
    """The emulator in its initial world."""
    shared_emulator.reset()
    yield shared_emulator
    shared_emulator.clear_faults()


@pytest.fixture
def emulated(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulator:
    """The emulator, with the environment of a provider in this process that calls it."""
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path / "quota"))
    return emulator


@pytest.fixture
def app() -> str:
    """An AppId that no other test has."""
    return uuid.uuid4().hex[:24]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium a session: Playwright cannot be started twice."""
    with headless_chromium() as chromium:
        yield chromium
