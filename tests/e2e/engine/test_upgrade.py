"""State that an earlier version wrote: every command works on it, and an upgrade changes nothing.

`tests/data/state-0.1.0.json` is what the engine exported before there was `review` or `drift`.
"""

from __future__ import annotations

import json
from pathlib import Path

from support.cli import Project
from support.emulator import Emulator

STATE = Path(__file__).parents[1] / "data" / "state-0.1.0.json"
PROGRAM = """\
import pulumi
from pulumi_videosnap import alibaba, volcengine

APP = "661e000000000000000543cf"
TOS = {"tos_config": {"account_id": "2100000000", "bucket": "frames"}}
KEYS = {"access_key": "AKIADUMMY", "secret_key": "dummy-secret"}
PLACE = {"location": "oss-cn-hangzhou", "bucket": "frames"}

volcengine.SnapshotTask("lobby", app_id=APP, room_id="lobby", image_config={"interval": 7},
    storage_config=TOS, frame_prefix="lobby/")
volcengine.SnapshotTask("hall", app_id=APP, room_id="hall", storage_config=TOS, keep_running=True,
    triggers=["one", pulumi.Output.secret("two")], business_id="shop",
    target_streams={"stream_list": [{"user_id": "user0"}]})
volcengine.SnapshotTask("abroad", app_id=APP, room_id="abroad",
    storage_config={"custom_config": {"bucket": "frames", **KEYS}})
volcengine.SnapshotTask("over", app_id=APP, room_id="over", storage_config=TOS, max_idle_time=60)
alibaba.SnapshotJob("stills", input={**PLACE, "bucket": "media", "object": "input.mp4"},
    snapshot_config={"output_file": {**PLACE, "object": "old_{Count}.jpg"}, "time": 2, "interval": 2,
                     "num": 3, "height": 360, "frame_type": "normal"},
    triggers=[pulumi.Output.secret("again")])
"""
TASKS = {"lobby", "hall", "abroad", "over", "stills"}


def test_every_command_works_on_the_state_of_an_earlier_version(tmp_path: Path, emulator: Emulator) -> None:
    project = Project(tmp_path, PROGRAM, emulator.environment)
    _hand_over(project)
    review = json.loads(project.videosnap("review", "--no-measure", "--json").ok().output)
    assert (review["tasks"], review["unchanged"]) == ([], len(TASKS))

    # The emulator is another one than then, so it knows none of them.
    drift = project.videosnap("drift", "--json")
    found = {finding["name"]: finding for finding in _report(drift.output)["stacks"][0]["findings"]}
    assert set(found) == TASKS
    assert {finding["verdict"] for finding in found.values()} <= {"missing", "cannot be read"}
    assert drift.code in (1, 2)

    frames = json.loads(project.videosnap("frames", "--json").output)
    assert {task["name"] for task in frames["tasks"]} == TASKS


def _hand_over(project: Project) -> None:
    """Put the old state into a stack of today, which has the old one's key."""
    state = json.loads(STATE.read_text())
    salt = state["deployment"]["secrets_providers"]["state"]["salt"]
    (project.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {salt}\nconfig:\n  videosnap:volcengineRegion: cn-north-1\n"
    )
    project.run("stack", "import", "--file", str(STATE)).ok()


def _report(output: str) -> dict[str, list[dict[str, list[dict[str, str]]]]]:
    told: dict[str, list[dict[str, list[dict[str, str]]]]] = json.loads(output)
    return told
