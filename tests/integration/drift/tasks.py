"""Live rooms of the matrix: what is declared, how each comes into its state, and what happens then."""

import contextlib
import copy
import os
from collections.abc import Sequence
from typing import Any

from integration.drift.expected import WORLD, Cell
from pulumi_videosnap.errors import NotFound
from pulumi_videosnap.volcengine.api import connect
from pulumi_videosnap.volcengine.convert import start_request
from pulumi_videosnap.volcengine.models import TaskKey
from pulumi_videosnap.volcengine.schema import SnapshotTaskInputs
from support.emulator import Emulator
from support.engine_model import Entry
from support.story import task_engine

APP = "661e000000000000000d21f7"
USER, OTHER = "user0", "user1"
PATIENT, SOON, AT_ONCE = 86_400, 120, 60
"""Seconds without a stream: not within the matrix; between record and run; before the record."""

Inputs = dict[str, Any]

SETTINGS, PREPARED, PLACES, RESTARTS, ACTUAL = (
    WORLD[f"room {name}"] for name in ("settings", "states", "places", "restarts", "actual")
)
"""What the control API changes behind everybody's back, and before the record; a declared storage of each
platform and another one; what somebody starts instead, after stopping the task, under the same three ids;
status and stop reason of each task when the command runs, in the emulator's words."""
TOS = {"accountId": "2100000000", "bucket": "frames"}


class SnapshotTasks:
    def __init__(self, emulator: Emulator, cells: Sequence[Cell]) -> None:
        self._emulator = emulator
        self._cells = cells
        self._unread, self._read = task_engine(), task_engine()
        self._unsaid: dict[str, Entry] = {}

    def start(self) -> None:
        """Start every task, and bring it on its way to the state in which it is recorded."""
        for stack, read in ((self._unread, False), (self._read, True)):
            stack.up({cell.name: declared(cell) for cell in self._cells if _is_read(cell) is read})
        for cell in self._cells:
            self._prepare(cell)

    def record(self) -> None:
        """Refresh what is recorded later than at its start."""
        self._read.refresh()

    def drift(self) -> None:
        for cell in self._cells:
            self._happen(cell)

    def records(self) -> dict[str, Entry]:
        return {**self._unread.state, **self._read.state, **self._unsaid}

    def restart_again(self) -> None:
        """Start again, with the settings that are recorded, what was started so before."""
        for cell in self._cells:
            if cell.drift == "restarted-alike":
                self._restart(cell)

    def _prepare(self, cell: Cell) -> None:
        if cell.state in ("idle", "ended-idle"):
            self._everybody_leaves(cell)
        elif cell.state == "ended-stopped":
            self._emulator.stop(path_of(cell))
        elif cell.state in PREPARED:
            self._emulator.change(path_of(cell), **PREPARED[cell.state])

    def _happen(self, cell: Cell) -> None:
        path = path_of(cell)
        if cell.drift in SETTINGS:
            self._emulator.change(path, **SETTINGS[cell.drift])
        elif cell.drift in RESTARTS or cell.drift == "place":
            self._restart(cell)
        elif cell.drift == "nobody-came":
            self._nobody_comes(cell)
        elif cell.drift == "stopped-by-api":
            self._emulator.stop(path)
        elif cell.drift.startswith("un"):
            self._unsaid[cell.name] = _with_another_record(cell, self.records()[cell.name])
        if cell.drift == "restarted-and-stopped":
            self._emulator.stop(path)

    def _nobody_comes(self, cell: Cell) -> None:
        if cell.state == "not-started":  # nothing that has not started waits for anybody
            self._emulator.change(path_of(cell), status="ended", stopReason="IdleTimeOut")
        elif cell.state != "idle":
            self._everybody_leaves(cell)

    def _everybody_leaves(self, cell: Cell) -> None:
        for user in (USER, OTHER):
            self._emulator.request("DELETE", f"/rooms/{APP}/{cell.name}/users/{user}")

    def _restart(self, cell: Cell) -> None:
        api, change = connect(None), RESTARTS.get(cell.drift, {})
        if cell.drift == "place":
            change = {"storageConfig": PLACES[cell.state][1]}
        if cell.state == "ended-idle":
            self._emulator.request("PUT", f"/rooms/{APP}/{cell.name}/users/{USER}", {"camera": True})
        with contextlib.suppress(NotFound):
            api.stop(TaskKey(*path_of(cell).split("/")), None)
        api.start(start_request(SnapshotTaskInputs.model_validate({**declared(cell), **change}), os.environ))


def declared(cell: Cell) -> Inputs:
    idle = SOON if cell.drift == "nobody-came" else AT_ONCE if cell.state == "ended-idle" else PATIENT
    return {
        "appId": APP,
        "roomId": cell.name,
        "taskId": "stills",
        "businessId": "matrix",
        "targetStreams": {"streamList": [{"userId": USER}]},
        "maxIdleTime": idle,
        # A whole number of the sample's loops, so that a leap of the clock cuts the same pictures.
        "imageConfig": {"interval": 600},
        "storageConfig": PLACES[cell.state][0] if cell.state in PLACES else {"tosConfig": TOS},
        "keepRunning": cell.keep_running,
    }


def path_of(cell: Cell) -> str:
    """The task's id, which is also its path in the control API."""
    return f"{APP}/{cell.name}/stills"


def actual_state(cell: Cell) -> str:
    """Status and stop reason of a task when the command runs, in the emulator's words."""
    return str(ACTUAL.get(cell.drift) or ACTUAL.get(cell.state, "running"))


def _is_read(cell: Cell) -> bool:
    """Whether a refresh has recorded the task; else its record is that of its start."""
    return cell.state != "just-started"


def _with_another_record(cell: Cell, entry: Entry) -> Entry:
    """A record of something that the service does not say, or of a task that it never knew."""
    changed = copy.deepcopy(entry)
    if cell.drift == "unknown":
        changed.id = entry.id.replace("/stills", "/nobodys")
        changes = {"taskId": "nobodys"}
    else:
        changes = {"businessId": "another"} if cell.drift == "unsaid-business" else {"framePrefix": "a/"}
    changed.inputs.update(changes)
    changed.outputs.update(changes)
    return changed
