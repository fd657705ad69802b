"""A client of the running emulator, and videos that several tests use, made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from platformdirs import user_cache_path

from support.emulator import Emulator
from support.mps_client import Mps
from support.mps_videos import Recipe, make_video
from videosnap_emulator.media.samples import Library


@pytest.fixture
def mps(emulator: Emulator) -> Iterator[Mps]:
    client = Mps(emulator)
    yield client
    client.close()


@pytest.fixture(scope="session")
def sample_video() -> bytes:
    """12 s at 25 frames a second, a key frame every 2 s, B frames."""
    return Library(user_cache_path("videosnap-emulator")).read("camera0")


@pytest.fixture(scope="session")
def plain() -> bytes:
    """60 frames at 25 a second, key frames at 0, 800 and 1600 ms."""
    return make_video(Recipe())
