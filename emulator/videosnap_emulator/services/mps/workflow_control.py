"""The control API's part for workflows: workflows, runs, messages, media buckets, readings, uploads."""

from __future__ import annotations

from dataclasses import asdict
from mimetypes import guess_type
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from videosnap_emulator.control.responses import json_response
from videosnap_emulator.control.validation import (
    FieldError,
    NotFoundError,
    Reader,
    query_whole,
    read_fields,
    word,
)
from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import as_datetime, rfc3339
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.core.service import ApiError, ControlRoute
from videosnap_emulator.services.mps.control import job_view
from videosnap_emulator.services.mps.runs import RunBackend
from videosnap_emulator.services.mps.state import MpsState
from videosnap_emulator.services.mps.workflow_models import (
    INPUT,
    OUTPUT,
    READINGS,
    TRIGGER_MODES,
    WORKFLOW_STATES,
    MediaBucket,
    Message,
    Run,
    Workflow,
    readings_view,
    replaced_readings,
)
from videosnap_emulator.storage.store import NoSuchBucketError, Store

_TYPES = (INPUT, OUTPUT)


class WorkflowControl:
    """The operations; each is one short method."""

    def __init__(self, scheduler: Scheduler, state: MpsState, runs: RunBackend, storage: Store):
        self._scheduler, self._state, self._flow = scheduler, state, state.flow
        self._runs, self._storage = runs, storage
        self._fields: dict[str, Reader] = {
            "state": word(WORKFLOW_STATES),
            "triggerMode": word(TRIGGER_MODES),
            "name": word(),
            "topology": self._topology,
        }

    def routes(self) -> list[ControlRoute]:
        """Return method, path and function of each operation."""
        workflow, bucket = "/workflows/{workflow}", "/media-buckets/{bucket}"
        return [
            ControlRoute("GET", "/workflows", self.list_workflows),
            ControlRoute("GET", workflow, self.get_workflow),
            ControlRoute("PUT", workflow, self.change_workflow),
            ControlRoute("DELETE", workflow, self.forget_workflow),
            ControlRoute("GET", "/runs", self.list_runs),
            ControlRoute("GET", "/runs/{run}", self.get_run),
            ControlRoute("GET", "/messages", self.list_messages),
            ControlRoute("GET", "/media-buckets", self.list_buckets),
            ControlRoute("PUT", bucket, self.bind),
            ControlRoute("DELETE", bucket, self.unbind),
            ControlRoute("GET", "/readings", self.get_readings),
            ControlRoute("PUT", "/readings", self.set_readings),
            ControlRoute("PUT", "/uploads/{bucket}/{key:path}", self.upload, raw=True),
        ]

    def _topology(self, name: str, value: object) -> str:
        """Read a topology: as strictly as the API, because runs need it."""
        try:
            return self._runs.topology_of(str(value)).text
        except ApiError as error:
            raise FieldError(name, error.message) from None

    def list_workflows(self, request: Request, _body: Any) -> Response:
        """List the workflows, the latest first."""
        wanted = request.query_params.get("state")
        if wanted is not None and wanted not in WORKFLOW_STATES:
            raise FieldError("state", f"must be one of {', '.join(WORKFLOW_STATES)}")
        with self._scheduler.transaction():
            found = [one for one in self._flow.workflows.newest() if wanted in (None, one.state)]
            return json_response({"workflows": [self._view(one) for one in found]})

    def get_workflow(self, request: Request, _body: Any) -> Response:
        """Show one workflow."""
        with self._scheduler.transaction():
            return json_response(self._view(self._workflow(request)))

    def change_workflow(self, request: Request, body: Any) -> Response:
        """Change a workflow outside the API, also while it is active."""
        given = read_fields(body, self._fields)
        with self._scheduler.transaction():
            one = self._workflow(request)
            one.state, one.name = given.get("state", one.state), given.get("name", one.name)
            one.trigger_mode = given.get("triggerMode", one.trigger_mode)
            one.topology = given.get("topology", one.topology)
            self._flow.workflows.touch(one.workflow_id)
            return json_response(self._view(one))

    def forget_workflow(self, request: Request, _body: Any) -> Response:
        """Let the service forget a workflow, as if it had never been; its runs go on."""
        with self._scheduler.transaction():
            name = self._workflow(request).workflow_id
            del self._flow.workflows[name]
        return json_response({"workflowId": name})

    def list_runs(self, request: Request, _body: Any) -> Response:
        """List runs, the latest first."""
        wanted, limit = request.query_params.get("workflow"), query_whole(request, "limit", 100)
        with self._scheduler.transaction():
            found = [one for one in self._flow.runs.newest() if wanted in (None, one.workflow_id)]
            return json_response(
                {"runs": [self._run_view(one) for one in found[:limit]], "total": len(found)}
            )

    def get_run(self, request: Request, _body: Any) -> Response:
        """Show one run."""
        name = request.path_params["run"]
        with self._scheduler.transaction():
            for run in self._flow.runs.values():
                if run.run_id == name:
                    return json_response(self._run_view(run))
        raise NotFoundError(f"run: {name}")

    def list_messages(self, request: Request, _body: Any) -> Response:
        """List the messages after number `after`, in their order."""
        after, limit = query_whole(request, "after", 0), query_whole(request, "limit", 1000)
        with self._scheduler.transaction():
            found = [one for one in self._flow.messages.values() if one.number > after]
            last = max(self._flow.messages, default=0)
        return json_response({"messages": [_message_view(one) for one in found[:limit]], "last": last})

    def list_buckets(self, _request: Request, _body: Any) -> Response:
        """List the media buckets."""
        with self._scheduler.transaction():
            return json_response({"mediaBuckets": [asdict(one) for one in self._flow.buckets.values()]})

    def bind(self, request: Request, body: Any) -> Response:
        """Bind a bucket as the console does, which makes it if there is none."""
        kind = read_fields(body, {"type": word(_TYPES)}, required=("type",))["type"]
        bucket = request.path_params["bucket"]
        try:
            self._storage.make_bucket(bucket)
        except ValueError:
            raise FieldError("bucket", "is not a bucket name") from None
        with self._scheduler.transaction():
            self._flow.buckets[bucket, kind] = MediaBucket(bucket, kind)
        return self.list_buckets(request, None)

    def unbind(self, request: Request, _body: Any) -> Response:
        """Unbind a bucket; it and its objects stay."""
        bucket = request.path_params["bucket"]
        with self._scheduler.transaction():
            found = [(bucket, kind) for kind in _TYPES if (bucket, kind) in self._flow.buckets]
            for key in found:
                del self._flow.buckets[key]
        if not found:
            raise NotFoundError(f"media bucket: {bucket}")
        return self.list_buckets(request, None)

    def get_readings(self, _request: Request, _body: Any) -> Response:
        """Show which reading of the documents is in force, and which there are."""
        chosen = readings_view(self._flow.readings)
        return json_response(
            {"readings": chosen, "values": {name: list(all_) for name, all_ in READINGS.items()}}
        )

    def set_readings(self, request: Request, body: Any) -> Response:
        """Change readings, until a reset or a restart."""
        given = read_fields(body, {name: word(values) for name, values in READINGS.items()})
        with self._scheduler.transaction():
            self._flow.readings = replaced_readings(self._flow.readings, given)
        return self.get_readings(request, None)

    def upload(self, request: Request, body: bytes) -> Response:
        """Store an object as a client of the store does."""
        bucket, key = request.path_params["bucket"], request.path_params["key"]
        kind = request.headers.get("content-type") or guess_type(key)[0] or "application/octet-stream"
        with self._scheduler.transaction() as now:
            modified = as_datetime(now)
        if not key:
            raise FieldError("key", "is empty")
        try:
            self._storage.put(bucket, key, body, kind, {}, modified)
        except NoSuchBucketError:
            raise NotFoundError(f"bucket: {bucket}") from None
        self._storage.announce(bucket, key)
        return json_response({"bucket": bucket, "key": key, "size": len(body)})

    def _workflow(self, request: Request) -> Workflow:
        name = request.path_params["workflow"]
        if name not in self._flow.workflows:
            raise NotFoundError(f"workflow: {name}")
        return self._flow.workflows[name]

    def _view(self, one: Workflow) -> Json:
        topology = self._runs.topology_of(one.topology)
        return {
            "cloud": "alibaba",
            "workflowId": one.workflow_id,
            "name": one.name,
            "state": one.state,
            "triggerMode": one.trigger_mode,
            "creationTime": rfc3339(one.created),
            "input": {"bucket": topology.bucket, "location": topology.location, "prefix": topology.prefix},
            "pipelineId": topology.pipeline_id,
            "queue": topology.queue,
            "topic": topology.topic,
            "publish": topology.publish,
            "snapshots": {name: snapshot.echo for name, snapshot in topology.snapshots.items()},
            "topology": one.topology,
        }

    def _run_view(self, run: Run) -> Json:
        jobs = {job.job_id: job_view(job) for one in run.activities if (job := self._state.find(one.job_id))}
        activities = [
            {
                "name": one.name,
                "type": one.type,
                "state": one.state,
                "jobId": one.job_id or None,
                "code": one.code or None,
                "message": one.message or None,
                "startTime": rfc3339(one.start),
                "endTime": None if one.end is None else rfc3339(one.end),
                "objects": jobs.get(one.job_id, {}).get("objects", []),
            }
            for one in run.activities
        ]
        return {
            "runId": run.run_id,
            "workflowId": run.workflow_id,
            "workflowName": run.workflow_name,
            "state": run.state,
            "mediaId": run.media_id,
            "creationTime": rfc3339(run.created),
            "input": asdict(run.input),
            "userData": run.user_data or None,
            "activities": activities,
        }


def _message_view(one: Message) -> Json:
    shown = asdict(one) | {"time": rfc3339(one.time), "messageId": one.message_id}
    del shown["message_id"]
    return shown
