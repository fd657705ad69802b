"""The engine's backends of a team: the same life of a stack on each, with our commands reading its state."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.conftest import Stack
from support.emulator import Emulator
from support.processes import wait_until
from support.servers import running_postgresql
from support.store_support import client_of

BUCKET = "state"
Backend = tuple[str, dict[str, str]]
"""A URL, and the environment that the engine needs for it."""


def _s3(folder: Path, emulator: Emulator) -> Iterator[Backend]:
    names = ("VOLCENGINE_TOS_ENDPOINT", "VOLCENGINE_ACCESS_KEY", "VOLCENGINE_SECRET_KEY")
    endpoint, access, secret = (emulator.environment[name] for name in names)
    store = client_of(emulator.environment, region="cn-north-1")
    store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "cn-north-1"})
    url = f"s3://{BUCKET}?endpoint={endpoint}&s3ForcePathStyle=true&region=cn-north-1"
    quiet = {"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}
    yield url, {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret, **quiet}


def _postgresql(folder: Path, emulator: Emulator) -> Iterator[Backend]:
    with running_postgresql(folder) as server:
        yield f"{server.url.replace('postgresql:', 'postgres:')}?sslmode=disable", {}


def _file(folder: Path, emulator: Emulator) -> Iterator[Backend]:
    (folder / "elsewhere").mkdir()
    yield f"file://{folder / 'elsewhere'}", {}


BACKENDS = {"file": _file, "s3": _s3, "postgresql": _postgresql}


@pytest.fixture(params=BACKENDS)
def shared(request: pytest.FixtureRequest, stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A new stack in a backend."""
    with contextlib.contextmanager(BACKENDS[request.param])(tmp_path, stack.emulator) as (url, environment):
        stack.environment.update({"PULUMI_BACKEND_URL": url, **environment})
        stack.run("stack", "init", "dev").ok()
        yield stack


@pytest.mark.sweep
def test_the_life_of_a_stack_in_each_backend(shared: Stack) -> None:
    stack = shared
    stack.declare(lobby={}, hall={})
    stack.declare_jobs(stills={})
    stack.up().ok()
    assert stack.rooms() == ["hall", "lobby"]
    stack.up("--expect-no-changes").ok()
    stack.declare(lobby={"image_config": {"interval": 7}})
    review = json.loads(stack.videosnap("review", "--json", "--no-measure").ok().output)
    assert {task["name"] for task in review["tasks"]} == {"lobby", "hall"}
    stack.up().ok()
    assert stack.rooms() == ["lobby"]
    stack.emulator.stop(stack.path("lobby"))
    stack.videosnap("drift").exits(1)
    stack.drift().exits(7)
    stack.up("--refresh").ok()
    stack.videosnap("drift").ok()
    stack.emulator.advance(20)
    frames = json.loads(stack.videosnap("frames", "--json").output)
    assert {task["name"] for task in frames["tasks"]} == {"lobby", "stills"}
    stack.up("--expect-no-changes").ok()
    stack.destroy().ok()
    assert (stack.rooms(), stack.tasks()) == ([], [])


@pytest.mark.sweep
def test_a_second_run_waits_for_no_lock_and_says_so(shared: Stack) -> None:
    """Both of two people may run at once: one of them is refused before anything is called."""
    stack = shared
    stack.declare(lobby={})
    stack.emulator.fault("stall-after", "StartSnapshot", seconds=8)
    with stack.running("up", "--yes", "--skip-preview") as first:
        wait_until(lambda: first.poll() is not None or stack.emulator.show("/faults")["faults"][0]["hits"])
        last = stack.emulator.last_call()
        refused = stack.up().exits(1)
        assert "the stack is currently locked by 1 lock" in refused.output
        assert stack.emulator.last_call() == last
        first.communicate(timeout=60)
    stack.up("--expect-no-changes").ok()
    stack.ends()
