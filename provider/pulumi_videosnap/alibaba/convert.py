"""Between a program's words and the wire: inputs to a SubmitSnapshotJob body, a job back to outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pulumi_videosnap.alibaba import models
from pulumi_videosnap.alibaba import schema as declared
from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.object_keys import Source, encoded
from pulumi_videosnap.alibaba.schema import SUCCESS, SnapshotJobInputs
from pulumi_videosnap.core.schema import Effect, Path, Properties, Unknown, dotted, facts, value_at

TOKEN = "videosnap-"  # noqa: S105 - the start of a name, not a credential
"""How the token of a job starts, for whoever meets it in the console."""
DEFAULT_GRID = 10
"""Lines and columns of a sheet that says neither (parameter details, TileOut)."""


def owner_tag(owner: str) -> str:
    """The part of a job's UserData that says whose job it is."""
    return f"{TOKEN}{_digest(owner, 16)}-"


def job_token(job: SnapshotJobInputs) -> str:
    """The UserData by which a job is found again: the user's own text, whose job it is, what it asks for."""
    asked = {
        dotted(leaf.path): value_at(job.properties(), leaf.path)
        for leaf in facts(SnapshotJobInputs)
        if leaf.effect is Effect.REPLACE
    }
    given = {path: value for path, value in asked.items() if value is not None}
    token = owner_tag(job.owner) + _digest(json.dumps(given, sort_keys=True), 24)
    return f"{job.user_data}-{token}" if job.user_data else token


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def submit_request(job: SnapshotJobInputs) -> models.SubmitSnapshotJobBody:
    """The request that submits the job; keys are encoded here, and nowhere else."""
    file, config = job.input, job.snapshot_config
    return models.SubmitSnapshotJobBody(
        input=models.InputFile(
            bucket=file.bucket, location=file.location, object=encoded(file.object), referer=file.referer
        ),
        snapshot_config=models.SnapshotConfig(
            output_file=_output(config.output_file),
            # The vendor's table has it as required, also where every moment is listed.
            time=config.time or 0,
            interval=config.interval,
            num=config.num,
            width=config.width,
            height=config.height,
            frame_type=config.frame_type,
            tile_output_file=_output(config.tile_output_file) if config.tile_output_file else None,
            tile_out=models.TileOut(**dict(config.tile_out)) if config.tile_out else None,
            format=config.format,
            sub_out=models.SubOut(**dict(config.sub_out)) if config.sub_out else None,
            black_level=config.black_level,
            pixel_black_threshold=config.pixel_black_threshold,
            time_array=models.TimeArray(**dict(config.time_array)) if config.time_array else None,
        ),
        pipeline_id=job.pipeline_id,
        user_data=job_token(job),
    )


def _output(file: declared.OutputFile | declared.TileOutputFile) -> models.OutputFile:
    return models.OutputFile(bucket=file.bucket, location=file.location, object=encoded(file.object))


def to_state(job: SnapshotJobInputs, found: SnapshotJob) -> Properties:
    """Everything recorded of a job: its inputs, what the service says, and the keys that it wrote."""
    return {**job.properties(), "result": result_of(found), **to_outputs(found), **written_keys(job, found)}


def to_outputs(found: SnapshotJob) -> Properties:
    """What only the service knows of a job."""
    told: Properties = {
        "jobId": found.id,
        "state": found.state,
        "token": found.user_data,
        "code": found.code or None,
        "message": found.message or None,
        "count": found.count,
        "tileCount": found.tile_count,
        "creationTime": rfc3339(found.creation_time) if found.creation_time else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def result_of(found: SnapshotJob) -> str:
    """The `result` input as the service sees it: a job that goes on is as declared so far."""
    return f"failed: {found.code or 'no code given'}" if found.state == State.FAIL.value else SUCCESS


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as the service writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def written_keys(job: SnapshotJobInputs, found: SnapshotJob) -> dict[str, Any]:
    """The keys of the pictures, the sheets and the WebVTT that a finished job wrote."""
    if found.state != State.SUCCESS.value:
        return {"frames": []}
    config, source = job.snapshot_config, Source(job.input.object, job.snapshot_config.time or 0)
    if config.format:
        # No page names the pictures of a WebVTT; the file itself lists them.
        return {"frames": [], "vtt": source.resolve(config.output_file.object, 1)}
    taken = _taken(job, found)
    keys: dict[str, Any] = {"frames": []}
    if config.tile_out is None or config.tile_out.is_keep_cell_pic is not False:
        keys["frames"] = list(_numbered(source, config.output_file.object, taken))
    if config.tile_output_file:
        keys["tileFrames"] = list(
            _numbered(source, config.tile_output_file.object, sheet_count(config.properties(), taken))
        )
    return keys


def _taken(job: SnapshotJobInputs, found: SnapshotJob) -> int:
    """How many pictures there are: as the service counts them; a synchronous answer may not say it."""
    return 1 if found.count is None and not job.is_sequence else found.count or 0


def sheet_count(config: Properties, pictures: int) -> int:
    """How many sheets the pictures fill. The pages leave open what TileCount counts, so it is not asked."""
    tile = config.get("tileOut") or {}
    lines, columns = tile.get("lines") or DEFAULT_GRID, tile.get("columns") or DEFAULT_GRID
    cells = -(-pictures // (tile.get("cellSelStep") or 1))
    return -(-cells // (lines * columns))


def _numbered(source: Source, template: str, count: int) -> Iterator[str]:
    return (source.resolve(template, number) for number in range(1, count + 1))


def recorded_objects(recorded: Properties) -> dict[str, list[str]]:
    """Every object that is recorded of a job, by its bucket."""
    found: dict[str, list[str]] = {}
    config = recorded["snapshotConfig"]
    for name, file in (("frames", "outputFile"), ("tileFrames", "tileOutputFile")):
        if recorded.get(name):
            found.setdefault(config[file]["bucket"], []).extend(recorded[name])
    if recorded.get("vtt"):
        found.setdefault(config["outputFile"]["bucket"], []).append(recorded["vtt"])
    return found


def object_location(recorded: Properties, bucket: str, key: str) -> str:
    """An object's name in the whole cloud."""
    return f"{recorded['input']['location']}/{bucket}/{key}"


def written_locations(recorded: Properties) -> Iterator[str]:
    """Every object that is recorded of a job, by its name in the whole cloud."""
    for bucket, keys in recorded_objects(recorded).items():
        yield from (object_location(recorded, bucket, key) for key in keys)


def declared_locations(job: SnapshotJobInputs) -> Iterator[tuple[Path, str]]:
    """Where a job writes, with the path of the field that says so; without what a preview does not know."""
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
