"""The actions on runs of workflows, media buckets, and media."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from videosnap_emulator.core import Json
from videosnap_emulator.core.clock import Milliseconds
from videosnap_emulator.core.scheduler import Scheduler
from videosnap_emulator.services.mps.errors import not_found, service_error
from videosnap_emulator.services.mps.pipeline_api import Action
from videosnap_emulator.services.mps.requests import BUCKET, Parameters, parse_ids, parse_number, required
from videosnap_emulator.services.mps.responses import format_time, unknown_ids
from videosnap_emulator.services.mps.runs import RunBackend, media_id
from videosnap_emulator.services.mps.state import MpsState
from videosnap_emulator.services.mps.workflow_api import find_workflow
from videosnap_emulator.services.mps.workflow_models import ACTIVE, INPUT, OUTPUT, MediaBucket, Run
from videosnap_emulator.services.mps.workflow_responses import (
    bucket_response,
    file_response,
    parse_oss_url,
    run_response,
)
from videosnap_emulator.storage.store import Store

_MAX_SIZES = {"FileURL": 3200, "MediaWorkflowUserData": 1024, "Title": 128}
#: Runs that are listed.
_LISTED_MS: Milliseconds = 90 * 24 * 3600 * 1000
_MAX_TOKENS = 10_000


class RunActions:
    """The actions; each is one short method."""

    def __init__(
        self,
        scheduler: Scheduler,
        state: MpsState,
        runs: RunBackend,
        storage: Store,
        new_id: Callable[[], str],
    ):
        self._scheduler, self._flow, self._runs = scheduler, state.flow, runs
        self._storage, self._new_id = storage, new_id
        self._tokens: OrderedDict[str, int] = OrderedDict()

    def actions(self) -> dict[str, Action]:
        """Return the actions by their names."""
        return {
            "ListMediaWorkflowExecutions": self._list_runs,
            "QueryMediaWorkflowExecutionList": self._query_runs,
            "BindInputBucket": lambda parameters: self._bind(parameters, INPUT),
            "BindOutputBucket": lambda parameters: self._bind(parameters, OUTPUT),
            "UnbindInputBucket": lambda parameters: self._unbind(parameters, INPUT),
            "UnbindOutputBucket": lambda parameters: self._unbind(parameters, OUTPUT),
            "ListAllMediaBucket": self._list_buckets,
            "AddMedia": self._add_media,
        }

    def _list_runs(self, parameters: Parameters) -> Json:
        """List runs, the latest first; an unknown workflow has none."""
        size = parse_number(parameters, "MaximumPageSize", 10, 100)
        wanted = {name: parameters.get(name, "") for name in ("MediaWorkflowId", "MediaWorkflowName")}
        url = parameters.get("InputFileURL", "")
        source = parse_oss_url(url, "InputFileURL") if url else None
        with self._scheduler.transaction() as now:
            below = self._page_start(parameters.get("NextPageToken", ""))
            matching = (
                run
                for run in self._flow.runs.newest()
                if (below is None or run.number < below)
                and now - run.created <= _LISTED_MS
                and wanted["MediaWorkflowId"] in ("", run.workflow_id)
                and wanted["MediaWorkflowName"] in ("", run.workflow_name)
                and source in (None, run.input)
            )
            runs = list(islice(matching, size + 1))
            return _run_list(runs[:size]) | self._next_page(runs, size)

    def _page_start(self, token: str) -> int | None:
        if token and token not in self._tokens:
            raise service_error("InvalidParameter", "NextPageToken")
        return self._tokens.get(token)

    def _next_page(self, runs: list[Run], size: int) -> Json:
        """Return the token of the next page, if there is one."""
        if len(runs) <= size:
            return {}
        token = self._new_id()
        self._tokens[token] = runs[size - 1].number
        while len(self._tokens) > _MAX_TOKENS:
            self._tokens.popitem(last=False)
        return {"NextPageToken": token}

    def _query_runs(self, parameters: Parameters) -> Json:
        ids = parse_ids(required(parameters, "RunIds"), "RunIds")
        with self._scheduler.transaction():
            found = {run.run_id: run for run in self._flow.runs.values() if run.run_id in ids}
            unknown = [one for one in ids if one not in found]
            runs = [found[one] for one in ids if one in found]
            return _run_list(runs) | unknown_ids("NonExistRunIds", "RunId", unknown)

    def _bind(self, parameters: Parameters, kind: str) -> Json:
        """Bind a bucket; to do so once more changes its Referer only."""
        bucket = _bucket(parameters)
        # assumption: mps-bind
        if not self._storage.has_bucket(bucket):
            raise not_found("Bucket")
        with self._scheduler.transaction():
            self._flow.buckets[bucket, kind] = MediaBucket(bucket, kind, parameters.get("Referer", ""))
        return {}

    def _unbind(self, parameters: Parameters, kind: str) -> Json:
        bucket = _bucket(parameters)
        with self._scheduler.transaction():
            if not self._flow.is_bound(bucket, kind):
                raise not_found("Bucket")
            del self._flow.buckets[bucket, kind]
        return {}

    def _list_buckets(self, parameters: Parameters) -> Json:
        """List the media buckets; here the token of a page is the number of buckets before it."""
        size, token = (
            parse_number(parameters, "MaximumPageSize", 50, 100),
            parameters.get("NextPageToken", "0"),
        )
        if not token.isdecimal():
            raise service_error("InvalidParameter", "NextPageToken")
        with self._scheduler.transaction():
            bound, end = list(self._flow.buckets.values()), int(token) + size
        listed: Json = {
            "MediaBucketList": {"MediaBucket": [bucket_response(one) for one in bound[end - size : end]]}
        }
        return listed | ({"NextPageToken": f"{end:032d}"} if end < len(bound) else {})

    def _add_media(self, parameters: Parameters) -> Json:
        """Register a stored file, and start an active workflow on it, whatever its trigger mode."""
        url, user_data = required(parameters, "FileURL"), parameters.get("MediaWorkflowUserData", "")
        for name, most in _MAX_SIZES.items():
            if len(parameters.get(name, "").encode("utf-8", "replace")) > most:
                raise service_error("InvalidParameter.OutOfRange", name)
        source, runs = parse_oss_url(url, "FileURL"), list[str]()
        with self._scheduler.transaction() as now:
            if parameters.get("MediaWorkflowId"):
                workflow = find_workflow(self._flow, parameters)
                if workflow.state != ACTIVE:
                    raise service_error("InvalidParameter.InvalidState", "MediaWorkflowId")
                runs = [self._runs.start(workflow, source, now, user_data).run_id]
        # assumption: mps-media
        media = {"MediaId": media_id(source), "CreationTime": format_time(now), "File": file_response(source)}
        title = {"Title": parameters["Title"]} if parameters.get("Title") else {}
        return {"Media": media | title | {"RunIdList": {"RunId": runs}}}


def _run_list(runs: list[Run]) -> Json:
    return {"MediaWorkflowExecutionList": {"MediaWorkflowExecution": [run_response(run) for run in runs]}}


def _bucket(parameters: Parameters) -> str:
    name = required(parameters, "Bucket")
    if not BUCKET.fullmatch(name):
        raise service_error("InvalidParameter.BucketNameInvalid", "Bucket")
    return name
