"""The pack under the real engine. A preview calls no cloud, so none is there."""

from pathlib import Path

import pytest

from support.cli import Project
from support.data import load, read
from support.plugin import FRONTS
from support.sampling import sample

ROOT = Path(__file__).resolve().parents[2]
PACK = str(ROOT / "policy")
CANARY = "cAnAry+secret=42"

LIMITS = str(ROOT / "tests" / "data" / "policy" / "limits.json")
VIOLATIONS = {(policy, resource): words for policy, resource, words in load("policy/violations.json")}
"""What the message says, by policy and resource."""

HIDDEN = {
    "dynamic": set(),
    "native": {("videosnap-no-plain-secrets", "keys"), ("videosnap-no-plain-secrets", "clear")},
}
"""What a pack cannot see: the native provider makes every key a secret, and has no other configuration."""


@pytest.mark.engine
@pytest.mark.parametrize("front", sample(FRONTS, 0.5))
def test_every_policy_stops_a_preview_and_names_the_field(tmp_path: Path, front: str) -> None:
    project = Project(tmp_path, read("policy/program.txt"), {"CANARY": CANARY})
    _configure(project)
    if front == "native":
        project.use_native()
    run = project.run("preview", "--policy-pack", PACK, "--policy-pack-config", LIMITS)
    output = run.exits(1).output
    violations = _violations(output)
    expected = {place: words for place, words in VIOLATIONS.items() if place not in HIDDEN[front]}
    assert set(violations) == set(expected), output
    for place, words in expected.items():
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
