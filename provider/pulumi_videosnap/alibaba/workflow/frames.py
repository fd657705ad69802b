"""Where the frames of a workflow are: those of its runs, one for each upload (`frames.rules`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_videosnap.alibaba.api import MAX_IDS
from pulumi_videosnap.alibaba.convert import Source, sheet_count, to_inputs
from pulumi_videosnap.alibaba.failures import explain
from pulumi_videosnap.alibaba.frames import offsets_of, output_location
from pulumi_videosnap.alibaba.models import SnapshotJob, State
from pulumi_videosnap.alibaba.responses import rule_of
from pulumi_videosnap.alibaba.rules import BRACED, is_sequence
from pulumi_videosnap.alibaba.workflow.api import WorkflowApi, connect
from pulumi_videosnap.alibaba.workflow.models import FAILED, SKIPPED, SUCCEEDED, RunActivity, WorkflowRun
from pulumi_videosnap.errors import CannotCheck
from pulumi_videosnap.frames.rules import RecordedFrames, RecordedSeries
from pulumi_videosnap.settings import Lookup
from pulumi_videosnap.state import recorded_block, recorded_profile
from pulumi_videosnap.storage.platforms import Location

keys_output: str | None = None
run_inputs: tuple[str, ...] = ()
since_output: str | None = "creation_time"
location_outputs: tuple[str, ...] = ("input", "snapshots", "media_workflow_id")
schedule_outputs: tuple[str, ...] = ()

_BAD_REQUEST = 400
_NOT_REPEATED = ("format", "subOut", "blackLevel", "pixelBlackThreshold")
"""Settings that a job does not repeat."""
_ORIGIN = "its run should have written it"
Values = Mapping[str, Any]
Connect = Callable[[str | None, str, Lookup], WorkflowApi]


def location(properties: Values) -> Location:
    """Where the first activity writes, up to the first placeholder; each may have a bucket of its own."""
    for config in recorded_block(properties, "snapshots").values():
        place = output_location({**properties, "snapshotConfig": config}, "outputFile")
        key = str((config.get("outputFile") or {}).get("object", ""))
        return replace(place, prefix=BRACED.split(key)[0])
    raise CannotCheck("state records no snapshots for it")


def expected(properties: Values, config: Lookup, open_api: Connect = connect) -> RecordedFrames:
    """The frames of every run of the last 90 days; a failed run has those that it should have written."""
    source, workflow_id = recorded_block(properties, "input"), properties.get("mediaWorkflowId")
    if not workflow_id:
        raise CannotCheck("state records no workflow for it")
    api = open_api(recorded_profile(properties), str(source.get("location")), config)
    runs = sorted(api.runs(str(workflow_id)), key=lambda run: (run.creation_time is not None, _age(run)))
    jobs = _jobs_of(api, runs)
    repeated = Counter(run.key for run in runs)
    series: list[RecordedSeries] = []
    for run in runs:
        series += _series_of(run, properties, jobs, repeated[run.key] > 1)
    return RecordedFrames(tuple(series), (*_notes(runs), *failed_runs(runs)))


def _age(run: WorkflowRun) -> float:
    return run.creation_time.timestamp() if run.creation_time else 0.0


def _jobs_of(api: WorkflowApi, runs: Iterable[WorkflowRun]) -> dict[str, SnapshotJob]:
    ids = list(dict.fromkeys(one.job_id for run in runs for one in _snapshots(run) if one.job_id))
    tens = (ids[at : at + MAX_IDS] for at in range(0, len(ids), MAX_IDS))
    return {job.id: job for ten in tens for job in api.query(ten).jobs}


def _snapshots(run: WorkflowRun) -> Iterator[RunActivity]:
    return (one for one in run.activities if one.type.lower() in ("snapshot", "screenshot"))


def _series_of(
    run: WorkflowRun, workflow: Values, jobs: Mapping[str, SnapshotJob], repeated: bool
) -> Iterator[RecordedSeries]:
    snapshots = recorded_block(workflow, "snapshots")
    for activity in _snapshots(run):
        name = f"{run.key} {activity.name}" + (f" ({run.run_id[:8]})" if repeated else "")
        job = jobs.get(activity.job_id)
        config = _settings(snapshots.get(activity.name), job)
        ended = activity.state in (FAILED, SKIPPED, SUCCEEDED)
        if not ended or (job and not job.has_ended):
            continue
        if config is None:
            yield RecordedSeries(name, None, (), problem="its settings at that time are not recorded")
            continue
        yield from _Activity(run, workflow, config, job, activity.state == SUCCEEDED).series(name)


def _settings(recorded: Any, job: SnapshotJob | None) -> Values | None:
    """The settings that the job had, which may be older than the recorded ones; None where nobody knows."""
    config = recorded if isinstance(recorded, Mapping) else None
    repeated: Values = to_inputs(job)["snapshotConfig"] if job else {}
    if not repeated.get("outputFile"):
        return config and {**config, "frameType": None}  # so that no moment is certain
    return {**{name: config[name] for name in _NOT_REPEATED if config and name in config}, **repeated}


@dataclass(frozen=True)
class _Activity:
    """What one snapshot activity of a run wrote, or should have written."""

    run: WorkflowRun
    workflow: Values
    config: Values
    job: SnapshotJob | None
    succeeded: bool

    def series(self, name: str) -> Iterator[RecordedSeries]:
        count, config = self._count(), self.config
        if config.get("format"):
            return  # the keys of a WebVTT's frames are not documented
        if (config.get("tileOut") or {}).get("isKeepCellPic") is not False:
            keys = self._keys("outputFile", count)
            offsets = offsets_of(config, len(keys))
            yield RecordedSeries(name, self._location("outputFile"), keys, offsets, origin=_ORIGIN)
        if config.get("tileOutputFile"):
            keys = self._keys("tileOutputFile", sheet_count(dict(config), count))
            place = self._location("tileOutputFile")
            yield RecordedSeries(f"{name} sheets", place, keys, origin=_ORIGIN)

    def _count(self) -> int:
        """How many frames the job took; of a failed one, one is expected, since how many is not known."""
        job = self.job
        if not self.succeeded or (job and job.state == State.FAIL.value):
            return 1
        if job is not None and job.count is not None:
            return job.count
        return int(self.config.get("num") or 1) if is_sequence(self.config) else 1

    def _keys(self, file: str, count: int) -> list[str]:
        template = str((self.config.get(file) or {}).get("object", ""))
        for name, value in (("{RunId}", self.run.run_id), ("{MediaId}", self.run.media_id)):
            template = template.replace(name, value)
        source = Source(self.run.key, int(self.config.get("time") or 0))
        return list(dict.fromkeys(source.resolve(template, number) for number in range(1, count + 1)))

    def _location(self, file: str) -> Location:
        return output_location({**self.workflow, "snapshotConfig": self.config}, file)


def _notes(runs: Sequence[WorkflowRun]) -> Iterator[str]:
    yield f"{len(runs):,} runs in the last 90 days, which is as far as the service lists them"
    running = [run for run in runs if any(one.state == "Running" for one in run.activities)]
    if running:
        yield f"{len(running):,} runs have not ended; their frames are not expected yet"


def failed_runs(runs: Iterable[WorkflowRun]) -> Iterator[str]:
    """A sentence on each failed activity: the upload, the vendor's code, its cause and its cure."""
    for run in runs:
        for one in run.failed:
            cure = rule_of(one.code, _BAD_REQUEST).advice or "fix the cause"
            yield (
                f"run {run.run_id} of {run.key!r} failed in {one.name}: {explain(one.code, one.message)}; "
                f"{cure}, then upload it again"
            )
