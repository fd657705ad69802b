"""What happens in runs of workflows and when: uploads that trigger, activities, their jobs, messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.scheduler import Event, Scheduler
from videosnap_emulator.core.service import ApiError
from videosnap_emulator.services.mps.backend import MpsBackend
from videosnap_emulator.services.mps.errors import content_bad, not_found, service_error
from videosnap_emulator.services.mps.models import STANDARD, Job, JobState, ObjectRef, SnapshotConfig
from videosnap_emulator.services.mps.responses import echo_place, oss_url
from videosnap_emulator.services.mps.state import MpsState
from videosnap_emulator.services.mps.topology import Topology, read_topology
from videosnap_emulator.services.mps.workflow_models import (
    COMPLETED,
    FAIL,
    INPUT,
    OUTPUT,
    REPORT,
    RUNNING,
    SKIPPED,
    SNAPSHOT,
    START,
    SUCCESS,
    ActivityRun,
    Run,
    Workflow,
)
from videosnap_emulator.services.mps.workflow_responses import run_message

#: The event that ends a run's Start activity.
RUN_START_END = 2


class RunBackend:
    """Runs on the emulated clock; whether an input can be read is found out beside the scheduler's lock."""

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        state: MpsState,
        jobs: MpsBackend,
        new_id: Callable[[], str],
    ):
        self._name, self._scheduler, self._new_id = name, scheduler, new_id
        self._state, self._flow, self._jobs = state, state.flow, jobs
        self._probes: dict[int, Future[None]] = {}
        jobs.on_end = self._end_job

    def restore(self) -> None:
        """Forget running probes and enter the events of all runs."""
        self._probes.clear()
        for run in self._flow.runs.values():
            if run.start_due is not None:
                self._scheduler.add(run.start_due, self._name, RUN_START_END, run.number)

    def arrive(self, bucket: str, key: str) -> None:
        """Start the workflows that an upload triggers; a call of the storage, outside of transactions."""
        with self._scheduler.transaction() as now:
            if not self._flow.is_bound(bucket, INPUT):
                return
            for workflow in list(self._flow.workflows.values()):
                if self._flow.may_trigger(workflow, key):
                    topology = self.topology_of(workflow.topology)
                    # assumption: mps-trigger
                    if topology.bucket == bucket and key.startswith(topology.prefix):
                        self.start(workflow, ObjectRef(bucket, topology.location, key), now)

    def topology_of(self, text: str) -> Topology:
        """Return a stored topology."""
        return read_topology(text, self._jobs.worker.readings)

    def start(self, workflow: Workflow, source: ObjectRef, now: Milliseconds, user_data: str = "") -> Run:
        """Begin a run with its Start activity."""
        number = self._flow.next_number("run")
        run = Run(
            number=number,
            run_id=self._new_id(),
            workflow_id=workflow.workflow_id,
            workflow_name=workflow.name,
            topology=workflow.topology,
            input=source,
            media_id=media_id(source),
            created=now,
            user_data=user_data,
            # assumption: mps-run-time
            start_due=now + self._state.pace.queued,
        )
        run.activities.append(ActivityRun(self.topology_of(run.topology).name_of(START), START, RUNNING, now))
        self._flow.runs[number] = run
        self._scheduler.add(now + self._state.pace.queued, self._name, RUN_START_END, number)
        return run

    def adopt(self, job: Job, name: str, now: Milliseconds) -> None:
        """Put a job that was submitted directly into an ended run of a workflow of that name."""
        source, start, snapshot, report = job.input, "Act-Start", "Act-Snapshot", "Act-Report"
        kinds = {start: START, snapshot: SNAPSHOT, report: REPORT}
        activities = [ActivityRun(one, kind, SUCCESS, now, now) for one, kind in kinds.items()]
        activities[1].job_id = job.job_id
        number, workflow_id = self._flow.next_number("run"), hashlib.sha256(name.encode()).hexdigest()[:32]
        self._flow.runs[number] = Run(
            number, self._new_id(), workflow_id, name, "", source, media_id(source), now,
            state=COMPLETED, activities=activities,
        )  # fmt: skip
        job.run, job.activity, job.workflow = number, snapshot, name

    def run_event(self, event: Event, wait: bool) -> bool:
        """End a run's Start activity; False while its input is being read and the caller does not wait."""
        run = self._flow.runs.get(event.id)
        if run is None or run.start_due != event.due:
            self._probes.pop(event.id, None)
            return True
        if run.number not in self._probes:
            self._probes[run.number] = self._jobs.worker.probe(run.input)
        probe = self._probes[run.number]
        if not wait and not probe.done():
            return False
        del self._probes[run.number]
        self._end_start(run, event.due, probe)
        return True

    def _end_start(self, run: Run, at: Milliseconds, probe: Future[None]) -> None:
        activity, topology = run.activities[0], self.topology_of(run.topology)
        failure = _failure_of(probe)
        if failure:
            activity.finish(FAIL, at, failure.code, failure.message)
        else:
            activity.finish(SUCCESS, at)
        run.start_due = None
        self._send(run, topology, activity, at)
        self._go_on(run, topology, at)

    def _go_on(self, run: Run, topology: Topology, at: Milliseconds) -> None:
        """Begin every activity whose predecessors have ended, until there is none."""
        while ready := next(_ready(run, topology), None):
            self._begin(run, topology, ready, at)
        self._flow.runs.touch(run.number)

    def _begin(self, run: Run, topology: Topology, name: str, at: Milliseconds) -> None:
        kind = topology.types[name]
        activity = ActivityRun(name, kind, RUNNING, at)
        run.activities.append(activity)
        if kind == REPORT:
            self._end(run, topology, activity, at)
        elif kind != SNAPSHOT or _follows_failure(run, topology, name):
            # assumption: mps-skipped
            activity.finish(SKIPPED, at)
        else:
            try:
                activity.job_id = self._submit(run, topology, name, at)
            except ApiError as refusal:
                activity.finish(FAIL, at, refusal.code, refusal.message)

    def _end(self, run: Run, topology: Topology, report: ActivityRun, at: Milliseconds) -> None:
        report.finish(SUCCESS, at)
        # assumption: mps-ended-run
        ended = SUCCESS if self._flow.readings.ended_run == "success" else COMPLETED
        failed_start = ended == COMPLETED and run.activities[0].state == FAIL
        run.state = FAIL if failed_start else ended
        self._send(run, topology, report, at)

    def _submit(self, run: Run, topology: Topology, name: str, at: Milliseconds) -> str:
        """Queue the job of a Snapshot activity and return its id; raise ApiError."""
        snapshot, pipeline_id = topology.snapshots[name], topology.pipeline_id
        for output in filter(None, (snapshot.config.output, snapshot.config.tile_output)):
            # assumption: mps-output-bucket
            if not self._flow.is_bound(output.bucket, OUTPUT):
                raise service_error("PermissionDenied.ResourceAccess")
        self._state.check_pipeline(pipeline_id)
        # assumption: mps-pipeline-speed
        if self._state.pipelines[pipeline_id].speed != STANDARD:
            raise service_error("InvalidParameter.NotSupported", "PipelineId")
        job = Job(
            number=self._state.last_number + 1,
            job_id=self._new_id(),
            input=run.input,
            config=_fill(snapshot.config, run, self._flow.readings.ext_name == "dot"),
            created=at,
            echo_input=echo_place(run.input),
            echo_config=snapshot.echo,
            pipeline_id=pipeline_id,
            run=run.number,
            activity=name,
            workflow=run.workflow_name,
        )
        # assumption: mps-paused-workflow
        if self._state.is_held(job) and self._flow.readings.paused_pipeline == "fails":
            raise service_error("InvalidParameter.InvalidState", "PipelineId")
        self._jobs.add(job, at)
        return job.job_id

    def _end_job(self, job: Job, at: Milliseconds) -> None:
        """End the activity whose job ended, and go on with its run."""
        run = self._flow.runs.get(job.run)
        activity = run and run.activity(job.activity)
        if not run or not activity or activity.end is not None:
            return
        if job.state is JobState.SUCCESS:
            activity.finish(SUCCESS, at)
        else:
            activity.finish(FAIL, at, job.code, job.message)
        self._go_on(run, self.topology_of(run.topology), at)

    def _send(self, run: Run, topology: Topology, activity: ActivityRun, at: Milliseconds) -> None:
        """Send the message at the end of Start or Report, if the workflow names a queue or topic."""
        message_id = f"{run.run_id}-{activity.type}".upper()
        body = run_message(run, activity)
        activity.notification = self._flow.send(
            message_id, at, "workflow", topology.queue, topology.topic, body
        )


def media_id(source: ObjectRef) -> str:
    """Return the id of the media of an input: one input is one media."""
    return hashlib.md5(oss_url(source).encode(), usedforsecurity=False).hexdigest()


def _failure_of(probe: Future[None]) -> ApiError | None:
    try:
        probe.result()
    except KeyError:
        return not_found("InputFile")
    except ValueError:
        return content_bad()
    return None


def _ready(run: Run, topology: Topology) -> Iterator[str]:
    ended = {one.name for one in run.activities if one.end is not None}
    return (
        name
        for name, before in topology.preceding.items()
        if before and before <= ended and run.activity(name) is None
    )


def _follows_failure(run: Run, topology: Topology, name: str) -> bool:
    """Return whether anything before an activity failed."""
    before = topology.preceding[name]
    states = [one.state for one in run.activities if one.name in before]
    return FAIL in states or any(_follows_failure(run, topology, one) for one in before)


def _fill(config: SnapshotConfig, run: Run, dotted: bool) -> SnapshotConfig:
    """Fill in the placeholders that only workflows have; the others are filled in with each frame."""
    # assumption: mps-ext-name
    values = {"{RunId}": run.run_id, "{MediaId}": run.media_id}
    if dotted and "." in run.input.key.rpartition("/")[2]:
        values["{ExtName}"] = ".{ExtName}"

    def filled(place: ObjectRef) -> ObjectRef:
        key = place.key
        for placeholder, value in values.items():
            key = key.replace(placeholder, value)
        return replace(place, key=key)

    tile = config.tile_output
    return replace(config, output=filled(config.output), tile_output=tile and filled(tile))
