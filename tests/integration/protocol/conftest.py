"""The rtc, and a plugin that finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.protocol.fake_rtc import FakeRtc
from integration.protocol.process import KEYS, Spoken, spoken_plugin, surroundings


@pytest.fixture(scope="module")
def rtc() -> Iterator[FakeRtc]:
    with FakeRtc() as rtc:
        yield rtc


@pytest.fixture(scope="module")
def spoken(
    rtc: FakeRtc, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Spoken]:
    """One plugin for a file: one run of the engine, with the patience that the file asks for."""
    patience = getattr(request.module, "CALL_BUDGET", "20")
    environment = surroundings(rtc, tmp_path_factory.mktemp("home"), **KEYS, VIDEOSNAP_CALL_BUDGET=patience)
    with spoken_plugin(environment) as spoken:
        yield spoken
