"""docs/plugin.md, followed to the letter in an empty home directory, against the emulator."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import require_engine
from support.emulator import Emulator, clean_environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plugin.md").read_text()
SECTIONS = dict(section.split("\n", 1) for section in PAGE.split("\n## ")[1:])
CACHES = ("go env GOMODCACHE", "go env GOCACHE", "npm config get cache")
OUTPUTS = ("status", "task", "+ ", "videosnap  resource", '"name"')
"""What the lines of the page's samples begin with that every run prints alike."""


def blocks(language: str, section: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTIONS[section], re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory and, beside each other, the checkout and what the page makes."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "pulumi-videosnap").symlink_to(ROOT)
    return folder


def environment(folder: Path, emulator: Emulator) -> dict[str, str]:
    """A user's environment, with the caches of Go and npm so that they download nothing twice."""
    caches = dict(zip(("GOMODCACHE", "GOCACHE", "npm_config_cache"), _caches(), strict=True))
    backend = {"PULUMI_BACKEND_URL": f"file://{folder}", "PULUMI_CONFIG_PASSPHRASE": ""}
    home = {"HOME": str(folder), "NO_COLOR": "1", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return {**clean_environment(), **emulator.environment, **backend, **home, **caches}


def _caches() -> Iterator[str]:
    for command in CACHES:
        yield subprocess.run(
            command.split(), check=True, capture_output=True, text=True, timeout=60
        ).stdout.strip()


@pytest.mark.sweep
@pytest.mark.parametrize(
    "section", ["YAML", "An archive for `pulumi plugin install`", "TypeScript", "Go", "Python"]
)
def test_a_section_of_the_page(section: str, folder: Path, emulator: Emulator) -> None:
    require_engine()
    emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
    [block] = blocks("sh", section)
    command, env = ["bash", "-euo", "pipefail", "-c", block], environment(folder, emulator)
    shown: Any = {"capture_output": True, "text": True}
    ran = subprocess.run(command, check=False, cwd=folder, env=env, timeout=900, **shown)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "warning" not in ran.stdout
    expected = [line.strip() for line in blocks("text", section)[0].splitlines()]
    printed = {" ".join(line.split()) for line in ran.stdout.splitlines()}
    for line in expected:
        if line.startswith(OUTPUTS) and "MB" not in line:
            assert " ".join(line.split()) in printed, ran.stdout
