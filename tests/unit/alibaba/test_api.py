"""The calls: what goes out, how it is signed, what comes back, at which rate, and what is repeated."""

import importlib
import json
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_videosnap import errors
from pulumi_videosnap.alibaba.api import MpsApi, new_nonce
from pulumi_videosnap.alibaba.auth import Account, sign
from pulumi_videosnap.alibaba.lifecycle import snapshot_job
from pulumi_videosnap.core.lifecycle import Context
from pulumi_videosnap.errors import Garbled, InvalidInput, Rejected
from pulumi_videosnap.http.client import ApiClient
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.rate_limit import RateLimiter, Slot, account_digest
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from support.data import load
from unit.scripted import AT, DATE, MPS_KEYS, SUBMIT, mps_answer, mps_api, mps_refusal, sample

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


SLOW = ["<Code>", "<Message>", "</Code><Code", "<RequestId><Code>", "{", "&#", "0123456789abcdef"]


@pytest.mark.parametrize("body", SLOW)
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
    page = api.search_pipelines("Active", page_number=2, page_size=1)
    found = api.query_pipelines(["p1", "p2"])
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
    said = {"SubmitSnapshotJob": job, "QuerySnapshotJobList": jobs("a")}
    said |= dict.fromkeys(("SearchPipeline", "QueryPipelineList"), NO_PIPELINES)
    answers = {name: mps_answer(one) for name, one in said.items()}
    limiter = RateLimiter(slots, clock=lambda: 0.0)
    client = ApiClient(lambda request: answers[request.headers["x-acs-action"]], limiter)
    api = MpsApi(Account(MPS_KEYS), client)
    api.submit(SUBMIT)
    api.query(["a"])
    api.list_jobs()
    api.search_pipelines()
    api.query_pipelines(["a"])
    called = ["SubmitSnapshotJob", *["QuerySnapshotJobList"] * 2, "SearchPipeline", "QueryPipelineList"]
    account, limits = account_digest(MPS_KEYS.access_key), [50, 100, 100, 100, 100]
    taken = zip(called, limits, strict=True)
    assert slots.taken == [(f"{account}/{action}", 0.95 * limit) for action, limit in taken]


JOB = {"SnapshotJob": {"Id": "f4e3", "State": "Submitted"}}
LOOK_FIRST = "it may have taken effect nevertheless; check before repeating it"
STEPS = load("mps/lost_responses.json")
"""The error that each is for a submission, and the message of a failed connection or a response."""


def step_of(first: Any, *body: str, retry: Retry = Retry.IF_IDEMPOTENT) -> Response | Exception:
    return Response(first, {}, body[0].encode()) if body else TransportError(first, retry)


@pytest.mark.parametrize("row", STEPS["may have acted"])
def test_what_may_have_acted_is_repeated_only_for_a_read(row: list[Any]) -> None:
    api, script = mps_api(step_of(*row[1:]), mps_answer(JOB))
    with pytest.raises(getattr(errors, row[0]), match=LOOK_FIRST):
        api.submit(SUBMIT)
    assert len(script.requests) == 1
    api, script = mps_api(step_of(*row[1:]), mps_answer())
    assert api.list_jobs().jobs == []
    assert len(script.requests) == 2
    with pytest.raises(errors.CallFailed) as failed:
        mps_api(step_of(*row[1:]))[0].list_jobs()
    assert "check before" not in str(failed.value)


@pytest.mark.parametrize("row", STEPS["did nothing"])
def test_what_certainly_did_nothing_is_repeated(row: list[Any]) -> None:
    step = step_of(*row[1:], retry=Retry.ALWAYS)
    api, script = mps_api(step, step, mps_answer(JOB))
    assert api.submit(SUBMIT).id == "f4e3"
    nonces = {request.headers["x-acs-signature-nonce"] for request in script.requests}
    assert (len(script.requests), len(nonces)) == (3, 3)


def test_a_refusal_of_the_key_is_final_and_throttling_that_stays_is_reported() -> None:
    api, script = mps_api(mps_refusal("InvalidAccessKeyId.NotFound", status=404))
    with pytest.raises(errors.Unauthorized):
        api.submit(SUBMIT)
    assert len(script.requests) == 1
    api, _ = mps_api(mps_refusal("Throttling.User", "Request was denied due to user flow control."))
    with pytest.raises(errors.Throttled, match="user flow control"):
        api.submit(SUBMIT)


@pytest.mark.parametrize(
    "id_", ["", "18d5be4175a44eccae311aee19896390", "oss-cn-hangzhou/", "/18d5", "a/b-c"]
)
def test_an_id_without_a_location_or_a_job_is_refused_with_its_form(id_: str) -> None:
    with pytest.raises(InvalidInput, match=f"{id_!r} is not of the form location/job"):
        snapshot_job(Context()).find(id_)


NEW_YEAR = datetime(2024, 1, 1, tzinfo=timezone.utc)

# The vendor's page 2593177, "V3 request structure and signature".
PUBLISHED = Request(
    "POST",
    "https://ecs.cn-shanghai.aliyuncs.com",
    (("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"), ("RegionId", "cn-shanghai")),
)
PUBLISHED_KEYS = Credentials("YourAccessKeyId", "YourAccessKeySecret")
PUBLISHED_NONCE = "3156853299f313e23d1673dc12e1703d"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_vector() -> None:
    now = datetime(2023, 10, 26, 10, 22, 32, tzinfo=timezone.utc)
    headers = sign(PUBLISHED, PUBLISHED_KEYS, "RunInstances", "2014-05-26", now=now, nonce=PUBLISHED_NONCE)
    assert headers == {
        "Host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-version": "2014-05-26",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": PUBLISHED_NONCE,
        "x-acs-content-sha256": EMPTY,
        "Authorization": (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
            "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
            "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        ),
    }


@pytest.mark.parametrize(
    "endpoint", ["https://mts.cn-hangzhou.aliyuncs.com", "http://127.0.0.1:8080", "http://[::1]:80"]
)
def test_the_host_is_sent_as_it_is_signed(endpoint: str) -> None:
    signed = sign(Request("POST", endpoint), PUBLISHED_KEYS, "A", "V", now=NEW_YEAR, nonce="n")
    assert signed["Host"] == endpoint.partition("//")[2]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = ["", "\n", "a b", "a+b", "%2F", "{Count}.jpg", "%7BCount%7D", "视频/流", "&=?#", *" +*~%"]
# Parameter names are the vendor's: ASCII letters.
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.1", min_size=1, max_size=8)
QUERIES = st.dictionaries(NAMES, st.one_of(TEXT, st.sampled_from(ODD)), max_size=6)
KEYS = st.text("abcXYZ019+/=", min_size=1, max_size=20)
HOSTS = st.sampled_from(["mts.cn-hangzhou.aliyuncs.com", "127.0.0.1:8080", "localhost:443"])
HEADERS = {
    "Accept": st.just("application/json"),
    "User-Agent": st.sampled_from(["pulumi-videosnap/1", "  padded  "]),
    "content-type": st.just("application/x-www-form-urlencoded"),
}
REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST"]),
    HOSTS.map("https://{}".format),
    QUERIES.map(lambda query: tuple(query.items())),
    headers=st.fixed_dictionaries({}, optional=HEADERS),
    body=st.one_of(st.just(b""), TEXT.map(str.encode)),
)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@settings(max_examples=200, deadline=None)
@given(
    request_=REQUESTS,
    keys=st.builds(Credentials, st.just("LTAIEXAMPLE"), KEYS, st.one_of(st.none(), KEYS)),
    nonce=st.text("0123456789abcdef-", min_size=1, max_size=36),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(timezone.utc)),
)
def test_the_official_signer_agrees(request_: Request, keys: Credentials, nonce: str, now: datetime) -> None:
    ours = sign(request_, keys, "SubmitSnapshotJob", "2014-06-18", now=now, nonce=nonce)
    payload = _official().hash(request_.body, "ACS3-HMAC-SHA256").hex()
    assert ours["x-acs-content-sha256"] == payload
    signed = {**request_.headers, **{name: v for name, v in ours.items() if name != "Authorization"}}
    query = dict(request_.query)
    theirs = SimpleNamespace(method=request_.method, pathname="/", query=query, headers=signed)
    pair = (keys.access_key, keys.secret_key)
    assert ours["Authorization"] == _official().get_authorization(theirs, "ACS3-HMAC-SHA256", payload, *pair)


def _official() -> Any:
    """The vendor's helpers; imported late, as they are heavy and may warn on newer Pythons."""
    return importlib.import_module("alibabacloud_tea_openapi.utils").Utils
