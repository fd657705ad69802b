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
from videosnap_emulator.services.mps.render import take_snapshots
from videosnap_emulator.services.mps.requests import (
    JobQuery,
    Parameters,
    PipelineSearch,
    SubmitRequest,
    parse_id,
    parse_ids,
    required,
)
from videosnap_emulator.services.mps.rpc import MpsRequest
from videosnap_emulator.services.mps.state import JobPace, MpsState
from videosnap_emulator.services.mps.workflows import list_executions

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
    """Return the field of `Readings` that ``name=value`` sets, and its value."""
    name, _, value = text.partition("=")
    field, values = _READINGS.get(name, ("", ()))
    if value not in values:
        known = ", ".join(f"{name}={'|'.join(words)}" for name, (_, words) in _READINGS.items())
        raise ArgumentTypeError(f"{text}: not one of {known}")
    return field, value


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
        "SearchPipeline": 100,
        "QueryPipelineList": 100,
        "ListMediaWorkflowExecutions": 100,
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
            " interval=average|ten-seconds",
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
        self.readings = replace(Readings(), **dict(self.options.mps_reading))
        self._keys = Keys(self.access_keys, self.options.mps_security_token)
        self._nonces, self._new_id = NonceStore(), new_id
        self._state = MpsState(self._pace())
        self._worker = SnapshotWorker(self.storage, take, self.readings)
        self._backend = MpsBackend(self.name, self.scheduler, self._state, self._worker, self.storage)
        self._actions: dict[str, Callable[[Parameters], Json]] = {
            "SubmitSnapshotJob": self._submit_snapshot_job,
            "QuerySnapshotJobList": self._query_snapshot_job_list,
            "CancelJob": self._cancel_job,
            "SearchPipeline": self._search_pipeline,
            "QueryPipelineList": self._query_pipeline_list,
            "ListMediaWorkflowExecutions": self._list_media_workflow_executions,
        }

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
        """Return jobs and pipelines."""
        return self._state.jobs, self._state.pipelines

    def metadata(self) -> dict[str, int]:
        """Return the jobs' pace and the last job's number."""
        return self._state.metadata()

    def restore(self, metadata: Mapping[str, int]) -> None:
        """Set up pace, pipelines and events; --job-seconds has precedence over a stored pace."""
        stored = metadata if self.options.job_seconds is None else {"last_job": metadata.get("last_job", 0)}
        self._state.restore(stored, self._pace(), self.scheduler.epoch)
        self._backend.restore()

    def prune(self) -> None:
        """Forget the oldest ended jobs."""
        self._state.prune()

    def run_event(self, event: Event, step: Step) -> bool:
        """Begin or end a job."""
        return self._backend.run_event(event, step.wait)

    def control_routes(self) -> Sequence[ControlRoute]:
        """Return the operations on jobs and pipelines."""
        return MpsControl(self.scheduler, self._state, self._backend).routes()

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
                return responses.job_list(jobs) | _unknown_ids("NonExistSnapshotJobIds", unknown)
            page = self._state.page(query, self._new_id())
            return responses.job_list(page.jobs) | ({"NextPageToken": page.token} if page.token else {})

    def _cancel_job(self, parameters: Parameters) -> Json:
        """Refuse: this action cancels transcoding jobs, of which this emulator has none."""
        parse_id(required(parameters, "JobId"), "JobId")
        # assumption: mps-cancel
        raise not_found("JobId")

    def _search_pipeline(self, parameters: Parameters) -> Json:
        search = PipelineSearch.parse(parameters)
        with self.scheduler.transaction():
            found = [one for one in self._state.pipelines.values() if search.state in ("", one.state)]
            first = (search.page - 1) * search.page_size
            shown = [
                responses.pipeline_response(one) | {"CreationTime": responses.format_time(one.created)}
                for one in found[first : first + search.page_size]
            ]
        counts = {"TotalCount": len(found), "PageNumber": search.page, "PageSize": search.page_size}
        return counts | {"PipelineList": {"Pipeline": shown}}

    def _query_pipeline_list(self, parameters: Parameters) -> Json:
        ids = parse_ids(required(parameters, "PipelineIds"), "PipelineIds")
        with self.scheduler.transaction():
            known = self._state.pipelines
            shown = [responses.pipeline_response(known[one]) for one in ids if one in known]
            unknown = [one for one in ids if one not in known]
        return {"PipelineList": {"Pipeline": shown}} | _unknown_ids("NonExistPids", unknown)

    def _list_media_workflow_executions(self, parameters: Parameters) -> Json:
        with self.scheduler.transaction():
            return list_executions(parameters, self._state.jobs.newest())


def _unknown_ids(name: str, ids: list[str]) -> Json:
    return {name: {"String": ids}} if ids else {}
