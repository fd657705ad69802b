"""The videos in the emulator's storage, and what the second implementation sees in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.frame_truth.checked_jobs import CheckedJobs
from emulator.frame_truth.job_runner import JobRunner
from emulator.frame_truth.videos import videos
from support.emulator import Emulator

AT_ONCE = {"queuedSeconds": 0, "runningSeconds": 0, "syncSeconds": 0}


@pytest.fixture(scope="session")
def made_videos() -> dict[str, bytes]:
    return videos()


@pytest.fixture(scope="module")
def jobs(
    shared_emulator: Emulator, made_videos: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CheckedJobs]:
    """The emulator's own sample and the generated videos. One state for a module: each job has its folder."""
    shared_emulator.reset()
    shared_emulator.request("PUT", "/jobs/pace", AT_ONCE)
    runner = JobRunner(shared_emulator.environment, tmp_path_factory.mktemp("empty-home"))
    yield CheckedJobs.upload(runner, made_videos)
    shared_emulator.reset()
