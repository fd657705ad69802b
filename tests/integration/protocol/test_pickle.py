"""State names the provider's class and nothing else, so that a new release takes effect at once."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("kind", "module"), [(SnapshotTaskProvider, "volcengine"), (SnapshotJobProvider, "alibaba")]
)
def test_it_is_a_short_reference_and_holds_no_attribute(kind: Any, module: str, monkeypatch: Any) -> None:
    text = serialize_provider(kind())
    assert len(text) < 150
    assert f"pulumi_videosnap.{module}.resource".encode() in base64.b64decode(text)
    assert kind.__name__.encode() in base64.b64decode(text)
    monkeypatch.setenv("VOLCENGINE_ACCESS_KEY", "canary")
    monkeypatch.setenv("VIDEOSNAP_DEBUG", "1")
    used = kind()
    used.check({}, {"roomId": "Room1"})
    assert vars(used) == {}
    assert serialize_provider(used) == text, "the same after use, and whatever the environment holds"
    assert kind.serialize_as_secret_always is False


def test_it_is_the_same_in_every_process_and_loads_where_only_the_package_is_installed(
    tmp_path: Path,
) -> None:
    for seed in ("0", "1"):
        assert python(SERIALIZE, tmp_path, PYTHONHASHSEED=seed) == PROVIDER
    loaded = python(LOAD, tmp_path, PROVIDER)
    assert loaded == "pulumi_videosnap.volcengine.resource SnapshotTaskProvider {}"
