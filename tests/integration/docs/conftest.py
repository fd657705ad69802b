"""The story that the pages on reviews and drift runs tell, run with the real engine against the emulator."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/integration/docs/" in item.path.as_posix():
            item.add_marker("engine")
