"""Projects that the real engine runs against the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.cli import Project
from support.emulator import Emulator

PROGRAM = """\
import json, os
from pulumi_videosnap import volcengine

for name, inputs in json.loads(os.environ["TASKS"]).items():
    volcengine.SnapshotTask(name, **inputs)
"""

Tasks = dict[str, dict[str, Any]]


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> Project:
    """A project whose program declares the tasks in $TASKS."""
    return Project(tmp_path, PROGRAM, {**emulator.environment, "TASKS": "{}"})


@pytest.fixture
def declare(project: Project, app: str) -> Callable[..., None]:
    """Set what the program declares: one task named `lobby`, unless another name is given."""

    def tasks(name: str = "lobby", **changes: Any) -> None:
        inputs = {
            "app_id": app,
            "room_id": "Room1",
            "task_id": "Task1",
            "image_config": {"interval": 5},
            "storage_config": {"tos_config": {"account_id": "2100000000", "bucket": "frames"}},
        }
        project.environment["TASKS"] = json.dumps({name: {**inputs, **changes}})

    tasks()
    return tasks
