"""The pack under the real engine. A preview calls no cloud, so none is there."""

import json
from pathlib import Path

import pytest

from support.cli import Project

ROOT = Path(__file__).resolve().parents[2]
PACK = str(ROOT / "policy")
CANARY = "cAnAry+secret=42"

PROGRAM = (ROOT / "tests" / "data" / "policy" / "program.txt").read_text()
CONFIG = {
    "all": "mandatory",
    "videosnap-allowed-buckets": {"buckets": ["frames"]},
    "videosnap-interval": {"includeJobs": True},
    "videosnap-frames-per-hour": {"maximum": 9000},
}
EXAMPLES = """\
import runpy

for example in ("quickstart", "video-stills"):
    runpy.run_path(f"{root}/examples/{{example}}/__main__.py")
"""

VIOLATIONS = {
    ("videosnap-allowed-buckets", "bucket"): "storage_config.tos_config.bucket is 'private': write 'frames'",
    ("videosnap-allowed-buckets", "hidden"): "storage_config.tos_config.bucket is [secret]: write 'frames'",
    ("videosnap-allowed-buckets", "job"): "snapshot_config.tile_output_file.bucket is 'tiles'",
    ("videosnap-business-id", "nameless"): "business_id is not given",
    ("videosnap-frames-per-hour", "stories-dev"): "'interval' with 7,200 (every stream of the room, counted",
    ("videosnap-interval", "interval"): "image_config.interval is 1: write 2 to 600 (seconds)",
    ("videosnap-allowed-buckets", "subclass"): "storage_config.tos_config.bucket is 'private'",
    ("videosnap-interval", "job"): "snapshot_config.interval is 1: write 2 to 600 (seconds)",
    ("videosnap-no-plain-secrets", "clear"): "the configuration has it in clear as stories:key",
    ("videosnap-no-plain-secrets", "default"): "videosnap:volcengineSecretKey is in clear",
    ("videosnap-no-plain-secrets", "keys"): "storage_config.custom_config.secret_key is plain text",
}
"""What the message says, by policy and resource."""


@pytest.mark.engine
def test_every_policy_stops_a_preview_and_names_the_field(tmp_path: Path) -> None:
    project = Project(tmp_path, PROGRAM, {"CANARY": CANARY})
    _configure(project)
    (tmp_path / "limits.json").write_text(json.dumps(CONFIG))
    run = project.run("preview", "--policy-pack", PACK, "--policy-pack-config", "limits.json")
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
    project = Project(tmp_path, EXAMPLES.format(root=ROOT), {})
    output = project.run("preview", "--policy-pack", PACK).ok().output
    assert "4 to create" in output
    assert "✅ videosnap" in output
    assert "videosnap-" not in output
