"""`videosnap drift` of two hundred tasks beside a bare `pulumi refresh --preview-only`, and its calls."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from bench.compare import report, timed
from support.cli import Project
from support.emulator import Emulator, running_emulator

TASKS = 200
ROUNDS = 3
READ = {"GetSnapshotTask", "QuerySnapshotJobList"}

ROOMS = f"""\
from pulumi_videosnap import volcengine

for number in range({TASKS}):
    volcengine.SnapshotTask(
        f"room{{number}}", app_id="661e000000000000000543cf", room_id=f"Room{{number}}",
        image_config={{"interval": 600}},
        storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}},
    )
"""

JOBS = f"""\
from pulumi_videosnap import alibaba

place = {{"location": "oss-cn-hangzhou", "bucket": "frames"}}
for number in range({TASKS}):
    alibaba.SnapshotJob(
        f"job{{number}}", input={{**place, "bucket": "media", "object": "input.mp4"}},
        snapshot_config={{
            "output_file": {{**place, "object": f"{{number}}_{{{{Count}}}}.jpg"}},
            "time": 0, "interval": 4, "num": 3,
        }},
    )
"""


def drift_runs(folder: Path) -> None:
    """Both kinds of task, each in a stack of its own."""
    for kind, program in (("live rooms", ROOMS), ("jobs", JOBS)):
        place = folder / f"drift {kind}"
        place.mkdir()
        with running_emulator(place, "--pace", "manual") as emulator:
            emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 0})
            project = Project(place / "project", program, emulator.environment)
            project.up("--parallel", "64").ok()
            _side_by_side(kind, project, emulator)
            project.destroy().ok()


def _side_by_side(kind: str, project: Project, emulator: Emulator) -> None:
    checked: list[float] = []
    refreshed: list[float] = []
    for _ in range(ROUNDS):
        with timed(refreshed):
            project.drift().ok()
        before = emulator.last_call()
        with timed(checked):
            _check(project)
        calls = [call for call in emulator.calls(before) if call["action"] in READ]
    report(f"`videosnap drift` of {TASKS} {kind}", checked, "`pulumi refresh --preview-only`", refreshed)
    told = ", ".join(f"{count} {action}" for action, count in Counter(c["action"] for c in calls).items())
    print(f"    it called {told}; at most {_densest(calls)} in one second")


def _check(project: Project) -> None:
    command = [sys.executable, "-m", "pulumi_videosnap.cli", "drift"]
    unread = subprocess.DEVNULL
    subprocess.run(command, cwd=project.folder, env=project.environment, check=True, stdout=unread)


def _densest(calls: Iterable[dict[str, str]]) -> int:
    """The most calls that any second saw."""
    times = sorted(datetime.fromisoformat(call["realTime"].replace("Z", "+00:00")) for call in calls)
    second = timedelta(seconds=1)
    return max(sum(start <= other < start + second for other in times) for start in times)
