"""Alibaba Cloud MPS's snapshot and pipeline actions as a service of the emulator."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.persistence import Table
from videosnap_emulator.core.scheduler import Event, Step
from videosnap_emulator.core.service import (
    ApiError,
    Context,
    ControlRoute,
    HttpRequest,
    HttpResponse,
    Service,
)
from videosnap_emulator.services.mps import responses
from videosnap_emulator.services.mps.auth import (
    ACCESS_KEY_ID,
    ACCESS_KEY_SECRET,
    Keys,
    NonceStore,
    claim_of,
    verify,
)
from videosnap_emulator.services.mps.backend import MpsBackend, SnapshotWorker, TakeSnapshots
from videosnap_emulator.services.mps.control import MpsControl
from videosnap_emulator.services.mps.errors import gateway_error, not_found, service_error
from videosnap_emulator.services.mps.models import Readings
from videosnap_emulator.services.mps.pipeline_api import PipelineActions
from videosnap_emulator.services.mps.render import take_snapshots
from videosnap_emulator.services.mps.requests import (
    JobQuery,
    Parameters,
    SubmitRequest,
    parse_id,
    required,
)
from videosnap_emulator.services.mps.rpc import MpsRequest
from videosnap_emulator.services.mps.run_api import RunActions
from videosnap_emulator.services.mps.runs import RUN_START_END, RunBackend
from videosnap_emulator.services.mps.state import JobPace, MpsState
from videosnap_emulator.services.mps.workflow_api import WorkflowActions
from videosnap_emulator.services.mps.workflow_control import WorkflowControl
from videosnap_emulator.services.mps.workflow_models import READINGS, WorkflowReadings, replaced_readings
from videosnap_emulator.services.mps.workflow_state import WorkflowState

_DEFAULT_JOB_SECONDS = 1.0
_MAX_JOB_SECONDS = 86_400.0
#: The field of `Readings` that an option's name sets, and its values.
_READINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "frame-type": ("frame_type_default", ("intra", "normal")),
    "interval": ("missing_interval", ("ten-seconds", "average")),
}


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= _MAX_JOB_SECONDS:
        raise ArgumentTypeError(f"{text}: not from 0 to {_MAX_JOB_SECONDS:g}")
    return seconds


def _reading(text: str) -> tuple[str, str]:
    """Return name and value of a reading, ``name=value``."""
    name, _, value = text.partition("=")
    known = {name: values for name, (_, values) in _READINGS.items()} | READINGS
    if value not in known.get(name, ()):
        listed = ", ".join(f"{name}={'|'.join(values)}" for name, values in known.items())
        raise ArgumentTypeError(f"{text}: not one of {listed}")
    return name, value


def _new_id() -> str:
    return uuid4().hex


class MpsService(Service[MpsRequest]):
    """MPS: requests are parsed and answered here; what jobs do is in `backend`."""

    name = "mps"
    title = "MPS"
    log_name = "mts"
    endpoint_variable = "ALIBABA_CLOUD_MPS_ENDPOINT"
    access_keys = {ACCESS_KEY_ID: ACCESS_KEY_SECRET}  # noqa: RUF012 - a ClassVar of Service
    #: "QPS limits" of the developer reference, for one account.
    # assumption: mps-quota
    limits = {  # noqa: RUF012
        "SubmitSnapshotJob": 50,
        "QuerySnapshotJobList": 100,
        "CancelJob": 100,
        **dict.fromkeys(
            (
                *("AddPipeline", "UpdatePipeline", "DeletePipeline", "SearchPipeline", "QueryPipelineList"),
                *("AddMediaWorkflow", "UpdateMediaWorkflow", "UpdateMediaWorkflowTriggerMode"),
                *("ActivateMediaWorkflow", "DeactivateMediaWorkflow", "DeleteMediaWorkflow"),
                *("QueryMediaWorkflowList", "SearchMediaWorkflow", "ListMediaWorkflowExecutions"),
                *("QueryMediaWorkflowExecutionList", "AddMedia", "ListAllMediaBucket"),
                *("BindInputBucket", "BindOutputBucket", "UnbindInputBucket", "UnbindOutputBucket"),
            ),
            100,
        ),
    }
    unsigned_codes = frozenset({"MissingAccessKeyId", "MissingSignature", "MissingAuthorization"})
    assumptions = Path(__file__).with_name("assumptions.toml")
    static = Path(__file__).with_name("static")

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add the options of MPS."""
        parser.add_argument(
            "--job-seconds",
            type=_seconds,
            metavar="SECONDS",
            help="emulated time from a snapshot job's submission to its end"
            f" ({_DEFAULT_JOB_SECONDS:g}, or what --data-dir remembers)",
        )
        parser.add_argument(
            "--mps-reading",
            type=_reading,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="where the vendor's documents contradict each other: frame-type=normal|intra,"
            " interval=average|ten-seconds, and what GET /readings lists",
        )
        parser.add_argument(
            "--mps-security-token",
            default="",
            metavar="TOKEN",
            help="session token that the MPS API accepts (none)",
        )

    def __init__(
        self, context: Context, take: TakeSnapshots = take_snapshots, new_id: Callable[[], str] = _new_id
    ):
        super().__init__(context)
        # Of repeated readings the last counts.
        own = {_READINGS[name][0]: value for name, value in self.options.mps_reading if name in _READINGS}
        self.readings = replace(Readings(), **own)
        self._keys = Keys(self.access_keys, self.options.mps_security_token)
        self._nonces, self._new_id = NonceStore(), new_id
        workflow_readings = dict(one for one in self.options.mps_reading if one[0] in READINGS)
        flow = WorkflowState(replaced_readings(WorkflowReadings(), workflow_readings))
        self._state = MpsState(self._pace(), flow)
        self._worker = SnapshotWorker(self.storage, take, self.readings)
        self._backend = MpsBackend(self.name, self.scheduler, self._state, self._worker, self.storage)
        self._runs = RunBackend(self.name, self.scheduler, self._state, self._backend, self._new_id)
        self._actions: dict[str, Callable[[Parameters], Json]] = {
            "SubmitSnapshotJob": self._submit_snapshot_job,
            "QuerySnapshotJobList": self._query_snapshot_job_list,
            "CancelJob": self._cancel_job,
            **PipelineActions(self.scheduler, self._state, self._backend, self._new_id).actions(),
            **WorkflowActions(self.scheduler, self._state, self.readings, self._new_id).actions(),
            **RunActions(self.scheduler, self._state, self._runs, self.storage, self._new_id).actions(),
        }
        self.storage.watch(self._runs.arrive)

    def _pace(self) -> JobPace:
        seconds: float | None = self.options.job_seconds
        return JobPace.of(_DEFAULT_JOB_SECONDS if seconds is None else seconds)

    def environment(self, endpoint: str, storage_endpoint: str) -> dict[str, str]:
        """Return the environment variables that a client needs."""
        token: str = self.options.mps_security_token
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCESS_KEY_SECRET,
            **({"ALIBABA_CLOUD_SECURITY_TOKEN": token} if token else {}),
            self.endpoint_variable: endpoint,
            "ALIBABA_CLOUD_OSS_ENDPOINT": storage_endpoint,
        }

    def parse(self, http: HttpRequest) -> MpsRequest:
        """Read the envelope."""
        return MpsRequest.parse(http, str(UUID(self._new_id())).upper())

    def verify(self, request: MpsRequest, now: Milliseconds) -> None:
        """Raise ApiError unless the signature is right."""
        verify(request, self._keys, now)

    def check_action(self, request: MpsRequest) -> None:
        """Raise the gateway's ApiError unless the envelope is complete and names an action."""
        # assumption: mps-checks
        request.check()
        if request.action not in self._actions:
            raise gateway_error("InvalidApi.NotFound")

    def claim_nonce(self, request: MpsRequest, now: Milliseconds) -> None:
        """Raise ApiError when the request's nonce was used before."""
        self._nonces.use(claim_of(request), now)

    def run(self, request: MpsRequest) -> Json:
        """Run the action."""
        return self._actions[request.action](request.own)

    def render(self, request: MpsRequest, result: object) -> HttpResponse:
        """Return the response of an action."""
        return responses.success(request, result if isinstance(result, dict) else {})

    def render_error(self, request: MpsRequest, error: ApiError) -> HttpResponse:
        """Return the response of a refusal."""
        return responses.failure(request, error)

    def throttled(self, action: str, limit: int) -> ApiError:  # noqa: ARG002 - the vendor names neither
        """Return the refusal of a call beyond the limit."""
        return gateway_error("Throttling.User")

    def internal_error(self) -> ApiError:
        """Return the vendor's error for a fault of its own."""
        return service_error("InternalError")

    @property
    def tables(self) -> Sequence[Table[Any, Any]]:
        """Return jobs and pipelines, and what belongs to workflows."""
        return self._state.jobs, self._state.pipelines, *self._state.flow.tables()

    def metadata(self) -> dict[str, int]:
        """Return the jobs' pace and the last job's number."""
        return self._state.metadata() | self._state.flow.metadata()

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Set up pace, pipelines and events; --job-seconds has precedence over a stored pace."""
        stored = metadata if self.options.job_seconds is None else {"last_job": metadata.get("last_job", 0)}
        self._state.restore(stored, self._pace(), self.scheduler.epoch)
        self._state.flow.restore(metadata)
        self._backend.restore()
        self._runs.restore()

    def prune(self) -> None:
        """Forget the oldest ended jobs."""
        self._state.prune()
        self._state.flow.prune()

    def run_event(self, event: Event, step: Step) -> bool:
        """Begin or end a job, or end the first activity of a run."""
        owner = self._runs if event.kind == RUN_START_END else self._backend
        return owner.run_event(event, step.wait)

    def control_routes(self) -> Sequence[ControlRoute]:
        """Return the operations on jobs and pipelines, workflows and runs."""
        workflows = WorkflowControl(self.scheduler, self._state, self._runs, self.storage)
        return [
            *MpsControl(self.scheduler, self._state, self._backend, self._runs).routes(),
            *workflows.routes(),
        ]

    def close(self) -> None:
        """End the worker threads."""
        self._worker.close()

    def _submit_snapshot_job(self, parameters: Parameters) -> Json:
        request = SubmitRequest.parse(parameters, self.readings)
        return {"SnapshotJob": responses.job_response(self._backend.submit(request, self._new_id()))}

    def _query_snapshot_job_list(self, parameters: Parameters) -> Json:
        query = JobQuery.parse(parameters)
        with self.scheduler.transaction():
            if query.ids:
                jobs, unknown = self._state.by_ids(query.ids)
                return responses.job_list(jobs) | responses.unknown_ids(
                    "NonExistSnapshotJobIds", "String", unknown
                )
            page = self._state.page(query, self._new_id())
            return responses.job_list(page.jobs) | ({"NextPageToken": page.token} if page.token else {})

    def _cancel_job(self, parameters: Parameters) -> Json:
        """Refuse: this action cancels transcoding jobs, of which this emulator has none."""
        parse_id(required(parameters, "JobId"), "JobId")
        # assumption: mps-cancel
        raise not_found("JobId")
