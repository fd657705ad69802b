"""`make bench`: what the product costs beside doing without it, as ratios within one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bench.compare import report, timed  # noqa: E402
from bench.drift import drift_runs  # noqa: E402
from bench.jobs import waiting_jobs  # noqa: E402
from bench.listing import listing  # noqa: E402
from bench.overhead import engine_runs, fronts, imports, native_plugin_start, plugin_start  # noqa: E402
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter, SqliteReservations  # noqa: E402
from pulumi_videosnap.volcengine.api import connect  # noqa: E402
from pulumi_videosnap.volcengine.convert import start_request, task_key  # noqa: E402
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs  # noqa: E402
from support.cli import Project  # noqa: E402
from support.emulator import running_emulator  # noqa: E402
from support.story import declare  # noqa: E402

TASKS = 50
ROUNDS = 3

PROGRAM = """\
from pulumi_videosnap import volcengine

for number in range({tasks}):
    volcengine.SnapshotTask(
        f"task{{number}}", app_id="{app}", room_id="Room1", image_config={{"interval": 600}},
        storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}},
    )
"""


def main() -> int:
    """Run each comparison and print its ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["VIDEOSNAP_QUOTA_DIR"] = str(folder / "quota")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
        imports()
        plugin_start()
        native_plugin_start()
        engine_runs(folder)
        fronts(folder)
        _limiter(folder)
        with running_emulator(folder, "--pace", "manual") as emulator:
            os.environ |= emulator.environment
            _engine_against_script(folder, emulator.environment)
        waiting_jobs(folder)
    drift_runs(folder)
    listing()
    _memory()
    return 0


def _engine_against_script(folder: Path, environment: Mapping[str, str]) -> None:
    """The engine's share: `up` and `refresh` of many tasks beside the bare calls that they make."""
    up: list[float] = []
    refresh: list[float] = []
    start: list[float] = []
    read: list[float] = []
    for turn in range(ROUNDS):
        program = PROGRAM.format(tasks=TASKS, app=f"engine{turn}")
        project = Project(folder / f"project{turn}", program, environment)
        with timed(up):
            project.up().ok()
        with timed(refresh):
            project.drift().ok()
        project.destroy().ok()
        with timed(start):
            _script(f"script{turn}", start=True)
        with timed(read):
            _script(f"script{turn}", start=False)
    report(f"`pulumi up` of {TASKS} tasks", up, "one script's StartSnapshot and GetSnapshotTask", start)
    report(f"`pulumi refresh` of {TASKS} tasks", refresh, "one script's GetSnapshotTask", read)


def _script(app: str, *, start: bool) -> None:
    api = connect()
    for number in range(TASKS):
        inputs: Any = declare(app, taskId=f"Task{number}", imageConfig={"interval": 600})
        task = SnapshotTaskInputs.model_validate(inputs)
        if start:
            api.start(start_request(task, os.environ))
        api.get(task_key(task))


def _limiter(folder: Path) -> None:
    """The exact limit across processes beside one that only knows its own threads."""

    shared: list[float] = []
    local: list[float] = []
    for _ in range(ROUNDS):
        with timed(shared):
            _take(RateLimiter(SqliteReservations(folder / "bench.sqlite")))
        with timed(local):
            _take(RateLimiter(MemoryReservations()))
    report("2000 slots shared by processes", shared, "2000 slots within one process", local)


def _take(limiter: RateLimiter) -> None:
    for _ in range(2000):
        limiter.take("account", "action", 1e9, 60.0)


def _memory() -> None:
    """The plugin's memory with the package beside the SDK's alone."""
    sdk, ours = _resident("import pulumi.dynamic"), _resident("import pulumi_videosnap")
    print(f"memory of the plugin: {ours:.0f} MB, {ours / sdk:.2f} x the SDK alone ({sdk:.0f} MB)")


def _resident(statement: str) -> float:
    """Megabytes that a fresh process holds at most (Linux: getrusage would tell the parent's as well)."""
    code = f"{statement}\nprint(open('/proc/self/status').read())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = (line for line in ran.stdout.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    sys.exit(main())
