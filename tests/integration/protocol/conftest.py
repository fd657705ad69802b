"""The service, and a plugin that finds it."""

from collections.abc import Iterator

import pytest

from integration.protocol.fake_rtc import KEYS, FakeRtc, documented, surroundings
from support.plugin import FRONTS, Plugin, running_plugin


@pytest.fixture(scope="module")
def service() -> Iterator[FakeRtc]:
    with FakeRtc() as service:
        yield service


@pytest.fixture
def rtc(service: FakeRtc) -> Iterator[FakeRtc]:
    """The service, as documented, with no request so far."""
    service.requests.clear()
    yield service
    service.behaviour = documented


@pytest.fixture(scope="module", params=FRONTS)
def front(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def plugin(
    service: FakeRtc, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, front: str
) -> Iterator[Plugin]:
    """One plugin for a file: one run of the engine, with the budget that the file asks for."""
    budget = getattr(request.module, "CALL_BUDGET", "20")
    home = tmp_path_factory.mktemp("home")
    environment = surroundings(service, home, **KEYS, VIDEOSNAP_CALL_BUDGET=budget)
    with running_plugin(environment, front=front) as plugin:
        yield plugin
