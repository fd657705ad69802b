"""What the tests of the stores share: keys, stores on this machine, and no waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from frames.stores.shelf import Answer, Shelf, serving
from pulumi_videosnap.frames.model import Place
from pulumi_videosnap.frames.store import Store, open_store

KEYS = {"VOLCENGINE_ACCESS_KEY": "AKCANARYACCESS", "VOLCENGINE_SECRET_KEY": "CANARYSECRET"}

Serve = Callable[[Answer], tuple[Store, Shelf]]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    no_time = SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic)
    monkeypatch.setattr("pulumi_videosnap.s3.patience.time", no_time)


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A store that answers so, opened as TOS: our side of it, and the store itself."""
    with ExitStack() as stack:

        def start(answer: Answer) -> tuple[Store, Shelf]:
            shelf = stack.enter_context(serving(answer))
            place = Place("tos", "frames", "cn-beijing", endpoint=shelf.endpoint)
            return open_store(place, env=KEYS.get), shelf

        yield start
