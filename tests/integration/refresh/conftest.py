"""A stack of one task for each test."""

from __future__ import annotations

import pytest

from integration.refresh.service import Stack, new_stack


@pytest.fixture
def stack() -> Stack:
    return new_stack()
