"""The control API's part for MPS: jobs, how long they take, pipelines."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.control.responses import json_response, object_url
from videosnap_emulator.control.validation import (
    FieldError,
    NotFoundError,
    Reader,
    number,
    query_whole,
    read_fields,
    whole,
    word,
)
from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds, rfc3339
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import ControlRoute
from videosnap_emulator.services.mps.backend import MpsBackend
from videosnap_emulator.services.mps.errors import not_found
from videosnap_emulator.services.mps.models import (
    DEFAULT_PIPELINE_ID,
    ID,
    NOTIFY_FIELDS,
    PIPELINE_STATES,
    SPEEDS,
    Job,
    JobState,
    OutputObject,
    Pipeline,
)
from videosnap_emulator.services.mps.requests import USER_DATA
from videosnap_emulator.services.mps.runs import RunBackend
from videosnap_emulator.services.mps.state import MpsState

_MAX_SECONDS = 86_400 * 366
_STATES = tuple(state.value for state in JobState)
_COUNTS = whole(range(1_000_001))


def _user_data(name: str, value: object) -> str:
    if not isinstance(value, str) or (value and not USER_DATA.fullmatch(value)):
        raise FieldError(name, "must be letters, digits and hyphens")
    return value


def _notify(name: str, value: object) -> Json:
    return read_fields(value, dict.fromkeys(NOTIFY_FIELDS, word()), name)


_JOB: dict[str, Reader] = {
    "state": word(_STATES),
    "code": word(),
    "message": word(),
    "userData": _user_data,
    "workflow": word(),
    "count": _COUNTS,
    "tileCount": _COUNTS,
}
_PIPELINE: dict[str, Reader] = {
    "name": word(),
    "state": word(PIPELINE_STATES),
    "speed": word(SPEEDS),
    "notifyConfig": _notify,
}
_PACE = {f"{name}Seconds": name for name in ("queued", "running", "sync")}


class MpsControl:
    """The operations; each is one short method."""

    def __init__(self, scheduler: Scheduler, state: MpsState, backend: MpsBackend, runs: RunBackend):
        self._scheduler, self._state, self._backend, self._runs = scheduler, state, backend, runs

    def routes(self) -> list[ControlRoute]:
        """Return method, path and function of each operation."""
        job, pipeline = "/jobs/{job}", "/pipelines/{pipeline}"
        return [
            ControlRoute("GET", "/jobs", self.list_jobs),
            ControlRoute("GET", "/jobs/pace", self.get_pace),
            ControlRoute("PUT", "/jobs/pace", self.set_pace),
            ControlRoute("GET", job, self.get_job),
            ControlRoute("PUT", job, self.change_job),
            ControlRoute("DELETE", job, self.forget_job),
            ControlRoute("GET", "/pipelines", self.list_pipelines),
            ControlRoute("GET", pipeline, self.get_pipeline),
            ControlRoute("PUT", pipeline, self.put_pipeline),
            ControlRoute("DELETE", pipeline, self.drop_pipeline),
        ]

    def list_jobs(self, request: Request, _body: Any) -> Response:
        """List the jobs, newest first."""
        wanted, limit = request.query_params.get("state"), query_whole(request, "limit", 1 << 31)
        if wanted is not None and wanted not in _STATES:
            raise FieldError("state", f"must be one of {', '.join(_STATES)}")
        with self._scheduler.transaction():
            jobs = [job for job in self._state.jobs.newest() if wanted in (None, job.state.value)]
            shown = [job_view(job) for job in jobs[:limit]]
        return json_response({"jobs": shown, "total": len(jobs)})

    def get_job(self, request: Request, _body: Any) -> Response:
        """Show one job."""
        with self._scheduler.transaction():
            return json_response(job_view(self._job(request)))

    def change_job(self, request: Request, body: Any) -> Response:
        """Change a job outside the API."""
        given = read_fields(body, _JOB)
        with self._scheduler.transaction() as now:
            job = self._job(request)
            moved = self._move(job, JobState(given.get("state", job.state)), now)
            job.code, job.message = given.get("code", job.code), given.get("message", job.message)
            job.user_data = given.get("userData", job.user_data)
            if given.get("workflow"):
                self._runs.adopt(job, given["workflow"], now)
            job.count, job.tile_count = given.get("count", job.count), given.get("tileCount", job.tile_count)
            self._state.jobs.touch(job.number)
            if moved and job.over:
                self._backend.on_end(job, now)
            return json_response(job_view(job))

    def _move(self, job: Job, state: JobState, now: Milliseconds) -> bool:
        """Set a job's state and return whether it is another one; a job that is to go on is planned again."""
        if state is not job.state:
            job.state, job.code, job.message = state, "", ""
            job.ended = now if job.over else None
            self._backend.plan(job, now)
            return True
        return False

    def forget_job(self, request: Request, _body: Any) -> Response:
        """Let the service forget a job; the objects that it wrote stay. Its activity in a run fails."""
        with self._scheduler.transaction() as now:
            job = self._job(request)
            self._state.forget(job)
            if not job.over:
                lost = not_found("JobId")
                job.fail(now, lost.code, lost.message)
                self._backend.on_end(job, now)
        return json_response({"jobId": job.job_id})

    def get_pace(self, _request: Request, _body: Any) -> Response:
        """Show how long jobs take."""
        with self._scheduler.transaction():
            pace = asdict(self._state.pace)
        return json_response({shown: pace[name] / 1000 for shown, name in _PACE.items()})

    def set_pace(self, request: Request, body: Any) -> Response:
        """Set how long jobs take that are planned from now on."""
        given = read_fields(body, dict.fromkeys(_PACE, number(0, _MAX_SECONDS)))
        with self._scheduler.transaction():
            changes = {_PACE[name]: round(value * 1000) for name, value in given.items()}
            self._state.pace = replace(self._state.pace, **changes)
            return self.get_pace(request, None)

    def list_pipelines(self, _request: Request, _body: Any) -> Response:
        """List the pipelines."""
        with self._scheduler.transaction():
            return json_response({"pipelines": [_view(one) for one in self._state.pipelines.values()]})

    def get_pipeline(self, request: Request, _body: Any) -> Response:
        """Show one pipeline."""
        with self._scheduler.transaction():
            return json_response(_view(self._pipeline(request)))

    def put_pipeline(self, request: Request, body: Any) -> Response:
        """Add a pipeline, or change one: pausing it holds its waiting jobs back."""
        given, name = read_fields(body or {}, _PIPELINE), request.path_params["pipeline"]
        if not ID.fullmatch(name):
            raise FieldError("pipeline", "must be 32 characters of a-f and 0-9")
        with self._scheduler.transaction() as now:
            one = self._state.pipelines.get(name) or Pipeline(name, name[:8], now)
            one.name, one.state = given.get("name", one.name), given.get("state", one.state)
            one.speed, one.notify = given.get("speed", one.speed), given.get("notifyConfig", one.notify)
            self._state.pipelines[name] = one
            self._backend.replan_pipeline(name, now)
            return json_response(_view(one))

    def drop_pipeline(self, request: Request, _body: Any) -> Response:
        """Remove a pipeline; its jobs go on, and every account keeps its default pipeline."""
        with self._scheduler.transaction() as now:
            name = self._pipeline(request).pipeline_id
            if name == DEFAULT_PIPELINE_ID:
                raise FieldError("pipeline", "is the default one, which stays")
            del self._state.pipelines[name]
            self._backend.replan_pipeline(name, now)
        return json_response({"pipelineId": name})

    def _job(self, request: Request) -> Job:
        name = request.path_params["job"]
        job = self._state.find(name)
        if job is None:
            raise NotFoundError(f"job: {name}")
        return job

    def _pipeline(self, request: Request) -> Pipeline:
        name = request.path_params["pipeline"]
        if name not in self._state.pipelines:
            raise NotFoundError(f"pipeline: {name}")
        return self._state.pipelines[name]


def job_view(job: Job) -> Json:
    """Return the job as the control API shows it."""
    return {
        "cloud": "alibaba",
        "jobId": job.job_id,
        "state": job.state.value,
        "code": job.code or None,
        "message": job.message or None,
        "creationTime": rfc3339(job.created),
        "startDue": _time(job.start_due),
        "endDue": _time(job.end_due),
        "endTime": _time(job.ended),
        "pipelineId": job.pipeline_id or None,
        "userData": job.user_data or None,
        **({"workflow": job.workflow} if job.workflow else {}),
        "asynchronous": job.config.asynchronous,
        "input": asdict(job.input),
        "snapshotConfig": job.echo_config,
        "format": job.config.format,
        "count": job.count,
        "tileCount": job.tile_count,
        "objects": [_object_view(one) for one in job.objects],
    }


def _time(at: Milliseconds | None) -> str | None:
    return None if at is None else rfc3339(at)


def _object_view(one: OutputObject) -> Json:
    return {
        "kind": one.kind,
        "bucket": one.bucket,
        "key": one.key,
        "contentType": one.content_type,
        "size": one.size,
        "width": one.width,
        "height": one.height,
        "sourceMs": one.source_ms,
        "sourceFrame": one.source_frame,
        "url": object_url(one.bucket, one.key),
    }


def _view(pipeline: Pipeline) -> Json:
    return {
        "pipelineId": pipeline.pipeline_id,
        "name": pipeline.name,
        "state": pipeline.state,
        "speed": pipeline.speed,
        "creationTime": rfc3339(pipeline.created),
        "notifyConfig": pipeline.notify,
    }
