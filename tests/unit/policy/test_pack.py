"""The pack as a whole: its lock, its declarations and its example, held against each other and the page."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from policy.rules import values

ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "policy"
LEVELS = {"mandatory", "advisory", "disabled"}

DECLARED = """\
import json
from policies import POLICIES
print(json.dumps({
    policy.name: {"level": policy.enforcement_level.value, "config": policy.config_schema.properties}
    for policy in POLICIES
}))
"""
UNKNOWNS = """\
import json
from pulumi_policy import proxy
print(json.dumps([value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]))
"""


def run_with_the_pack(program: str) -> Any:
    """What a program prints in the pack's own environment."""
    python = PACK / ".venv" / "bin" / "python"
    assert python.exists(), "the pack has no environment: run `make setup`"
    printed = subprocess.run(
        [python, "-c", program], cwd=PACK, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(printed.stdout)


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    policies: dict[str, Any] = run_with_the_pack(DECLARED)
    return policies


def test_the_lock_holds_hashes_and_no_address() -> None:
    lock = (PACK / "requirements.lock").read_text()
    wanted = re.findall(r"^[a-z][\w-]*==\S+", (PACK / "requirements.in").read_text(), re.MULTILINE)
    assert all(package in lock for package in wanted)
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_the_example_configures_what_there_is(declared: dict[str, Any]) -> None:
    example = json.loads((PACK / "example-config.json").read_text())
    assert set(example) == set(declared)
    for name, config in example.items():
        assert config.pop("enforcementLevel", "mandatory") in LEVELS
        assert set(config) <= set(declared[name]["config"])


def test_the_page_names_every_policy_its_level_and_its_configuration(declared: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "policy.md").read_text()
    rows = {
        cells[0].strip("`"): cells[1:]
        for line in page.splitlines()
        if line.startswith("| `videosnap-")
        for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
    }
    assert set(rows) == set(declared)
    for name, (_, level, config) in rows.items():
        assert level == declared[name]["level"]
        assert re.findall(r"`(\w+)`", config) == list(declared[name]["config"])
    assert (PACK / "example-config.json").read_text() in page


def test_pulumis_unknowns_are_all_known() -> None:
    assert set(run_with_the_pack(UNKNOWNS)) == set(values.UNKNOWNS)
