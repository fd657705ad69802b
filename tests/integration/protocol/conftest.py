"""The vendor, and a plugin that finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.protocol.process import KEYS, Spoken, spoken_plugin, surroundings
from integration.protocol.vendor import Vendor, serving


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def spoken(
    vendor: Vendor, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Spoken]:
    """One plugin for a file: one run of the engine, with the patience that the file asks for."""
    patience = getattr(request.module, "CALL_BUDGET", "20")
    environment = surroundings(
        vendor, tmp_path_factory.mktemp("home"), **KEYS, VIDEOSNAP_CALL_BUDGET=patience
    )
    with spoken_plugin(environment) as spoken:
        yield spoken
