"""Stacks of snapshot tasks, driven by the small engine against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.lifecycle import SnapshotTaskLifecycle
from support.emulator import Emulator
from support.miniengine import MiniEngine
from support.story import Story


@pytest.fixture
def story(emulator: Emulator, app: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Story]:
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VIDEOSNAP_QUOTA_DIR", str(tmp_path))
    stack = MiniEngine(
        lambda host: SnapshotTaskLifecycle(
            host, lambda profile: connect(profile, host.config), sleep=lambda seconds: None
        )
    )
    told = Story(stack, emulator, app)
    yield told
    assert told.told, "every story ends with `ends_settled`"
