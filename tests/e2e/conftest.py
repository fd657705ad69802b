"""Projects that the real engine runs against the emulator."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from support.cli import Project
from support.data import read
from support.emulator import Emulator
from support.jobs import job_inputs
from support.plugin import FRONTS
from support.sampling import sample

AT_ONCE = {"queuedSeconds": 0, "runningSeconds": 0}
_SPELLING = {"snapshotConfig": "snapshot_config", "waitFor": "wait_for", "onDelete": "on_delete"}


class Stack(Project):
    """A project whose program declares the tasks and jobs that it is given."""

    def __init__(self, folder: Path, emulator: Emulator, app: str) -> None:
        super().__init__(
            folder, read("programs/tasks_and_jobs.txt"), {**emulator.environment, "TASKS": "{}", "JOBS": "{}"}
        )
        self.emulator = emulator
        self.app = app

    def declare(self, **tasks: dict[str, Any]) -> None:
        """Tasks by name, each in a room of that name, with changes of the usual settings."""
        usual = {
            "app_id": self.app,
            "image_config": {"interval": 5},
            "storage_config": {"tos_config": {"account_id": "2100000000", "bucket": "frames"}},
        }
        declared = {name: {**usual, "room_id": name, **changes} for name, changes in tasks.items()}
        self.environment["TASKS"] = json.dumps(declared)

    def declare_jobs(self, **jobs: dict[str, Any]) -> None:
        """Jobs by name, with changes of the usual settings."""
        declared = {}
        for name, changes in jobs.items():
            inputs = job_inputs(name, **changes)
            del inputs["owner"]
            declared[name] = {_SPELLING.get(key, key): value for key, value in inputs.items()}
        self.environment["JOBS"] = json.dumps(declared)

    def path(self, name: str) -> str:
        """A task's id, which is also its path in the control API."""
        return f"{self.app}/{name}/stories.dev.{name}"

    def rooms(self) -> list[str]:
        """The rooms in which a task runs."""
        return sorted(task["roomId"] for task in self.emulator.running(self.app))

    def calls(self, after: int) -> dict[str, list[str]]:
        """The names of the calls since one, by room."""
        found: dict[str, list[str]] = defaultdict(list)
        for call in self.emulator.calls(after):
            found[call["summary"].get("RoomId", "")].append(call["action"])
        return found

    def submitted(self) -> list[dict[str, Any]]:
        """The jobs that the service knows, newest first."""
        jobs: list[dict[str, Any]] = self.emulator.request("GET", "/jobs")["jobs"]
        return jobs

    def ends(self) -> None:
        """Nothing has drifted and nothing is left to do; after `destroy` nothing runs."""
        self.up("--refresh", "--expect-no-changes").ok()
        self.destroy().ok()
        assert self.rooms() == []


@pytest.fixture
def front() -> str:
    """The front of a test's stack; a module that is for both says so."""
    return "dynamic"


@pytest.fixture(params=sample(FRONTS, 0.5))
def sampled_front(request: pytest.FixtureRequest) -> str:
    """One of the fronts, by the seed, both with --sweep: `front` in a module that is for both."""
    found: str = request.param
    return found


@pytest.fixture
def stack(tmp_path: Path, emulator: Emulator, app: str, front: str) -> Stack:
    """An empty stack of tasks and jobs, in a world in which jobs end at once."""
    emulator.request("PUT", "/jobs/pace", AT_ONCE)
    stack = Stack(tmp_path, emulator, app)
    if front == "native":
        stack.use_native()
    return stack
