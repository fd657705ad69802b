"""Stacks of snapshot tasks, driven by the engine's model against the emulator."""

from collections.abc import Iterator

import pytest

from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.engine_model import in_process
from support.story import Story


@pytest.fixture
def story(emulated: Emulator, app: str) -> Iterator[Story]:
    stack = in_process(
        lambda host: SnapshotTaskLifecycle(
            host, lambda profile, **more: connect(profile, host.config, **more), sleep=lambda seconds: None
        )
    )
    made = Story(stack, emulated, app)
    yield made
    assert made.ended, "every story ends with `ends_settled`"
