"""Wrong inputs as the user of the real CLI sees them: one line that names the field, and no secret in it.

A program ends at its first refused resource, so each of them is previewed by itself.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.cli import Project
from support.sampling import sample

PROGRAM = (Path(__file__).parents[2] / "data" / "programs" / "refused.txt").read_text()
REFUSED = {
    "slow": "image_config.interval must be a whole number from 1 to 600 seconds, not 601",
    "my lobby": "task_id must be 1 to 128 letters, digits or any of @ . _ -, not 'stories.dev.my lobby'",
    "crowd": "target_streams.stream_list must have at most 17 entries, not 18",
    "twice": "storage_config.custom_config.access_key is set twice, as a value and through access_key_env",
    "mistaken": "storage_config.custom_config.secret_key_env must be the name of an environment variable",
    "shapeless": "storage_config.custom_config must be a block of fields",
}
ACCEPTED = {
    "brief": "max_idle_time is below 10 seconds",
    "spare": "storage_config.vod_config has no effect with storage type 'tos'",
}
CANARY = "canary/TVRjMl+aadf=="


@pytest.mark.rotating
@pytest.mark.engine
def test_a_preview_says_what_is_wrong_with_each_resource(tmp_path: Path) -> None:
    project = Project(tmp_path / "stack", PROGRAM, {})
    project.run("config", "set", "--secret", "key", CANARY).ok()
    refused, accepted = sample(list(REFUSED), 0.34), sample(list(ACCEPTED), 0.5)
    # Some at the same time, since the engine lingers for five seconds after a refusal.
    with ThreadPoolExecutor(3) as threads:
        previews = dict(
            zip(
                [*accepted, *refused],
                threads.map(lambda name: project.preview(env={"TASK": name}), [*accepted, *refused]),
                strict=True,
            )
        )
    for name, preview in previews.items():
        if name in ACCEPTED:
            assert preview.exits(0).output.count(f"warning: {ACCEPTED[name]}") == 1
        else:
            seen = preview.exits(1).output
            [line] = [line for line in seen.splitlines() if line.startswith("error: ")]
            assert f"SnapshotTask resource '{name}' has a problem: {REFUSED[name]}" in line
            assert "Traceback" not in seen
            assert CANARY[:12] not in seen
