"""Snapshot jobs as plain data that can be stored as JSON. Times are Unix ms, UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import Enum

from videosnap_emulator.alibaba_mps.config import ObjectRef, Shots, SnapshotConfig, TileOut, Written
from videosnap_emulator.clock import Milliseconds, rfc3339
from videosnap_emulator.files import picture_url
from videosnap_emulator.tasks import Json


class JobState(str, Enum):
    """A job's state, in the vendor's spelling."""

    SUBMITTED = "Submitted"
    SNAPSHOTING = "Snapshoting"
    SUCCESS = "Success"
    FAIL = "Fail"


@dataclass(frozen=True)
class JobObject:
    """One object that a job wrote; `kind` is picture, sheet or vtt, `source_ms` the moment it shows."""

    kind: str
    bucket: str
    key: str
    content_type: str
    size: int
    width: int = 0
    height: int = 0
    source_ms: Milliseconds | None = None
    source_frame: int | None = None

    def view(self) -> Json:
        """Return the object as the control API shows it."""
        return {
            "kind": self.kind,
            "bucket": self.bucket,
            "key": self.key,
            "contentType": self.content_type,
            "size": self.size,
            "width": self.width,
            "height": self.height,
            "sourceMs": self.source_ms,
            "sourceFrame": self.source_frame,
            "url": picture_url(self.bucket, self.key),
        }


@dataclass
class Job:
    """One snapshot job. `number` rises with every submission, so it orders jobs of one second.

    `start_due` and `end_due` are when it begins and ends; None while it waits for a paused pipeline.
    """

    number: int
    job_id: str
    input: ObjectRef
    config: SnapshotConfig
    created: Milliseconds
    echo_input: Json = field(default_factory=dict)
    echo_config: Json = field(default_factory=dict)
    pipeline_id: str = ""
    user_data: str = ""
    state: JobState = JobState.SUBMITTED
    start_due: Milliseconds | None = None
    end_due: Milliseconds | None = None
    ended: Milliseconds | None = None
    code: str = ""
    message: str = ""
    count: int | None = None
    tile_count: int | None = None
    objects: tuple[JobObject, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in (JobState.SUCCESS, JobState.FAIL)

    def fail(self, at: Milliseconds, code: str, message: str) -> None:
        """End the job with the vendor's code and message."""
        self.state, self.ended, self.code, self.message = JobState.FAIL, at, code, message
        self.start_due = self.end_due = None

    def succeed(self, at: Milliseconds, shots: Shots) -> None:
        """End the job with everything that it wrote."""
        self.state, self.ended, self.code, self.message = JobState.SUCCESS, at, "", ""
        self.start_due = self.end_due = None
        # assumption: mps-counts
        self.count, self.tile_count = shots.count, shots.tile_count or None
        self.objects = tuple(
            JobObject(
                kind, place.bucket, one.key, one.content_type, len(one.body), one.width, one.height,
                one.source_ms, one.source_frame,
            )
            for kind, place, one in written_by(self.config, shots)
        )  # fmt: skip

    def to_json(self) -> Json:
        """Return everything, for `keep`."""
        return asdict(self)

    def view(self) -> Json:
        """Return the job as the control API shows it."""
        return {
            "cloud": "alibaba",
            "jobId": self.job_id,
            "state": self.state.value,
            "code": self.code or None,
            "message": self.message or None,
            "creationTime": rfc3339(self.created),
            "startDue": _moment(self.start_due),
            "endDue": _moment(self.end_due),
            "endTime": _moment(self.ended),
            "pipelineId": self.pipeline_id or None,
            "userData": self.user_data or None,
            "asynchronous": self.config.asynchronous,
            "input": asdict(self.input),
            "snapshotConfig": self.echo_config,
            "format": self.config.format,
            "count": self.count,
            "tileCount": self.tile_count,
            "objects": [one.view() for one in self.objects],
        }


def _moment(at: Milliseconds | None) -> str | None:
    return None if at is None else rfc3339(at)


def written_by(config: SnapshotConfig, shots: Shots) -> Iterator[tuple[str, ObjectRef, Written]]:
    """Give each object that a job writes, with its kind and the place that names its bucket."""
    for picture in shots.pictures:
        yield "picture", config.output, picture
    for sheet in shots.sheets:
        yield "sheet", config.tile_output or config.output, sheet
    if shots.vtt is not None:
        yield "vtt", config.output, shots.vtt


def _ref(stored: Json | None) -> ObjectRef | None:
    return ObjectRef(**stored) if stored else None


def _config(stored: Json) -> SnapshotConfig:
    points = stored["time_points"]
    parts = {
        "output": ObjectRef(**stored["output"]),
        "tile_output": _ref(stored["tile_output"]),
        "tile": TileOut(**stored["tile"]) if stored["tile"] else None,
        "time_points": None if points is None else tuple(points),
    }
    return SnapshotConfig(**{**stored, **parts})


def job_from_json(stored: Json) -> Job:
    """Return the job that `Job.to_json` described."""
    parts = {
        "input": ObjectRef(**stored["input"]),
        "config": _config(stored["config"]),
        "state": JobState(stored["state"]),
        "objects": tuple(JobObject(**one) for one in stored["objects"]),
    }
    return Job(**{**stored, **parts})
