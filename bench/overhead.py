"""What the package adds to a program and to its plugin, beside a trivial dynamic provider."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from bench.compare import report, timed
from bench.trivial import Trivial
from pulumi_videosnap.volcengine.resource import SnapshotTaskProvider
from support.cli import Project
from support.emulator import running_emulator
from support.plugin import running_plugin

TASKS = 200
ROUNDS = 5
ROUNDS_OF_A_PROCESS = 31
ROOT = Path(__file__).resolve().parent.parent
INPUTS = {
    "appId": "661e000000000000000543cf",
    "roomId": "Room1",
    "taskId": "bench",
    "storageConfig": {"tosConfig": {"accountId": "2100000000", "bucket": "frames"}},
}

OURS = f"""\
from pulumi_videosnap import volcengine

for number in range({TASKS}):
    volcengine.SnapshotTask(
        f"task{{number}}", app_id="661e000000000000000543cf", room_id=f"Room{{number}}",
        image_config={{"interval": 600}},
        storage_config={{"tos_config": {{"account_id": "2100000000", "bucket": "frames"}}}},
    )
"""

TRIVIAL = f"""\
from bench.trivial import PacedReads
from pulumi.dynamic import Resource

class Task(Resource):
    pass

for number in range({TASKS}):
    Task(
        PacedReads(), f"task{{number}}",
        {{
            "app_id": "661e000000000000000543cf", "room_id": f"Room{{number}}",
            "task_id": f"bench.dev.task{{number}}", "keep_running": False, "max_idle_time": 180,
            "image_config": {{"interval": 600, "format": "jpeg", "width": 0, "height": 0}},
            "storage_config": {{
                "type": "tos", "tos_config": {{"account_id": "2100000000", "bucket": "frames", "region": 0}},
            }},
            "target_streams": {{"stream_list": []}}, "triggers": [], "state": "running",
            "status": None, "start_time": None, "end_time": None, "stop_reason": None, "history": None,
        }},
    )
"""


def imports() -> None:
    """A program's import of one cloud beside the import of `pulumi.dynamic` alone."""
    for module in ("pulumi_videosnap.volcengine", "pulumi_videosnap.alibaba"):
        ours, theirs = alternate(
            partial(_import, module), partial(_import, "pulumi.dynamic"), ROUNDS_OF_A_PROCESS
        )
        report(f"`import {module}`", ours, "`import pulumi.dynamic`", theirs)


def _import(module: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)


def plugin_start() -> None:
    """The plugin's first answer (its start, and one Check) beside that of a trivial dynamic provider."""
    ours, theirs = alternate(
        lambda: _first_answer(SnapshotTaskProvider()), lambda: _first_answer(Trivial()), ROUNDS_OF_A_PROCESS
    )
    report("the plugin's first answer", ours, "a trivial dynamic provider's", theirs)


def native_plugin_start() -> None:
    """The native plugin's start, until the engine can call it, beside the imports that every plugin needs."""
    ours, theirs = alternate(
        _until_the_port, partial(_import, "grpc, pulumi.runtime.proto"), ROUNDS_OF_A_PROCESS
    )
    report("start of the native plugin", ours, "`import grpc, pulumi.runtime.proto`", theirs)


def _until_the_port() -> None:
    command = [sys.executable, "-m", "pulumi_videosnap.native.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout:
            process.stdout.readline()
        process.kill()


def fronts(folder: Path) -> None:
    """`up`, `refresh` and `destroy` of many tasks through the native front beside the dynamic one."""
    commands = [["up", "--yes", "--skip-preview"], ["refresh", "--yes", "--skip-preview"]]
    commands.append(["destroy", "--yes", "--skip-preview"])
    with running_emulator(folder, "--pace", "manual") as emulator:
        native = Project(folder / "native", OURS, emulator.environment)
        dynamic = Project(folder / "dynamic", OURS.replace("661e", "0000"), emulator.environment)
        native.use_native()
        found: dict[str, tuple[list[float], list[float]]] = {command[0]: ([], []) for command in commands}
        for _ in range(ROUNDS):
            for command in commands:
                for project, seconds in zip((native, dynamic), found[command[0]], strict=True):
                    with timed(seconds):
                        project.run(*command, "--parallel", "64").ok()
        for name, (mine, theirs) in found.items():
            report(f"native `pulumi {name}` of {TASKS} tasks", mine, "the dynamic front", theirs)


def _first_answer(provider: ResourceProvider) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with running_plugin(environment, serialize_provider(provider)) as plugin:
        plugin.check("urn:pulumi:bench::bench::pulumi-python:dynamic/bench:Task::task", INPUTS)


def engine_runs(folder: Path) -> None:
    """A no-op `up`, a `preview` and a `refresh` of many tasks beside as many trivial dynamic resources.

    No refresh of tasks can be faster than the service's documented rate of reads, so the trivial
    resources are read at that rate too.
    """
    with running_emulator(folder, "--pace", "manual") as emulator:
        ours = Project(folder / "ours", OURS, emulator.environment)
        trivial = Project(folder / "trivial", TRIVIAL, {"PYTHONPATH": str(ROOT)})
        for project in (ours, trivial):
            project.up("--parallel", "64").ok()
        for command in (
            ["up", "--yes", "--skip-preview"],
            ["preview"],
            ["refresh", "--yes", "--skip-preview"],
        ):
            mine, theirs = alternate(partial(ours.run, *command), partial(trivial.run, *command), ROUNDS)
            report(f"`pulumi {command[0]}` of {TASKS} tasks, no change", mine, "trivial resources", theirs)
        ours.destroy().ok()


def alternate(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """The seconds of two ways, run in turn after one run of each that is not counted."""
    mine: list[float] = []
    other: list[float] = []
    for turn in range(rounds + 1):
        with timed(mine):
            ours()
        with timed(other):
            theirs()
        if turn == 0:
            mine.clear()
            other.clear()
    return mine, other
