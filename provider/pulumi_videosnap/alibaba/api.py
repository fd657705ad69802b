"""The calls of Alibaba Cloud MPS that snapshot jobs need, typed.

Sources: the vendor's pages SubmitSnapshotJob, QuerySnapshotJobList, SearchPipeline, QueryPipelineList,
ListMediaWorkflowExecutions, and for the calls per second its page on QPS limits. Requests have the form of
its Python SDK 6.0.3: all parameters in the query, an empty body. There is no call to stop or to delete a
snapshot job.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pulumi_videosnap.alibaba.auth import ENDPOINT, Account, find_account, sign
from pulumi_videosnap.alibaba.models import Pipeline, Received, SnapshotJob, SubmitSnapshotJobBody
from pulumi_videosnap.alibaba.pending_submissions import PendingSubmissions
from pulumi_videosnap.alibaba.responses import ResponseParser
from pulumi_videosnap.core.timestamps import format_rfc3339, from_epoch
from pulumi_videosnap.http.client import ApiClient, Call, shared_client
from pulumi_videosnap.http.rate_limit import account_digest, store_path
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.settings import Lookup, no_config

VERSION = "2014-06-18"

QPS = {
    "SubmitSnapshotJob": 50,
    "QuerySnapshotJobList": 100,
    "SearchPipeline": 100,
    "QueryPipelineList": 100,
    "AddPipeline": 100,
    "UpdatePipeline": 100,
    "DeletePipeline": 100,
    "AddMediaWorkflow": 100,
    "UpdateMediaWorkflow": 100,
    "UpdateMediaWorkflowTriggerMode": 100,
    "ActivateMediaWorkflow": 100,
    "DeactivateMediaWorkflow": 100,
    "DeleteMediaWorkflow": 100,
    "QueryMediaWorkflowList": 100,
    "SearchMediaWorkflow": 100,
    "ListMediaWorkflowExecutions": 100,
}
"""The documented calls per second of one account."""

MAX_IDS = 10
"""Jobs, or pipelines, that one query may name."""
MAX_JOBS = 300
MAX_PIPELINES = 100
MAX_EXECUTIONS = 100
"""Entries of one page, at most."""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Queried:
    """The queried jobs that the service knows, in the order of the query, and the ids that it does not know.

    Every queried id is in one of the two. `at` is the time of the response in UTC, by the service's clock, or
    by ours when it has no Date header.
    """

    jobs: list[SnapshotJob]
    unknown: list[str]
    at: datetime


@dataclass(frozen=True)
class Page:
    """Some jobs, newest first; `next_token` requests the next page, and is None on the last."""

    jobs: list[SnapshotJob]
    next_token: str | None
    at: datetime


@dataclass(frozen=True)
class PipelinePage:
    """Some pipelines, and how many there are on all pages."""

    pipelines: list[Pipeline]
    total: int


@dataclass(frozen=True)
class QueriedPipelines:
    """The queried pipelines that the service knows, and the ids that it does not know."""

    pipelines: list[Pipeline]
    unknown: list[str]


class Activity(Received):
    """A step of a media workflow's execution; `job_id` is the snapshot job of a Snapshot activity."""

    job_id: str = ""


def _unwrap(activities: Any) -> Any:
    """The list inside `{"Activity": […]}`; messages have it without the wrapper."""
    return (activities.get("Activity") if isinstance(activities, dict) else activities) or []


class WorkflowExecution(Received):
    """One execution of a media workflow, by the workflow's name."""

    name: str = ""
    activity_list: Annotated[list[Activity], BeforeValidator(_unwrap)] = Field([])


@dataclass(frozen=True)
class WorkflowExecutionPage:
    """Some executions, and the token of the next page, which is None on the last."""

    executions: list[WorkflowExecution]
    next_token: str | None


def new_nonce() -> str:
    """A value that no request had before."""
    return uuid.uuid4().hex


class MpsApi:
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads."""

    def __init__(self, account: Account, client: ApiClient, nonce: Callable[[], str] = new_nonce) -> None:
        self._account = account
        self._client = client
        self._nonce = nonce

    @property
    def pending(self) -> PendingSubmissions:
        """What this machine is making at this moment."""
        return PendingSubmissions(store_path().parent / "submitting")

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob:
        """Submit a job; the service makes its id.

        A second call makes a second job, so it is retried only when the first certainly had no effect. After
        Rejected, Unauthorized and Throttled there is no new job. After Unreachable, ServiceFault and Garbled
        there may be one: query for it before submitting again.
        """
        parser = self._parser("SubmitSnapshotJob", idempotent=False)
        response = self._call(parser, body.parameters())
        job = parser.one(response, "SnapshotJob", SnapshotJob)
        if job.user_data not in (None, body.user_data):
            raise parser.garbled(response, "it is about another job than the submitted one")
        return job

    def query(self, ids: Sequence[str]) -> Queried:
        """What the service knows of 1 to 10 jobs; Garbled when the response omits one."""
        parser = self._parser("QuerySnapshotJobList")
        response = self._call(parser, (("SnapshotJobIds", _join(ids)),))
        found = {job.id: job for job in parser.many(response, "SnapshotJobList", "SnapshotJob", SnapshotJob)}
        named = set(parser.names(response, "NonExistSnapshotJobIds"))
        if omitted := [id for id in ids if id not in found and id not in named]:
            raise parser.garbled(response, f"it omits {', '.join(omitted)}")
        jobs = [found[id] for id in ids if id in found]
        return Queried(jobs, [id for id in ids if id not in found], self._at(response))

    def list_jobs(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        state: str | None = None,
        pipeline_id: str | None = None,
        page_token: str | None = None,
        page_size: int = MAX_JOBS,
    ) -> Page:
        """Jobs created between two times (with a time zone; to the second, both included), newest first.

        `state` is one of `State`, `page_size` 1 to 300, `page_token` the `next_token` of the previous page,
        whose other arguments must be the same.
        """
        parser = self._parser("QuerySnapshotJobList")
        parameters = {
            "StartOfJobCreatedTimeRange": since
            and format_rfc3339(from_epoch(math.floor(_seconds(since))), "seconds"),
            "EndOfJobCreatedTimeRange": until
            and format_rfc3339(from_epoch(math.ceil(_seconds(until))), "seconds"),
            "State": state,
            "PipelineId": pipeline_id,
            "NextPageToken": page_token,
            "MaximumPageSize": str(page_size),
        }
        response = self._call(parser, tuple((name, value) for name, value in parameters.items() if value))
        jobs = parser.many(response, "SnapshotJobList", "SnapshotJob", SnapshotJob)
        return Page(jobs, parser.text(response, "NextPageToken") or None, self._at(response))

    def search_pipelines(
        self, state: str = "All", page_number: int = 1, page_size: int = MAX_PIPELINES
    ) -> PipelinePage:
        """Pipelines in a state (All, Active, Paused); pages count from 1 and hold 1 to 100."""
        parser = self._parser("SearchPipeline")
        parameters = (("State", state), ("PageNumber", str(page_number)), ("PageSize", str(page_size)))
        response = self._call(parser, parameters)
        pipelines = parser.many(response, "PipelineList", "Pipeline", Pipeline)
        return PipelinePage(pipelines, parser.number(response, "TotalCount"))

    def query_pipelines(self, ids: Sequence[str]) -> QueriedPipelines:
        """What the service knows of 1 to 10 pipelines."""
        parser = self._parser("QueryPipelineList")
        response = self._call(parser, (("PipelineIds", _join(ids)),))
        pipelines = parser.many(response, "PipelineList", "Pipeline", Pipeline)
        return QueriedPipelines(pipelines, parser.names(response, "NonExistPids"))

    def list_workflow_executions(self, page_token: str | None = None) -> WorkflowExecutionPage:
        """Executions of all media workflows in the last 90 days."""
        parser = self._parser("ListMediaWorkflowExecutions")
        token = (("NextPageToken", page_token),) if page_token else ()
        response = self._call(parser, (("MaximumPageSize", str(MAX_EXECUTIONS)), *token))
        field, inner = "MediaWorkflowExecutionList", "MediaWorkflowExecution"
        executions = parser.many(response, field, inner, WorkflowExecution)
        return WorkflowExecutionPage(executions, parser.text(response, "NextPageToken") or None)

    def _at(self, response: Response) -> datetime:
        return response.date(self._client.clock())

    def _parser(self, action: str, *, idempotent: bool = True) -> ResponseParser:
        return ResponseParser(action, self._account.credentials.scrub, self._client.clock, idempotent)

    def _call(self, parser: ResponseParser, parameters: Parameters) -> Response:
        request = Request("POST", self._account.endpoint, parameters, headers={"Accept": "application/json"})
        call = Call(
            action=parser.action,
            account=account_digest(self._account.credentials.access_key),
            qps=QPS[parser.action],
            idempotent=parser.idempotent,
            prepare=partial(self._sign, parser.action, request),
            classify=parser.classify,
            endpoint_setting=ENDPOINT.env,
        )
        return self._client.call(call)

    def _sign(self, action: str, request: Request, now: datetime) -> Request:
        added = sign(request, self._account.credentials, action, VERSION, now=now, nonce=self._nonce())
        return replace(request, headers={**request.headers, **added})


def connect(profile: str | None = None, location: str | None = None, config: Lookup = no_config) -> MpsApi:
    """The MPS API with the account that `find_account` finds; cheap enough to do for every operation."""
    return MpsApi(find_account(profile, location, config=config), shared_client())


def _join(ids: Sequence[str]) -> str:
    if not 1 <= len(ids) <= MAX_IDS or any("," in id or not id for id in ids):
        raise ValueError(f"a query names 1 to {MAX_IDS} ids, none empty or with a comma")
    return ",".join(ids)


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("the time needs a time zone")
    return moment.timestamp()
