"""The videos in the emulator's store, and what the second implementation sees in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.emulator import Emulator
from truth.gallery import Gallery
from truth.studio import Studio
from truth.videos import videos

AT_ONCE = {"queuedSeconds": 0, "runningSeconds": 0, "syncSeconds": 0}


@pytest.fixture(scope="session")
def made_videos() -> dict[str, bytes]:
    return videos()


@pytest.fixture(scope="module")
def gallery(
    shared_emulator: Emulator, made_videos: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gallery]:
    """The emulator's own sample and the generated videos. A world for a module: each job has its folder."""
    shared_emulator.reset()
    shared_emulator.request("PUT", "/jobs/pace", AT_ONCE)
    studio = Studio(shared_emulator.environment, tmp_path_factory.mktemp("nobodys-home"))
    yield Gallery.opened(studio, made_videos)
    shared_emulator.reset()
