"""The calls of Alibaba Cloud MPS that snapshot jobs need, typed.

Sources: the vendor's pages SubmitSnapshotJob, QuerySnapshotJobList, SearchPipeline, QueryPipelineList, and
for the calls per second its page on QPS limits. Requests look as those of its Python SDK 6.0.3: everything
in the query, an empty body. There is no call to stop a snapshot job, nor one to delete it.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from pulumi_videosnap.alibaba.auth import sign
from pulumi_videosnap.alibaba.models import Pipeline, SnapshotJob, SubmitSnapshotJobBody
from pulumi_videosnap.alibaba.responses import ENDPOINT_VARIABLE, ResponseParser
from pulumi_videosnap.http.client import Response, Call, ApiClient, Request, utc
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import account_digest

__all__ = ["Account", "MpsApi", "Page", "PipelinePage", "Queried", "QueriedPipelines"]

VERSION = "2014-06-18"

QPS = {
    "SubmitSnapshotJob": 50,
    "QuerySnapshotJobList": 100,
    "SearchPipeline": 100,
    "QueryPipelineList": 100,
}
"""The documented calls per second of one account."""

MAX_IDS = 10
"""Jobs, or pipelines, that one query may name."""
MAX_JOBS = 300
MAX_PIPELINES = 100
"""What one page may hold."""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Account:
    """Whose jobs, and where: `endpoint` is scheme and host, without a slash at the end.

    `region` is empty when the endpoint was given without one.
    """

    credentials: Credentials
    endpoint: str = "https://mts.cn-hangzhou.aliyuncs.com"
    region: str = "cn-hangzhou"


@dataclass(frozen=True)
class Queried:
    """What the service says of the jobs asked for, in that order, and which of them it does not know.

    Every job asked for is in one of the two. `at` is the moment of the answer in UTC, by the service's
    clock, or by ours if it named no time.
    """

    jobs: list[SnapshotJob]
    unknown: list[str]
    at: datetime


@dataclass(frozen=True)
class Page:
    """Some jobs, the newest first; `next_token` asks for the next page, and is None on the last."""

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
    """The pipelines asked for that the service knows, and the ids that it does not."""

    pipelines: list[Pipeline]
    unknown: list[str]


def new_nonce() -> str:
    """A value that no request has carried before."""
    return uuid.uuid4().hex


class MpsApi:
    """Calls of one account. Every error is a `CallFailed`; safe to share among threads."""

    def __init__(self, account: Account, caller: ApiClient, nonce: Callable[[], str] = new_nonce) -> None:
        self._account = account
        self._caller = caller
        self._nonce = nonce

    def submit(self, body: SubmitSnapshotJobBody) -> SnapshotJob:
        """Submit a job; the service mints its id.

        A second call makes a second job, so this one goes out again only when it certainly did nothing.
        After Rejected, Unauthorized and Throttled there is no new job. After Unreachable, ServiceFault and
        Garbled there may be one: look for it before submitting again.
        """
        reader = self._reader("SubmitSnapshotJob", idempotent=False)
        return reader.one(self._call(reader, body.parameters()), "SnapshotJob", SnapshotJob)

    def query(self, ids: Sequence[str]) -> Queried:
        """What the service knows of 1 to 10 jobs; Garbled when it passes one over in silence."""
        reader = self._reader("QuerySnapshotJobList")
        answer = self._call(reader, (("SnapshotJobIds", _joined(ids)),))
        found = {job.id: job for job in reader.many(answer, "SnapshotJobList", "SnapshotJob", SnapshotJob)}
        named = set(reader.names(answer, "NonExistSnapshotJobIds"))
        if silent := [id for id in ids if id not in found and id not in named]:
            raise reader.garbled(answer, f"it says nothing about {', '.join(silent)}")
        jobs = [found[id] for id in ids if id in found]
        return Queried(jobs, [id for id in ids if id not in found], self._at(answer))

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
        """Jobs made between two moments (with a time zone; to the second, both included), newest first.

        `state` is one of `State`, `page_size` 1 to 300, `page_token` the `next_token` of the page before,
        whose other arguments must be given again.
        """
        reader = self._reader("QuerySnapshotJobList")
        wanted = {
            "StartOfJobCreatedTimeRange": since and _moment(math.floor(_seconds(since))),
            "EndOfJobCreatedTimeRange": until and _moment(math.ceil(_seconds(until))),
            "State": state,
            "PipelineId": pipeline_id,
            "NextPageToken": page_token,
            "MaximumPageSize": str(page_size),
        }
        answer = self._call(reader, tuple((name, value) for name, value in wanted.items() if value))
        jobs = reader.many(answer, "SnapshotJobList", "SnapshotJob", SnapshotJob)
        return Page(jobs, reader.text(answer, "NextPageToken") or None, self._at(answer))

    def search_pipelines(
        self, state: str = "All", page_number: int = 1, page_size: int = MAX_PIPELINES
    ) -> PipelinePage:
        """Pipelines in a state (All, Active, Paused); pages count from 1 and hold 1 to 100."""
        reader = self._reader("SearchPipeline")
        wanted = (("State", state), ("PageNumber", str(page_number)), ("PageSize", str(page_size)))
        answer = self._call(reader, wanted)
        pipelines = reader.many(answer, "PipelineList", "Pipeline", Pipeline)
        return PipelinePage(pipelines, reader.number(answer, "TotalCount"))

    def query_pipelines(self, ids: Sequence[str]) -> QueriedPipelines:
        """What the service knows of 1 to 10 pipelines."""
        reader = self._reader("QueryPipelineList")
        answer = self._call(reader, (("PipelineIds", _joined(ids)),))
        pipelines = reader.many(answer, "PipelineList", "Pipeline", Pipeline)
        return QueriedPipelines(pipelines, reader.names(answer, "NonExistPids"))

    def _at(self, answer: Response) -> datetime:
        return answer.date(self._caller.clock())

    def _reader(self, action: str, *, idempotent: bool = True) -> ResponseParser:
        return ResponseParser(action, self._account.credentials.scrub, self._caller.clock, idempotent)

    def _call(self, reader: ResponseParser, parameters: Parameters) -> Response:
        request = Request("POST", self._account.endpoint, parameters, headers={"Accept": "application/json"})
        call = Call(
            action=reader.action,
            account=account_digest(self._account.credentials.access_key),
            qps=QPS[reader.action],
            idempotent=reader.idempotent,
            prepare=partial(self._signed, reader.action, request),
            classify=reader.verdict,
            endpoint_setting=ENDPOINT_VARIABLE,
        )
        return self._caller.call(call)

    def _signed(self, action: str, request: Request, now: datetime) -> Request:
        added = sign(request, self._account.credentials, action, VERSION, now=now, nonce=self._nonce())
        return replace(request, headers={**request.headers, **added})


def _joined(ids: Sequence[str]) -> str:
    if not 1 <= len(ids) <= MAX_IDS or any("," in id or not id for id in ids):
        raise ValueError(f"a query names 1 to {MAX_IDS} ids, none empty or with a comma")
    return ",".join(ids)


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.timestamp()


def _moment(seconds: int) -> str:
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
