"""The calls: what goes out, what comes back, at which rate, and with a nonce of its own each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pulumi_videosnap.alibaba.api import MpsApi, new_nonce
from pulumi_videosnap.alibaba.auth import Account
from pulumi_videosnap.alibaba.models import SubmitSnapshotJobBody
from pulumi_videosnap.errors import Garbled, Rejected, Throttled
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import MemoryReservations, RateLimiter, Slot, account_digest
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry, RetryHandler
from pulumi_videosnap.http.transport import TransportError

ApiOf = Callable[..., tuple[MpsApi, Any]]
AnswerOf = Callable[..., Response]

DATE = "Wed, 03 Jan 2024 08:00:00 GMT"
AT = datetime(2024, 1, 3, 8, tzinfo=timezone.utc)
NOTHING: dict[str, Any] = {"SnapshotJobList": {"SnapshotJob": []}}
NO_PIPELINES: dict[str, Any] = {"PipelineList": {"Pipeline": []}, "TotalCount": 0}


def query(request: Request) -> dict[str, str]:
    """What a request asks, read as a server would read its URL."""
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def jobs(*ids: str, **more: Any) -> dict[str, Any]:
    return {"SnapshotJobList": {"SnapshotJob": [{"Id": id, "State": "Success"} for id in ids]}, **more}


def unknown(*ids: str) -> dict[str, Any]:
    return {"NonExistSnapshotJobIds": {"String": list(ids)}}


def test_submit_puts_everything_in_the_query(
    api_of: ApiOf, sample: Callable[[str], bytes], body: SubmitSnapshotJobBody
) -> None:
    api, script = api_of(Response(200, {}, sample("SubmitSnapshotJob.answer.json")))
    job = api.submit(body)
    assert (job.id, job.state, job.count) == ("f4e3b9ba9f3840c39d6e288056f0****", "Snapshoting", 1)
    (request,) = script.requests
    assert (request.method, request.endpoint, request.path, request.body) == (
        "POST",
        "https://mts.cn-hangzhou.aliyuncs.com",
        "/",
        b"",
    )
    sent = query(request)
    assert set(sent) == {"Input", "SnapshotConfig", "UserData"}
    assert json.loads(sent["Input"])["Object"] == "input.mp4"
    # Encoded once as a key of OSS, and once more as part of the URL.
    assert json.loads(sent["SnapshotConfig"])["OutputFile"]["Object"] == "output_%7BCount%7D.jpg"
    assert "output_%257BCount%257D.jpg" in request.url
    assert "+" not in request.url


def test_a_request_is_signed_for_its_action(
    api_of: ApiOf, answer_of: AnswerOf, credentials: Credentials
) -> None:
    api, script = api_of(answer_of(NOTHING))
    api.list_jobs()
    headers = script.requests[0].headers
    assert {name: value for name, value in headers.items() if name not in ("Authorization",)} == {
        "Accept": "application/json",
        "Host": "mts.cn-hangzhou.aliyuncs.com",
        "x-acs-action": "QuerySnapshotJobList",
        "x-acs-version": "2014-06-18",
        "x-acs-date": "2023-11-14T22:13:20Z",
        "x-acs-signature-nonce": "nonce-1",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-accesskey-id": credentials.access_key,
        "x-acs-security-token": credentials.session_token,
    }
    assert "SignedHeaders=accept;host;x-acs-accesskey-id;" in headers["Authorization"]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"SnapshotJob": None},
        {"SnapshotJob": ""},
        {"SnapshotJob": {}},
        {"SnapshotJob": []},
        {"SnapshotJob": {"State": "Submitted"}},
        {"SnapshotJob": {"Id": "", "State": "Submitted"}},
        {"Code": "200", "Data": {"JobId": "x"}},
    ],
)
def test_a_submission_without_an_id_is_no_success_and_no_refusal(
    content: dict[str, Any], api_of: ApiOf, answer_of: AnswerOf, body: SubmitSnapshotJobBody
) -> None:
    api, script = api_of(answer_of(content))
    with pytest.raises(Garbled, match=r"SnapshotJob.*check before repeating it.*RequestId"):
        api.submit(body)
    assert len(script.requests) == 1


def test_query_joins_the_ids_and_answers_in_their_order(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, script = api_of(answer_of({**jobs("c", "a", "z"), **unknown("b")}, date=DATE))
    answer = api.query(["a", "b", "c"])
    assert query(script.requests[0]) == {"SnapshotJobIds": "a,b,c"}
    assert ([job.id for job in answer.jobs], answer.unknown, answer.at) == (["a", "c"], ["b"], AT)


def test_query_reads_the_sample(api_of: ApiOf, sample: Callable[[str], bytes]) -> None:
    api, _ = api_of(Response(200, {}, sample("QuerySnapshotJobList.answer.json")))
    answer = api.query(["cc6cbef8e8d5481ca536f5d2a466****"])
    # The sample has the one id in both lists: a job that is told of is not unknown.
    assert ([job.tile_count for job in answer.jobs], answer.unknown) == ([7], [])


@pytest.mark.parametrize("content", [{}, jobs("b"), unknown("b"), NOTHING, {**jobs(), **unknown()}])
def test_a_job_that_is_passed_over_in_silence_is_not_unknown(
    content: dict[str, Any], api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, _ = api_of(answer_of(content))
    with pytest.raises(Garbled, match="it omits a"):
        api.query(["a", "b"] if "b" in json.dumps(content) else ["a"])


@pytest.mark.parametrize(
    "content", [unknown("a"), {"NonExistSnapshotJobIds": ["a"]}, {**NOTHING, **unknown("a")}]
)
def test_an_unknown_job(content: dict[str, Any], api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of(content))
    answer = api.query(["a"])
    assert (answer.jobs, answer.unknown) == ([], ["a"])


@pytest.mark.parametrize("ids", [[], [str(n) for n in range(11)], ["a,b"], [""]])
def test_a_query_that_cannot_be_asked(ids: list[str], api_of: ApiOf) -> None:
    api, script = api_of(TransportError("never asked", Retry.NEVER))
    for ask in (api.query, api.query_pipelines):
        with pytest.raises(ValueError, match="1 to 10 ids"):
            ask(ids)
    assert script.requests == []


def test_a_list_of_everything(api_of: ApiOf, answer_of: AnswerOf, time: Any) -> None:
    api, script = api_of(answer_of(jobs("a", "b")))
    page = api.list_jobs()
    assert query(script.requests[0]) == {"MaximumPageSize": "300"}
    assert ([job.id for job in page.jobs], page.next_token) == (["a", "b"], None)
    # Without a Date the moment is ours.
    assert page.at.timestamp() == time.now


def test_a_list_of_some(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, script = api_of(answer_of(jobs("a", NextPageToken="t2"), date=DATE))
    eight = timezone(timedelta(hours=8))
    page = api.list_jobs(
        since=datetime(2024, 1, 3, 8, 0, 0, 999_999, tzinfo=eight),
        until=datetime(2024, 1, 3, 0, 0, 0, 1, tzinfo=timezone.utc),
        state="Success",
        pipeline_id="p",
        page_token="t1",
        page_size=2,
    )
    assert query(script.requests[0]) == {
        # To the second, and never less than was asked for.
        "StartOfJobCreatedTimeRange": "2024-01-03T00:00:00Z",
        "EndOfJobCreatedTimeRange": "2024-01-03T00:00:01Z",
        "State": "Success",
        "PipelineId": "p",
        "NextPageToken": "t1",
        "MaximumPageSize": "2",
    }
    assert (page.next_token, page.at) == ("t2", AT)


@pytest.mark.parametrize("token", ["", None])
def test_a_last_page(token: str | None, api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of(jobs("a", NextPageToken=token)))
    assert api.list_jobs().next_token is None


def test_a_list_that_is_left_out_is_empty(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of())
    assert api.list_jobs().jobs == []


def test_an_answer_that_is_not_a_list_is_not_an_empty_one(api_of: ApiOf) -> None:
    api, _ = api_of(Response(200, {}, b'{"hello": "world"}'))
    with pytest.raises(Garbled, match="SnapshotJobList"):
        api.list_jobs()


def test_a_moment_without_a_zone_is_refused(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of(NOTHING))
    with pytest.raises(ValueError, match="time zone"):
        api.list_jobs(since=datetime(2024, 1, 3))


def test_search_pipelines(api_of: ApiOf, answer_of: AnswerOf) -> None:
    pipelines = {"PipelineList": {"Pipeline": [{"Id": "p1", "State": "Active"}]}, "TotalCount": "3"}
    api, script = api_of(answer_of({**pipelines, "PageNumber": 2, "PageSize": 1}))
    page = api.search_pipelines("Active", page_number=2, page_size=1)
    assert query(script.requests[0]) == {"State": "Active", "PageNumber": "2", "PageSize": "1"}
    assert script.requests[0].headers["x-acs-action"] == "SearchPipeline"
    assert ([pipeline.id for pipeline in page.pipelines], page.total) == (["p1"], 3)


@pytest.mark.parametrize("total", [None, "", "many", True, -1])
def test_pipelines_without_a_total_are_garbled(total: Any, api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of({**NO_PIPELINES, "TotalCount": total}))
    with pytest.raises(Garbled, match="TotalCount"):
        api.search_pipelines()


def test_query_pipelines(api_of: ApiOf, answer_of: AnswerOf) -> None:
    said = {"PipelineList": {"Pipeline": [{"Id": "p1"}]}, "NonExistPids": {"String": ["p2"]}}
    api, script = api_of(answer_of(said))
    found = api.query_pipelines(["p1", "p2"])
    assert query(script.requests[0]) == {"PipelineIds": "p1,p2"}
    assert script.requests[0].headers["x-acs-action"] == "QueryPipelineList"
    assert ([pipeline.id for pipeline in found.pipelines], found.unknown) == (["p1"], ["p2"])


def test_every_attempt_has_a_nonce_and_a_time_of_its_own(api_of: ApiOf, answer_of: AnswerOf) -> None:
    lost = TransportError("lost", Retry.IF_IDEMPOTENT)
    fault, throttled = Response(503, {}, b""), Response(429, {"retry-after": "2"}, b"")
    api, script = api_of(lost, fault, throttled, answer_of(NOTHING))
    api.list_jobs()
    headers = [request.headers for request in script.requests]
    assert [h["x-acs-signature-nonce"] for h in headers] == ["nonce-1", "nonce-2", "nonce-3", "nonce-4"]
    assert len({h["Authorization"] for h in headers}) == 4
    assert headers[3]["x-acs-date"] > headers[2]["x-acs-date"]


def test_nonces_differ() -> None:
    assert len({new_nonce() for _ in range(1000)}) == 1000


class Recorder:
    """ReservationStore that are always free, and a record of who asked for them."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, float]] = []

    def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
        self.taken.append((name, round(1 / spacing, 6)))
        return Slot(0.0, 0.0)


def test_each_action_draws_on_its_own_quota(
    answer_of: AnswerOf, body: SubmitSnapshotJobBody, credentials: Credentials
) -> None:
    slots = Recorder()
    answers = {
        "SubmitSnapshotJob": answer_of({"SnapshotJob": {"Id": "a"}}),
        "QuerySnapshotJobList": answer_of(jobs("a")),
        "SearchPipeline": answer_of(NO_PIPELINES),
        "QueryPipelineList": answer_of(NO_PIPELINES),
    }
    caller = ApiClient(
        lambda request: answers[request.headers["x-acs-action"]], RateLimiter(slots, clock=lambda: 0.0)
    )
    api = MpsApi(Account(credentials), caller)
    api.submit(body)
    api.query(["a"])
    api.list_jobs()
    api.search_pipelines()
    api.query_pipelines(["a"])
    account = account_digest(credentials.access_key)
    assert slots.taken == [
        (f"{account}/SubmitSnapshotJob", 0.95 * 50),
        (f"{account}/QuerySnapshotJobList", 0.95 * 100),
        (f"{account}/QuerySnapshotJobList", 0.95 * 100),
        (f"{account}/SearchPipeline", 0.95 * 100),
        (f"{account}/QueryPipelineList", 0.95 * 100),
    ]


def test_the_documented_rate_is_kept(
    api_of: ApiOf, answer_of: AnswerOf, body: SubmitSnapshotJobBody, time: Any
) -> None:
    api, script = api_of(answer_of({"SnapshotJob": {"Id": "a"}}))
    began = time.now
    for _ in range(51):
        api.submit(body)
    assert time.now - began > 1
    assert len(script.requests) == 51


def test_a_full_quota_is_told_and_nothing_goes_out(
    answer_of: AnswerOf, credentials: Credentials, body: SubmitSnapshotJobBody, time: Any, script_of: Any
) -> None:
    class Full(MemoryReservations):
        def reserve(self, name: str, spacing: float, max_wait: float) -> Slot:
            return Slot(time.now + max_wait + 1, time.now)

    script = script_of([answer_of()])
    limiter = RateLimiter(Full(time.clock), clock=time.clock, sleep=time.sleep)
    api = MpsApi(
        Account(credentials), ApiClient(script, limiter, RetryHandler(monotonic=time.clock), clock=time.clock)
    )
    with pytest.raises(Throttled, match="50 calls a second"):
        api.submit(body)
    assert script.requests == []


def test_a_refusal_is_told_once(api_of: ApiOf, refusal_of: AnswerOf, body: SubmitSnapshotJobBody) -> None:
    api, script = api_of(
        refusal_of("InvalidParameter.OutOfRange", 'The specified parameter "Num" is out of range.')
    )
    with pytest.raises(Rejected, match='"Num" is out of range') as refused:
        api.submit(body)
    assert (refused.value.action, len(script.requests)) == ("SubmitSnapshotJob", 1)
