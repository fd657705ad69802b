"""The calls: what goes out, what comes back, at which rate, and with a nonce of its own each time."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pulumi_videosnap.alibaba.api import MpsApi, new_nonce
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.errors import Garbled, Rejected
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.rate_limit import RateLimiter, Slot, account_digest
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from support.data import load
from unit.scripted import AT, DATE, MPS_KEYS, SUBMIT, mps_answer, mps_api, sample

RESULTS = load("mps/results.json")
NO_PIPELINES: dict[str, Any] = {"PipelineList": {"Pipeline": []}, "TotalCount": 0}


def query(request: Request) -> dict[str, str]:
    """What a request asks, read as a server would read its URL."""
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def jobs(*ids: str, **more: Any) -> dict[str, Any]:
    return {"SnapshotJobList": {"SnapshotJob": [{"Id": id, "State": "Success"} for id in ids]}, **more}


def test_submit_puts_everything_in_the_query() -> None:
    api, script = mps_api(Response(200, {}, sample("mps/SubmitSnapshotJob.answer.json")))
    job = api.submit(SUBMIT.model_copy(update={"user_data": "testid-001"}))
    assert (job.id, job.state, job.count) == ("f4e3b9ba9f3840c39d6e288056f0****", "Snapshoting", 1)
    (request,) = script.requests
    place = ("POST", "https://mts.cn-hangzhou.aliyuncs.com", "/", b"")
    assert (request.method, request.endpoint, request.path, request.body) == place
    sent = query(request)
    assert set(sent) == {"Input", "SnapshotConfig", "UserData"}
    assert json.loads(sent["Input"])["Object"] == "input.mp4"
    # Encoded once as a key of OSS, and once more as part of the URL.
    assert json.loads(sent["SnapshotConfig"])["OutputFile"]["Object"] == "output_%7BCount%7D.jpg"
    assert "output_%257BCount%257D.jpg" in request.url
    assert "+" not in request.url


@pytest.mark.parametrize(
    "body", ["<Code>", "<Message>", "</Code><Code", "<RequestId><Code>", "{", "&#", "0123456789abcdef"]
)
def test_the_time_to_read_a_refusal_grows_no_faster_than_its_length(body: str) -> None:
    refusal = Response(400, {}, (body * (200_000 // len(body))).encode())
    began = time.process_time()
    with pytest.raises(Rejected, match="HTTP 400"):
        mps_api(refusal)[0].list_jobs()
    assert time.process_time() - began < 2


def test_a_submission_that_is_answered_with_another_job_is_not_believed() -> None:
    answer = mps_answer({"SnapshotJob": {"Id": "a" * 32, "State": "Submitted", "UserData": "another-one"}})
    with pytest.raises(Garbled, match="about another job"):
        mps_api(answer)[0].submit(SUBMIT)


def test_a_request_is_signed_for_its_action() -> None:
    api, script = mps_api(mps_answer(jobs()))
    api.list_jobs()
    headers = dict(script.requests[0].headers)
    assert "SignedHeaders=accept;host;x-acs-accesskey-id;" in headers.pop("Authorization")
    assert headers == {
        "Accept": "application/json",
        "Host": "mts.cn-hangzhou.aliyuncs.com",
        "x-acs-action": "QuerySnapshotJobList",
        "x-acs-version": "2014-06-18",
        "x-acs-date": "2023-11-14T22:13:20Z",
        "x-acs-signature-nonce": "nonce-1",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-accesskey-id": MPS_KEYS.access_key,
        "x-acs-security-token": MPS_KEYS.session_token,
    }


@pytest.mark.parametrize("content", RESULTS["no job"])
def test_a_submission_without_an_id_is_no_success_and_no_refusal(content: dict[str, Any]) -> None:
    api, script = mps_api(mps_answer(content))
    with pytest.raises(Garbled, match=r"SnapshotJob.*check before repeating it.*RequestId"):
        api.submit(SUBMIT)
    assert len(script.requests) == 1


def test_query_joins_the_ids_and_answers_in_their_order() -> None:
    found = mps_answer({**jobs("c", "a", "z"), "NonExistSnapshotJobIds": {"String": ["b"]}}, date=DATE)
    api, script = mps_api(found, Response(200, {}, sample("mps/QuerySnapshotJobList.answer.json")))
    answer = api.query(["a", "b", "c"])
    assert query(script.requests[0]) == {"SnapshotJobIds": "a,b,c"}
    assert ([job.id for job in answer.jobs], answer.unknown, answer.at) == (["a", "c"], ["b"], AT)
    # The sample has the one id in both lists: a job that is listed is not unknown.
    answer = api.query(["cc6cbef8e8d5481ca536f5d2a466****"])
    assert ([job.tile_count for job in answer.jobs], answer.unknown) == ([7], [])


@pytest.mark.parametrize("content", RESULTS["omits a"])
def test_a_job_that_the_response_omits_is_not_unknown(content: dict[str, Any]) -> None:
    api, _ = mps_api(mps_answer(content))
    with pytest.raises(Garbled, match="it omits a"):
        api.query(["a", "b"] if '"b"' in json.dumps(content) else ["a"])


@pytest.mark.parametrize("content", RESULTS["a is unknown"])
def test_an_unknown_job(content: dict[str, Any]) -> None:
    answer = mps_api(mps_answer(content))[0].query(["a"])
    assert (answer.jobs, answer.unknown) == ([], ["a"])


@pytest.mark.parametrize("ids", [[], [str(n) for n in range(11)], ["a,b"], [""]])
def test_a_query_that_cannot_be_asked(ids: list[str]) -> None:
    api, script = mps_api(TransportError("never asked", Retry.NEVER))
    for ask in (api.query, api.query_pipelines):
        with pytest.raises(ValueError, match="1 to 10 ids"):
            ask(ids)
    with pytest.raises(ValueError, match="time zone"):
        api.list_jobs(since=datetime(2024, 1, 3))
    assert script.requests == []


def test_a_list_of_everything_and_one_of_some() -> None:
    some = mps_answer(jobs("a", NextPageToken="t2"), date=DATE)
    last = [mps_answer(jobs("a", NextPageToken=token)) for token in ("", None)]
    api, script = mps_api(mps_answer(jobs("a", "b")), some, *last)
    page = api.list_jobs()
    assert ([job.id for job in page.jobs], page.next_token) == (["a", "b"], None)
    assert page.at.timestamp() == script.time.now, "without a Date the time is ours"
    since = datetime(2024, 1, 3, 8, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    until = datetime(2024, 1, 3, 0, 0, 0, 1, tzinfo=timezone.utc)
    rest: dict[str, Any] = {"state": "Success", "pipeline_id": "p", "page_token": "t1", "page_size": 2}
    page = api.list_jobs(since=since, until=until, **rest)
    assert (page.next_token, page.at) == ("t2", AT)
    assert query(script.requests[0]) == {"MaximumPageSize": "300"}
    assert query(script.requests[1]) == {
        # To the second, and never less than was asked for.
        "StartOfJobCreatedTimeRange": "2024-01-03T00:00:00Z",
        "EndOfJobCreatedTimeRange": "2024-01-03T00:00:01Z",
        **{"State": "Success", "PipelineId": "p", "NextPageToken": "t1", "MaximumPageSize": "2"},
    }
    assert [api.list_jobs().next_token for _ in last] == [None, None]


@pytest.mark.parametrize(("content", "ids"), RESULTS["lists"])
def test_a_list_in_every_shape_and_what_is_not_an_empty_one(content: Any, ids: list[str] | None) -> None:
    """In every shape that the vendor's pages, SDKs and gateways have; None: it cannot be read."""
    api, _ = mps_api(Response(200, {}, json.dumps(content).encode()))
    if ids is None:
        with pytest.raises(Garbled, match="not as documented in SnapshotJobList"):
            api.list_jobs()
    else:
        assert [job.id for job in api.list_jobs().jobs] == ids


def test_pipelines() -> None:
    search = {"PipelineList": {"Pipeline": [{"Id": "p1", "State": "Active"}]}, "TotalCount": "3"}
    some = {"PipelineList": {"Pipeline": [{"Id": "p1"}]}, "NonExistPids": {"String": ["p2"]}}
    api, script = mps_api(mps_answer({**search, "PageNumber": 2, "PageSize": 1}), mps_answer(some))
    page, found = (
        api.search_pipelines("Active", page_number=2, page_size=1),
        api.query_pipelines(["p1", "p2"]),
    )
    assert ([pipeline.id for pipeline in page.pipelines], page.total) == (["p1"], 3)
    assert ([pipeline.id for pipeline in found.pipelines], found.unknown) == (["p1"], ["p2"])
    assert [(r.headers["x-acs-action"], query(r)) for r in script.requests] == [
        ("SearchPipeline", {"State": "Active", "PageNumber": "2", "PageSize": "1"}),
        ("QueryPipelineList", {"PipelineIds": "p1,p2"}),
    ]


@pytest.mark.parametrize("total", [None, "", "many", True, -1])
def test_pipelines_without_a_total_are_garbled(total: Any) -> None:
    with pytest.raises(Garbled, match="TotalCount"):
        mps_api(mps_answer({**NO_PIPELINES, "TotalCount": total}))[0].search_pipelines()


def test_every_attempt_has_a_nonce_and_a_time_of_its_own() -> None:
    lost = TransportError("lost", Retry.IF_IDEMPOTENT)
    fault, throttled = Response(503, {}, b""), Response(429, {"retry-after": "2"}, b"")
    api, script = mps_api(lost, fault, throttled, mps_answer(jobs()))
    api.list_jobs()
    headers = [request.headers for request in script.requests]
    assert [h["x-acs-signature-nonce"] for h in headers] == ["nonce-1", "nonce-2", "nonce-3", "nonce-4"]
    assert len({h["Authorization"] for h in headers}) == 4
    assert headers[3]["x-acs-date"] > headers[2]["x-acs-date"]
    assert len({new_nonce() for _ in range(1000)}) == 1000


class Recorder:
    """A store whose slots are free, and a record of who asked for them."""

    def __init__(self) -> None:
        self.taken = list[tuple[str, float]]()

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        self.taken.append((name, round(1 / spacing, 6)))
        return Slot(0.0, 0.0)


def test_each_action_draws_on_its_own_quota() -> None:
    slots, job = Recorder(), {"SnapshotJob": {"Id": "a"}}
    lists = {
        "QuerySnapshotJobList": jobs("a"),
        "SearchPipeline": NO_PIPELINES,
        "QueryPipelineList": NO_PIPELINES,
    }
    answers = {name: mps_answer(said) for name, said in {"SubmitSnapshotJob": job, **lists}.items()}
    limiter = RateLimiter(slots, clock=lambda: 0.0)
    client = ApiClient(lambda request: answers[request.headers["x-acs-action"]], limiter)
    api = MpsApi(Account(MPS_KEYS), client)
    api.submit(SUBMIT)
    api.query(["a"])
    api.list_jobs()
    api.search_pipelines()
    api.query_pipelines(["a"])
    account, listing = account_digest(MPS_KEYS.access_key), ("QuerySnapshotJobList", 100)
    limits = [
        ("SubmitSnapshotJob", 50),
        listing,
        listing,
        ("SearchPipeline", 100),
        ("QueryPipelineList", 100),
    ]
    assert slots.taken == [(f"{account}/{action}", 0.95 * limit) for action, limit in limits]
