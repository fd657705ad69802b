"""Converts inputs to a SubmitSnapshotJob request, and a job as the service returns it to outputs."""

from __future__ import annotations

from dataclasses import dataclass
from posixpath import splitext
from typing import Any
from urllib.parse import quote, unquote

from pulumi_videosnap.alibaba import models
from pulumi_videosnap.alibaba import schema as declared
from pulumi_videosnap.alibaba.job_token import TOKEN
from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.rules import BRACED, COUNT, SNAPSHOT_TIME, TILE_COUNT
from pulumi_videosnap.alibaba.schema import SUCCESS, SnapshotJobInputs
from pulumi_videosnap.core.properties import Properties, camel
from pulumi_videosnap.core.timestamps import format_rfc3339
from pulumi_videosnap.errors import Garbled

DEFAULT_GRID = 10
"""Lines and columns of a sheet that sets neither (parameter details, TileOut)."""
MAX_FRAMES = 1_000_000
"""Frames of one job that are believed: one a second for eleven days."""


def submit_request(job: SnapshotJobInputs, token: str) -> models.SubmitSnapshotJobBody:
    """The request that submits the job; object keys are URL-encoded here, and nowhere else."""
    file, config = job.input, job.snapshot_config
    return models.SubmitSnapshotJobBody(
        input=models.InputFile(
            bucket=file.bucket, location=file.location, object=encode_key(file.object), referer=file.referer
        ),
        snapshot_config=models.SnapshotConfig(
            **config.model_dump(exclude={"output_file", "tile_output_file", "time"}),
            output_file=_output(config.output_file),
            tile_output_file=_output(config.tile_output_file) if config.tile_output_file else None,
            # The vendor's table has it as required, also with TimeArray.
            time=config.time or 0,
        ),
        pipeline_id=job.pipeline_id,
        user_data=token,
    )


def to_inputs(found: SnapshotJob) -> Properties:
    """The inputs that the service repeats, as a program declares them: keys decoded, without our token."""
    config = _to_declared(found.snapshot_config)
    if "timeArray" in config:
        config.pop("time", None)  # the vendor's table has it as required, so it was sent all the same
    text, _, _ = f"-{found.user_data or ''}".rpartition(f"-{TOKEN}")
    inputs = {"input": _to_declared(found.input), "snapshotConfig": config}
    optional = {"pipelineId": found.pipeline_id, "userData": text.removeprefix("-")}
    return {**inputs, **{name: value for name, value in optional.items() if value}}


def _to_declared(block: Any) -> Properties:
    values = [(camel(name), value) for name, value in block or () if value is not None and name != "role_arn"]
    return {name: unquote(value) if name == "object" else _to_declared_value(value) for name, value in values}


def _to_declared_value(value: Any) -> Any:
    return _to_declared(value) if isinstance(value, models.Wire) else value


def _output(file: declared.OutputFile | declared.TileOutputFile) -> models.OutputFile:
    return models.OutputFile(bucket=file.bucket, location=file.location, object=encode_key(file.object))


def to_state(job: SnapshotJobInputs, found: SnapshotJob) -> Properties:
    """Everything recorded of a job: its inputs, what the service returned, and the keys that it wrote."""
    return {**job.properties(), "result": result_of(found), **to_outputs(found), **written_keys(job, found)}


def to_outputs(found: SnapshotJob) -> Properties:
    """The outputs that the service returns."""
    outputs: Properties = {
        "jobId": found.id,
        "state": found.state,
        "token": found.user_data,
        "code": found.code or None,
        "message": found.message or None,
        "count": found.count,
        "tileCount": found.tile_count,
        "creationTime": format_rfc3339(found.creation_time, "seconds") if found.creation_time else None,
        "notification": _notification(found),
    }
    return {name: value for name, value in outputs.items() if value is not None}


def _notification(found: SnapshotJob) -> Properties | None:
    """What became of the message at the job's end: its id, or why it was not sent; None without a message."""
    sent = found.mns_message_result
    values = sent.model_dump() if sent else {}
    return {camel(name): value for name, value in values.items() if value} or None


def result_of(found: SnapshotJob) -> str:
    """The `result` input as the service has it: a job that has not ended counts as declared."""
    return f"failed: {found.code or 'no code given'}" if found.state == State.FAIL.value else SUCCESS


def written_keys(job: SnapshotJobInputs, found: SnapshotJob) -> dict[str, Any]:
    """The keys of the frames, the sheets and the WebVTT file that a finished job wrote."""
    if found.state != State.SUCCESS.value:
        return {"frames": []}
    count = _frame_count(job, found)
    config, source = job.snapshot_config, Source(job.input.object, job.snapshot_config.time or 0)
    if config.format:
        # No page documents the keys of a WebVTT's frames; the file itself lists them.
        return {"frames": [], "vtt": source.resolve(config.output_file.object, 1)}
    keys: dict[str, Any] = {"frames": []}
    if config.tile_out is None or config.tile_out.is_keep_cell_pic is not False:
        keys["frames"] = _numbered_keys(job, source, config.output_file.object, count)
    if config.tile_output_file:
        sheets = sheet_count(config.properties(), count)
        keys["tileFrames"] = _numbered_keys(job, source, config.tile_output_file.object, sheets)
    return keys


def _frame_count(job: SnapshotJobInputs, found: SnapshotJob) -> int:
    """How many frames there are, as the service counts them; a synchronous response may omit it."""
    count = 1 if found.count is None and not job.is_sequence else found.count or 0
    if not 0 <= count <= min(job.snapshot_config.num or MAX_FRAMES, MAX_FRAMES):
        reason = f"Count of job {found.id} is {count}, which is not what it was asked for"
        raise Garbled("QuerySnapshotJobList", reason, advice="run the same command again")
    return count


def with_recorded_count(found: SnapshotJob, recorded: Properties) -> SnapshotJob:
    """The job with the number of its frames; where the answer leaves it out, the recorded one."""
    if found.count is not None or recorded.get("count") is None:
        return found
    return found.model_copy(update={"count": int(recorded["count"])})


def sheet_count(config: Properties, frames: int) -> int:
    """How many sheets the frames fill. What TileCount counts is not documented, so it is not used."""
    tile = config.get("tileOut") or {}
    lines, columns = tile.get("lines") or DEFAULT_GRID, tile.get("columns") or DEFAULT_GRID
    cells = -(-frames // (tile.get("cellSelStep") or 1))
    return -(-cells // (lines * columns))


def _numbered_keys(job: SnapshotJobInputs, source: Source, template: str, count: int) -> list[str]:
    """The keys of a job's outputs; none where they are not known, {SnapshotTime} in a sequence."""
    if SNAPSHOT_TIME in template and job.is_sequence:
        return []
    return [source.resolve(template, number) for number in range(1, count + 1)]


def encode_key(key: str) -> str:
    """A key as the service requires it: UTF-8, percent-encoded, a space as %20, slashes unchanged."""
    return quote(key, safe="/")


@dataclass(frozen=True)
class Source:
    """The values of one job's placeholders: the input's key and the requested time, in milliseconds."""

    input_key: str
    time: int

    def resolve(self, template: str, number: int | None) -> str:
        """The key of output `number`, from 1, in five digits; without one, {Count} and {TileCount} stay."""
        folder, slash, name = self.input_key.rpartition("/")
        stem, extension = splitext(name)
        meaning = {
            "{ObjectPrefix}": folder + slash,
            "{FileName}": stem,
            "{ExtName}": extension.removeprefix("."),
            SNAPSHOT_TIME: str(self.time),
            **({} if number is None else dict.fromkeys((COUNT, TILE_COUNT), f"{number:05d}")),
        }
        return BRACED.sub(lambda found: meaning.get(found[0], found[0]), template)
