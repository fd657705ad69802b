"""The tasks that the matrix is about, made by real lifecycles against the emulator, and their export."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.drift.expected import Cell
from integration.drift.jobs import Jobs
from integration.drift.tasks import SnapshotTasks
from support.emulator import Emulator
from support.engine_model import Entry
from support.exports import export, resource

STACK = "urn:pulumi:dev::shop::"
TYPES = {"room": "volcengine:SnapshotTask", "job": "alibaba:SnapshotJob"}
HIDDEN = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:bm8="}
"""How an export shows a secret."""
UNTIL_RECORDED, UNTIL_LOOKED_AT = 61, 121
"""Seconds of the emulator's clock before the records are written, and from then to the run."""


@dataclass(frozen=True)
class Population:
    """The cells with their records, and the world that they came from."""

    tasks: SnapshotTasks
    jobs: Jobs
    cells: tuple[Cell, ...]

    def export(self, file: Path, cells: Iterable[Cell]) -> list[str]:
        """Write an export of a stack of these cells; returns the command's arguments for it."""
        records = {"room": self.tasks.records(), "job": self.jobs.records()}
        tasks = [_resource(cell, records[cell.kind][cell.name]) for cell in cells]
        manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": "v3.216.0"}
        file.write_text(export(*_with_others(tasks), manifest=manifest))
        return ["--state", str(file)]


def populate(emulator: Emulator, cells: Sequence[Cell]) -> Population:
    """Make every task, record it, and let happen to each what its cell says."""
    tasks = SnapshotTasks(emulator, [cell for cell in cells if cell.kind == "room"])
    jobs = Jobs(emulator, [cell for cell in cells if cell.kind == "job"])
    tasks.start()
    jobs.submit()
    emulator.advance(UNTIL_RECORDED)
    tasks.record()
    jobs.record()
    tasks.drift()
    jobs.drift_early()
    emulator.advance(UNTIL_LOOKED_AT)
    jobs.drift_late()
    return Population(tasks, jobs, tuple(cells))


def _resource(cell: Cell, entry: Entry) -> dict[str, Any]:
    """A resource as the engine exports it: whole numbers without a fraction, the provider beside the rest."""
    kind, provider = TYPES[cell.kind], {"__provider": "a pickle"}
    secrets = ("customConfig",) if cell.state == "hidden" else ("accessKey", "secretKey")
    inputs, outputs = ({**provider, **_plain(one, secrets)} for one in (entry.inputs, entry.outputs))
    more = {"custom": True, "parent": f"{STACK}pulumi:pulumi:Stack::matrix-dev"}
    return resource(kind, cell.name, entry.id, inputs, outputs, **more)


def _with_others(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A stack holds more than tasks, and what is only still to be deleted; nothing of it is reported."""
    root = {"urn": f"{STACK}pulumi:pulumi:Stack::matrix-dev", "type": "pulumi:pulumi:Stack"}
    other = {"urn": f"{STACK}aws:s3/bucket:Bucket::frames", "type": "aws:s3/bucket:Bucket", "id": "frames"}
    replaced = {**tasks[0], "delete": True}
    return [root, other, *tasks, replaced]


def _plain(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if key in secrets else _plain(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, secrets) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
