"""Converts inputs to a SubmitSnapshotJob request, and a job as the service returns it to outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import splitext
from typing import Any
from urllib.parse import quote

from pulumi_videosnap.alibaba import models
from pulumi_videosnap.alibaba import schema as declared
from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.rules import BRACED, COUNT, SNAPSHOT_TIME, TILE_COUNT
from pulumi_videosnap.alibaba.schema import SUCCESS, SnapshotJobInputs
from pulumi_videosnap.alibaba.state_tag import TOKEN, may_be_of_state, state_tag, without_state_tag
from pulumi_videosnap.core.properties import Path, Properties, Unknown, dotted, value_at
from pulumi_videosnap.core.schema import Effect, facts
from pulumi_videosnap.core.timestamps import format_rfc3339

DEFAULT_GRID = 10
"""Lines and columns of a sheet that sets neither (parameter details, TileOut)."""


def owner_tag(owner: str) -> str:
    """The part of a job's UserData that names its owner."""
    return f"{TOKEN}{_digest(owner, 16)}-"


def job_token(job: SnapshotJobInputs, state_id: str) -> str:
    """The UserData that identifies a job: the user's own text, the owner, inputs, state."""
    properties = job.properties()
    values = {
        dotted(leaf.path): value_at(properties, leaf.path)
        for leaf in facts(SnapshotJobInputs)
        if leaf.effect is Effect.REPLACE
    }
    declared_values = {path: value for path, value in values.items() if value is not None}
    token = owner_tag(job.owner) + _digest(json.dumps(declared_values, sort_keys=True), 24)
    token += f"-{state_tag(state_id)}" if state_id else ""
    return f"{job.user_data}-{token}" if job.user_data else token


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def adoptable(found: Sequence[SnapshotJob], token: str, replaced: str) -> SnapshotJob | None:
    """The newest of an owner's jobs when it is the requested one, so that an earlier create submitted it.

    Not a job of another state, which is of a stack in another backend, or of one that was destroyed. Not the
    run that is being replaced, and not one that failed. A newer job may have overwritten the output of an
    older one, so only the newest counts.
    """
    newest = next((job for job in found if may_be_of_state(job, token)), None)
    if newest is None or newest.id == replaced or newest.state == State.FAIL.value:
        return None
    return newest if without_state_tag(newest.user_data) == without_state_tag(token) else None


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
    }
    return {name: value for name, value in outputs.items() if value is not None}


def with_recorded_count(found: SnapshotJob, recorded: Properties) -> SnapshotJob:
    """The job with the number of its frames; where the answer leaves it out, the recorded one."""
    if found.count is not None or recorded.get("count") is None:
        return found
    return found.model_copy(update={"count": int(recorded["count"])})


def result_of(found: SnapshotJob) -> str:
    """The `result` input as the service has it: a job that has not ended counts as declared."""
    return f"failed: {found.code or 'no code given'}" if found.state == State.FAIL.value else SUCCESS


def written_keys(job: SnapshotJobInputs, found: SnapshotJob) -> dict[str, Any]:
    """The keys of the frames, the sheets and the WebVTT file that a finished job wrote."""
    if found.state != State.SUCCESS.value:
        return {"frames": []}
    config, source = job.snapshot_config, Source(job.input.object, job.snapshot_config.time or 0)
    if config.format:
        # No page documents the keys of a WebVTT's frames; the file itself lists them.
        return {"frames": [], "vtt": source.resolve(config.output_file.object, 1)}
    count = _frame_count(job, found)
    keys: dict[str, Any] = {"frames": []}
    if config.tile_out is None or config.tile_out.is_keep_cell_pic is not False:
        keys["frames"] = list(_numbered_keys(source, config.output_file.object, count))
    if config.tile_output_file:
        keys["tileFrames"] = list(
            _numbered_keys(source, config.tile_output_file.object, sheet_count(config.properties(), count))
        )
    return keys


def _frame_count(job: SnapshotJobInputs, found: SnapshotJob) -> int:
    """How many frames there are, as the service counts them; a synchronous response may omit it."""
    return 1 if found.count is None and not job.is_sequence else found.count or 0


def sheet_count(config: Properties, frames: int) -> int:
    """How many sheets the frames fill. What TileCount counts is not documented, so it is not used."""
    tile = config.get("tileOut") or {}
    lines, columns = tile.get("lines") or DEFAULT_GRID, tile.get("columns") or DEFAULT_GRID
    cells = -(-frames // (tile.get("cellSelStep") or 1))
    return -(-cells // (lines * columns))


def _numbered_keys(source: Source, template: str, count: int) -> Iterator[str]:
    return (source.resolve(template, number) for number in range(1, count + 1))


def recorded_objects(recorded: Properties) -> dict[str, list[str]]:
    """Every recorded object of a job, by bucket."""
    found: dict[str, list[str]] = {}
    config = recorded["snapshotConfig"]
    for name, file in (("frames", "outputFile"), ("tileFrames", "tileOutputFile")):
        if recorded.get(name):
            found.setdefault(config[file]["bucket"], []).extend(recorded[name])
    if recorded.get("vtt"):
        found.setdefault(config["outputFile"]["bucket"], []).append(recorded["vtt"])
    return found


def object_location(recorded: Properties, bucket: str, key: str) -> str:
    """An object's name among all buckets of the cloud."""
    return f"{recorded['input']['location']}/{bucket}/{key}"


def written_locations(recorded: Properties) -> Iterator[str]:
    """Every recorded object of a job, as `object_location`."""
    for bucket, keys in recorded_objects(recorded).items():
        yield from (object_location(recorded, bucket, key) for key in keys)


def declared_locations(job: SnapshotJobInputs) -> Iterator[tuple[Path, str]]:
    """Where a job writes, with the path of the declaring field; skips values unknown in a preview."""
    config = job.snapshot_config
    if isinstance(config, Unknown):
        return
    files = (("outputFile", config.output_file), ("tileOutputFile", config.tile_output_file))
    for name, file in files:
        if file is None or isinstance(file, Unknown) or isinstance(job.input, Unknown):
            continue
        parts: list[Any] = [file.location, file.bucket, file.object, job.input.object, config.time]
        if any(isinstance(part, Unknown) for part in parts):
            continue
        source = Source(job.input.object, config.time or 0)
        yield (
            ("snapshotConfig", name, "object"),
            f"{file.location}/{file.bucket}/{source.resolve(file.object, 0)}",
        )


def encode_key(key: str) -> str:
    """A key as the service requires it: UTF-8, percent-encoded, a space as %20, slashes unchanged."""
    return quote(key, safe="/")


@dataclass(frozen=True)
class Source:
    """The values of one job's placeholders: the input's key and the requested time, in milliseconds."""

    input_key: str
    time: int

    def resolve(self, template: str, number: int) -> str:
        """The key of output `number`, from 1; {Count} and {TileCount} have five digits."""
        folder, slash, name = self.input_key.rpartition("/")
        stem, extension = splitext(name)
        meaning = {
            "{ObjectPrefix}": folder + slash,
            "{FileName}": stem,
            "{ExtName}": extension.removeprefix("."),
            SNAPSHOT_TIME: str(self.time),
            COUNT: f"{number:05d}",
            TILE_COUNT: f"{number:05d}",
        }
        return BRACED.sub(lambda found: meaning.get(found[0], found[0]), template)
