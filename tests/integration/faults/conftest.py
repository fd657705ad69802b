"""Provider processes for every test of faults."""

import contextlib
from collections.abc import Iterator

import pytest

from support.plugin_runs import Forks


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """One process to fork providers from."""
    with contextlib.closing(Forks()) as made:
        yield made
