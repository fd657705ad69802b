"""The pack under the real engine. A preview calls no cloud, so none is there."""

from pathlib import Path

import pytest

from support.cli import Project
from support.data import load, read

ROOT = Path(__file__).resolve().parents[2]
PACK = str(ROOT / "policy")
CANARY = "cAnAry+secret=42"

LIMITS = str(ROOT / "tests" / "data" / "policy" / "limits.json")
VIOLATIONS = {(policy, resource): words for policy, resource, words in load("policy/violations.json")}
"""What the message says, by policy and resource."""


@pytest.mark.engine
def test_every_policy_stops_a_preview_and_names_the_field(tmp_path: Path) -> None:
    project = Project(tmp_path, read("policy/program.txt"), {"CANARY": CANARY})
    _configure(project)
    run = project.run("preview", "--policy-pack", PACK, "--policy-pack-config", LIMITS)
    output = run.exits(1).output
    violations = _violations(output)
    assert set(violations) == set(VIOLATIONS), output
    for place, words in VIOLATIONS.items():
        assert words in violations[place]
    assert "videosnap-interval: 'later': image_config.interval is not known in the preview" in output
    assert "can't run policy" not in output
    assert CANARY not in output
    assert "volcengineAccessKey" not in output


def _configure(project: Project) -> None:
    clear = [f"--plaintext={name}={CANARY}" for name in ("stories:key", "videosnap:volcengineSecretKey")]
    secret = f"--secret=videosnap:volcengineAccessKey={CANARY}"
    project.run("config", "set-all", *clear, secret).ok()


def _violations(output: str) -> dict[tuple[str, str], str]:
    """The text below each mandatory violation, by the names of its policy and of its resource."""
    listed = output.partition("Policies:")[2].partition("Diagnostics:")[0]
    found: dict[tuple[str, str], str] = {}
    for block in listed.split("- [mandatory]  ")[1:]:
        head, _, text = block.partition("\n")
        policy, _, resource = head.partition("  (")
        place = (policy, resource.rstrip(")").rpartition(": ")[2])
        found[place] = found.get(place, "") + text
    return found


@pytest.mark.engine
def test_the_examples_pass_with_the_defaults(tmp_path: Path) -> None:
    project = Project(tmp_path, read("policy/examples.txt").format(root=ROOT), {})
    output = project.run("preview", "--policy-pack", PACK).ok().output
    assert "6 to create" in output
    assert "✅ videosnap" in output
    assert "videosnap-" not in output
