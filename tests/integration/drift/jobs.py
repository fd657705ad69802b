"""Snapshot jobs of the matrix: what is declared, how each comes into its state, and what happens then."""

from collections.abc import Sequence
from typing import Any

from integration.drift.expected import WITH_PICTURES, WORLD, Cell
from support.emulator import Emulator
from support.engine_model import Entry
from support.jobs import PLACE, job_engine, job_inputs, store_of

NEVER, SOON = 100 * 86_400, 100
"""Seconds a job takes that does not end within the matrix, or only after it was recorded."""
HELD = "f0" * 16
"""The pipeline that holds jobs back until they are recorded."""
FOR_EVER = "f1" * 16
"""The pipeline that never lets them go."""
TILES = {"tileOut": {"lines": 2, "columns": 2}}

Inputs = dict[str, Any]

DELETED, EMPTIED, ACTUAL = (WORLD[f"job {name}"] for name in ("deleted", "emptied", "actual"))
"""How the keys end that somebody deletes, which buckets are emptied, and the state when the command runs."""


class Jobs:
    def __init__(self, emulator: Emulator, cells: Sequence[Cell]) -> None:
        self._emulator = emulator
        self._cells = cells
        self._stack = job_engine(emulator)
        self._store = store_of(emulator.environment)

    def submit(self) -> None:
        """Submit every job: at its own pace, into the pipeline that lets it come into its state."""
        for pipeline in (HELD, FOR_EVER):
            self._emulator.request("PUT", f"/pipelines/{pipeline}", {"state": "Paused"})
        place = {"LocationConstraint": "cn-hangzhou"}
        buckets = {_place(cell, which) for cell in self._cells for which in ("pictures", "sheets")}
        for bucket in buckets - {"frames"}:
            self._store.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        program: dict[str, Inputs] = {}
        for pace in sorted({_pace(cell) for cell in self._cells}):
            self._emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": pace})
            program |= {cell.name: declared(cell) for cell in self._cells if _pace(cell) == pace}
            self._stack.up(program)

    def record(self) -> None:
        self._stack.refresh()

    def drift_early(self) -> None:
        """Let happen what takes its time until the command runs."""
        self._emulator.request("PUT", "/jobs/pace", {"queuedSeconds": 0, "runningSeconds": 1})
        self._emulator.request("PUT", f"/pipelines/{HELD}", {"state": "Active"})

    def drift_late(self) -> None:
        """Let happen what happens at once, to jobs and to their pictures."""
        for cell in self._cells:
            self._happen(cell)

    def records(self) -> dict[str, Entry]:
        return self._stack.state

    def _happen(self, cell: Cell) -> None:
        job = self._stack.state[cell.name].id
        if cell.drift in DELETED:
            self._delete([key for key in self.keys(cell) if key.endswith(tuple(DELETED[cell.drift]))])
        for which in EMPTIED.get(cell.drift, ()):
            self._delete(self._listed(_place(cell, which)), _place(cell, which))
        if cell.drift == "bucket-deleted":
            self._store.delete_bucket(Bucket=_place(cell, "pictures"))
        if cell.drift.startswith("forgotten"):
            self._emulator.request("DELETE", f"/jobs/{job}")
        elif cell.drift == "failed" and cell.state in (*WITH_PICTURES, "snapshoting"):
            self._change(job, state="Fail", code="InternalError", message="it broke")
        elif cell.drift == "user-data":
            self._change(job, userData="somebody-elses")
        elif cell.drift.startswith("fewer-counted"):
            self._change(job, count=2)
        elif cell.drift == "began":
            self._emulator.request("PUT", "/jobs/pace", {"runningSeconds": NEVER})
            self._change(job, state="Snapshoting")
        elif cell.drift in ("another-picture", "more-pictures"):
            self._write(cell, "00001.jpg" if cell.drift == "another-picture" else "00004.jpg")

    def keys(self, cell: Cell) -> list[str]:
        """The objects that a job wrote into the shared bucket."""
        return [key for key in self._listed("frames") if key.startswith(f"{cell.name}/")]

    def _listed(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self._store.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def _delete(self, keys: Sequence[str], bucket: str = "frames") -> None:
        assert keys, "there is nothing to delete"
        for key in keys:
            self._store.delete_object(Bucket=bucket, Key=key)

    def _write(self, cell: Cell, end: str) -> None:
        self._store.put_object(Bucket="frames", Key=f"{cell.name}/output_{end}", Body=b"a picture")

    def _change(self, job: str, **changes: Any) -> None:
        self._emulator.request("PUT", f"/jobs/{job}", changes)


def declared(cell: Cell) -> Inputs:
    shape = cell.state if cell.state in WITH_PICTURES else "stills"
    inputs = job_inputs(cell.name, waitFor="submitted", frameType="normal", **_shape(cell, shape))
    inputs["snapshotConfig"]["outputFile"]["bucket"] = _place(cell, "pictures")
    if cell.state == "failed" or (cell.state, cell.drift) == ("submitted", "failed"):
        inputs["input"] = {**inputs["input"], "object": "nowhere.mp4"}
    if cell.state == "submitted":
        waits = cell.drift in ("succeeded", "failed", "succeeded-all-deleted")
        inputs["pipelineId"] = HELD if waits else FOR_EVER
    if shape == "one":
        for name in ("interval", "num"):
            del inputs["snapshotConfig"][name]
    return inputs


def _shape(cell: Cell, shape: str) -> Inputs:
    sheet = {**PLACE, "bucket": _place(cell, "sheets"), "object": f"{cell.name}/sheet_{{TileCount}}.jpg"}
    if shape == "sheets":
        return {"tileOutputFile": sheet, **TILES}
    if shape == "sheets-only":
        return {"tileOutputFile": sheet, "tileOut": {**TILES["tileOut"], "isKeepCellPic": False}}
    if shape in ("vtt", "one"):
        name = "index.vtt" if shape == "vtt" else "picture.jpg"
        file = {"outputFile": {**PLACE, "object": f"{cell.name}/{name}"}}
        return {**file, "format": "vtt"} if shape == "vtt" else file
    return {}


def _place(cell: Cell, which: str) -> str:
    """The bucket of a job's pictures or sheets; one of its own where buckets are emptied."""
    return f"{which}-of-{cell.state}-{cell.drift}"[:63] if cell.drift in EMPTIED else "frames"


def _pace(cell: Cell) -> int:
    if cell.state == "snapshoting":
        return SOON if cell.drift == "succeeded" else NEVER
    return 1


def actual_state(cell: Cell) -> str | None:
    """The state in which a job must be when the command runs; None where the service has forgotten it."""
    if cell.drift.startswith("forgotten"):
        return None
    return str(ACTUAL.get(cell.drift) or ACTUAL[cell.state])
