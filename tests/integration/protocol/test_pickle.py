"""State names the provider's class and nothing else, so that a new release takes effect at once."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from pulumi_videosnap.alibaba.resource import SnapshotJobProvider
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
from support.plugin import PROVIDER

SERIALIZE = """
from pulumi.dynamic.dynamic import serialize_provider
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
print(serialize_provider(SnapshotTaskProvider()))
"""
LOAD = """
import base64, sys, dill
provider = dill.loads(base64.b64decode(sys.argv[1]))
print(type(provider).__module__, type(provider).__qualname__, vars(provider))
"""


def python(program: str, folder: Path, *arguments: str, **environment: str) -> str:
    """What a program prints in a process that knows the installed package and nothing of this checkout."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_it_is_a_reference_and_short() -> None:
    raw = base64.b64decode(PROVIDER)
    assert len(PROVIDER) < 150
    assert b"pulumi_videosnap.volcengine.resource" in raw
    assert b"SnapshotTaskProvider" in raw


def test_each_kind_of_task_has_its_own() -> None:
    other = serialize_provider(SnapshotJobProvider())
    assert len(other) < 150
    assert b"pulumi_videosnap.alibaba.resource" in base64.b64decode(other)


@pytest.mark.parametrize("seed", ["0", "1"])
def test_it_is_the_same_in_every_process(tmp_path: Path, seed: str) -> None:
    assert python(SERIALIZE, tmp_path, PYTHONHASHSEED=seed) == PROVIDER


def test_it_is_the_same_whatever_the_surroundings_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOLCENGINE_ACCESS_KEY", "canary")
    monkeypatch.setenv("VIDEOSNAP_DEBUG", "1")
    assert serialize_provider(SnapshotTaskProvider()) == PROVIDER


def test_it_loads_where_only_the_package_is_installed(tmp_path: Path) -> None:
    loaded = python(LOAD, tmp_path, PROVIDER)
    assert loaded == "pulumi_videosnap.volcengine.resource SnapshotTaskProvider {}"


def test_it_holds_no_attribute_even_after_use() -> None:
    provider = SnapshotTaskProvider()
    provider.check({}, {"roomId": "Room1"})
    assert vars(provider) == {}
    assert serialize_provider(provider) == PROVIDER


def test_it_is_not_made_a_secret() -> None:
    assert SnapshotTaskProvider.serialize_as_secret_always is False
