"""The control API's part for MPS: jobs, their pace, pipelines."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.alibaba_mps.book import Book, JobPace
from videosnap_emulator.alibaba_mps.jobs import Job, JobState
from videosnap_emulator.alibaba_mps.models import USER_DATA
from videosnap_emulator.alibaba_mps.pipelines import (
    DEFAULT_ID,
    NOTIFY,
    SPEEDS,
    STATES,
    Pipeline,
    is_pipeline_id,
)
from videosnap_emulator.asked import Missing, Reader, Work, number, query_whole, read_fields, whole, word
from videosnap_emulator.clock import Milliseconds
from videosnap_emulator.faults import FieldError
from videosnap_emulator.files import json_answer
from videosnap_emulator.tasks import Json
from videosnap_emulator.world import World

_LONGEST_SECONDS = 86_400 * 366
_STATES = tuple(state.value for state in JobState)
_COUNTS = whole(range(1_000_001))


def _user_data(name: str, value: object) -> str:
    if not isinstance(value, str) or (value and not USER_DATA.fullmatch(value)):
        raise FieldError(name, "must be letters, digits and hyphens")
    return value


def _notify(name: str, value: object) -> Json:
    if not isinstance(value, dict):
        raise FieldError(name, "must be an object")
    return read_fields(value, dict.fromkeys(NOTIFY, word()))


_JOB: dict[str, Reader] = {
    "state": word(_STATES),
    "code": word(),
    "message": word(),
    "userData": _user_data,
    "count": _COUNTS,
    "tileCount": _COUNTS,
}
_PIPELINE: dict[str, Reader] = {
    "name": word(),
    "state": word(STATES),
    "speed": word(SPEEDS),
    "notifyConfig": _notify,
}
_PACE = {f"{name}Seconds": name for name in ("queued", "running", "sync")}


def _pace_view(pace: JobPace) -> Json:
    return {shown: getattr(pace, name) / 1000 for shown, name in _PACE.items()}


class MpsControl:
    """The operations; each is one short method."""

    def __init__(self, world: World):
        self._world = world

    def jobs(self, request: Request, _asked: Any) -> Response:
        """List the jobs, newest first."""
        wanted, limit = request.query_params.get("state"), query_whole(request, "limit", 1 << 31)
        if wanted is not None and wanted not in _STATES:
            raise FieldError("state", f"must be one of {', '.join(_STATES)}")
        with self._world.at_now() as (state, _):
            jobs = [job for job in state.book.newest() if wanted in (None, job.state.value)]
            shown = [job.view() for job in jobs[:limit]]
        return json_answer({"jobs": shown, "total": len(jobs)})

    def job(self, request: Request, _asked: Any) -> Response:
        """Show one job."""
        with self._world.at_now() as (state, _):
            return json_answer(_found(state.book, request).view())

    def change_job(self, request: Request, asked: Any) -> Response:
        """Change a job behind everybody's back."""
        given = read_fields(asked, _JOB)
        with self._world.at_now() as (state, now):
            job = _found(state.book, request)
            _move(job, given, state.book, now)
            job.code, job.message = given.get("code", job.code), given.get("message", job.message)
            job.user_data = given.get("userData", job.user_data)
            job.count, job.tile_count = given.get("count", job.count), given.get("tileCount", job.tile_count)
            state.book.touch(job)
            return json_answer(job.view())

    def forget_job(self, request: Request, _asked: Any) -> Response:
        """Let the service forget a job; the objects that it wrote stay."""
        with self._world.at_now() as (state, _):
            job = _found(state.book, request)
            state.book.forget(job)
        return json_answer({"jobId": job.job_id})

    def pace(self, _request: Request, _asked: Any) -> Response:
        """Show how long jobs take."""
        with self._world.at_now() as (state, _):
            return json_answer(_pace_view(state.book.pace))

    def set_pace(self, _request: Request, asked: Any) -> Response:
        """Set how long jobs take that are planned from now on."""
        given = read_fields(asked, dict.fromkeys(_PACE, number(0, _LONGEST_SECONDS)))
        with self._world.at_now() as (state, _):
            state.book.set_pace(**{_PACE[name]: round(value * 1000) for name, value in given.items()})
            return json_answer(_pace_view(state.book.pace))

    def pipelines(self, _request: Request, _asked: Any) -> Response:
        """List the pipelines."""
        with self._world.at_now() as (state, _):
            return json_answer({"pipelines": [one.view() for one in state.book.pipelines.values()]})

    def pipeline(self, request: Request, _asked: Any) -> Response:
        """Show one pipeline."""
        with self._world.at_now() as (state, _):
            return json_answer(_pipeline(state.book, request).view())

    def put_pipeline(self, request: Request, asked: Any) -> Response:
        """Add a pipeline, or change one: pausing it holds its waiting jobs back."""
        given, name = read_fields(asked or {}, _PIPELINE), request.path_params["pipeline"]
        if not is_pipeline_id(name):
            raise FieldError("pipeline", "must be 32 characters of a-f and 0-9")
        with self._world.at_now() as (state, now):
            one = state.book.pipelines.get(name) or Pipeline(name, name[:8], now)
            one.name, one.state = given.get("name", one.name), given.get("state", one.state)
            one.speed, one.notify = given.get("speed", one.speed), given.get("notifyConfig", one.notify)
            state.book.put_pipeline(one)
            state.book.replan_pipeline(name, now)
            return json_answer(one.view())

    def drop_pipeline(self, request: Request, _asked: Any) -> Response:
        """Remove a pipeline; every account keeps its default one."""
        with self._world.at_now() as (state, now):
            name = _pipeline(state.book, request).pipeline_id
            if name == DEFAULT_ID:
                raise FieldError("pipeline", "is the default one, which stays")
            state.book.drop_pipeline(name)
            state.book.replan_pipeline(name, now)
        return json_answer({"pipelineId": name})

    def routes(self) -> list[tuple[str, str, Work]]:
        """Return method, path and function of each operation."""
        job, pipeline = "/jobs/{job}", "/pipelines/{pipeline}"
        return [
            ("GET", "/jobs", self.jobs),
            ("GET", "/jobs/pace", self.pace),
            ("PUT", "/jobs/pace", self.set_pace),
            ("GET", job, self.job),
            ("PUT", job, self.change_job),
            ("DELETE", job, self.forget_job),
            ("GET", "/pipelines", self.pipelines),
            ("GET", pipeline, self.pipeline),
            ("PUT", pipeline, self.put_pipeline),
            ("DELETE", pipeline, self.drop_pipeline),
        ]


def _found(book: Book, request: Request) -> Job:
    name = request.path_params["job"]
    job = book.find(name)
    if job is None:
        raise Missing(f"job: {name}")
    return job


def _pipeline(book: Book, request: Request) -> Pipeline:
    name = request.path_params["pipeline"]
    if name not in book.pipelines:
        raise Missing(f"pipeline: {name}")
    return book.pipelines[name]


def _move(job: Job, given: Json, book: Book, now: Milliseconds) -> None:
    """Put a job into another state: one that is to go on is planned anew, an ended one stands still."""
    state = JobState(given.get("state", job.state))
    if state is job.state:
        return
    job.state, job.code, job.message = state, "", ""
    job.ended = now if job.over else None
    book.plan(job, now)
