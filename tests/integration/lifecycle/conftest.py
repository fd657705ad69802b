"""Stacks of snapshot tasks, driven by the engine's model against the emulator."""

from collections.abc import Iterator

import pytest

from support.emulator import Emulator
from support.story import Story, task_engine


@pytest.fixture
def story(emulated: Emulator, app: str) -> Iterator[Story]:
    made = Story(task_engine(), emulated, app)
    yield made
    assert made.ended, "every story ends with `ends_settled`"
