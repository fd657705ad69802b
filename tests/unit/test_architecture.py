"""The few rules that hold the structure together, as tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_videosnap
from pulumi_videosnap import alibaba, frames, volcengine

ROOT = Path(__file__).resolve().parents[2]
PROVIDER = ROOT / "provider" / "pulumi_videosnap"
EMULATOR = ROOT / "emulator" / "videosnap_emulator"

SHARED = ("core", "http", "dynamic", "errors.py", "settings.py", "pulumi_cli.py")
"""Folders and modules that serve every cloud, and so name none."""
CLOUD = re.compile(r"volc\w*|alibaba\w*|aliyun\w*|\bmps\b|\brtc\b", re.IGNORECASE)

LONGEST = 320
"""Lines that still fit in a head."""


@pytest.mark.parametrize("name", SHARED)
def test_shared_modules_name_no_cloud(name: str) -> None:
    path = PROVIDER / name
    for file in path.rglob("*.py") if path.is_dir() else [path]:
        assert CLOUD.findall(file.read_text()) == [], file


def test_the_lifecycle_and_the_clouds_core_know_no_pulumi() -> None:
    adapters = {"resource.py", "args.py", "data_sources.py", "lookup.py"}
    for file in (f for f in PROVIDER.rglob("*.py") if f.name not in adapters and f.parent.name != "dynamic"):
        assert not {name for name in _imports(file) if name.partition(".")[0] == "pulumi"}, file


PROGRAM_MODULES = ("volcengine", "alibaba")
NOT_FOR_PROGRAMS = {"pydantic", "requests", "urllib3", "boto3", "sqlite3", "platformdirs"}


@pytest.mark.parametrize("module", PROGRAM_MODULES)
def test_a_program_that_declares_resources_loads_no_http_stack(module: str) -> None:
    code = f"import sys, pulumi.dynamic; before = set(sys.modules); import pulumi_videosnap.{module}; "
    code += "print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name.partition(".")[0] for name in loaded.split()} & NOT_FOR_PROGRAMS == set()


def test_provider_and_emulator_share_no_code() -> None:
    for file in PROVIDER.rglob("*.py"):
        if file.parent.name != "cli":  # the command starts the emulator, and nothing more
            assert not any(name.startswith("videosnap_emulator") for name in _imports(file)), file
    for file in EMULATOR.rglob("*.py"):
        assert not any(name.startswith("pulumi") for name in _imports(file)), file


@pytest.mark.parametrize(
    "module", [pulumi_videosnap, alibaba, frames, volcengine], ids=lambda module: module.__name__
)
def test_what_is_exported_is_listed(module: object) -> None:
    listed: list[str] = module.__all__  # type: ignore[attr-defined]
    assert listed == sorted(listed, key=lambda name: (name.islower(), name))
    for name in listed:
        assert hasattr(module, name)


def test_no_file_outgrows_a_head() -> None:
    files = [
        file
        for folder in ("provider", "emulator", "engine", "examples", "docs", "bench", "policy")
        for file in (ROOT / folder).rglob("*.py")
        if ".venv" not in file.parts
    ]
    assert files
    assert [f"{file}: {n}" for file in files if (n := len(file.read_text().splitlines())) > LONGEST] == []


def test_no_address_of_a_registry_is_committed() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
