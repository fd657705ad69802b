"""The four calls: what goes out, how it is signed, what comes back, and when a task counts as unknown."""

import importlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_videosnap import errors
from pulumi_videosnap.http.credentials import Credentials
from pulumi_videosnap.http.request import Request, Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.api import RtcApi
from pulumi_videosnap.volcengine.auth import Scope, sign, signed_host
from pulumi_videosnap.volcengine.models import StartSnapshotBody, StorageConfig, TaskKey
from support.data import load
from unit.scripted import AT, DATE, rtc_answer, rtc_api, rtc_refusal, sample

KEY = TaskKey("661e", "Room1", "Task1")
NAMES = {"app_id": KEY.app_id, "room_id": KEY.room_id, "task_id": KEY.task_id}
BODY = StartSnapshotBody(**NAMES, storage_config=StorageConfig(type=0))
RUNNING = {"SnapshotTask": {"Status": 2, "StartTime": 1677227309000}}
URL = "https://rtc.volcengineapi.com/?Action={}&Version=2023-11-01"
GONE = rtc_refusal("InvalidParameter.ErrorActiveTaskNotFound", "指定任务不存在或已经停止", date=DATE)
SENTENCE = "The task has been started. Please do not call the startup task interface repeatedly"
CALLS: dict[str, Callable[[RtcApi], Any]] = {
    "start": lambda api: api.start(BODY),
    "update": lambda api: api.update(KEY, 2, None),
    "stop": lambda api: api.stop(KEY, None),
    "get": lambda api: api.get(KEY),
}


def test_start_posts_the_body() -> None:
    api, script = rtc_api(rtc_answer("ok", date=DATE))
    started = api.start(BODY)
    assert (started.already_running, started.at) == (False, AT)
    (request,) = script.requests
    assert (request.method, request.url) == ("POST", URL.format("StartSnapshot"))
    assert request.headers["Content-Type"] == "application/json"
    assert "/cn-north-1/rtc/request" in request.headers["Authorization"]
    key = {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}
    assert json.loads(request.body) == {**key, "StorageConfig": {"Type": 0}}


NOTICES: list[Any] = [SENTENCE, f"{SENTENCE}.", f"{SENTENCE}。", f" {SENTENCE.upper()} ", "Another notice"]
NOTICES += ["", {}, None]


@pytest.mark.parametrize("result", [*NOTICES, "ok", "OK", " ok\n"])
def test_only_ok_means_that_this_call_started_it(result: object) -> None:
    api, _ = rtc_api(rtc_answer(result))
    assert api.start(BODY).already_running is (result in NOTICES)


def test_a_start_that_fails() -> None:
    api, _ = rtc_api(rtc_refusal("InvalidParameter.TaskAlreadyExists", "任务已存在"))
    assert api.start(BODY).already_running, "refused because it exists: it runs"
    api, _ = rtc_api(GONE)
    with pytest.raises(errors.Rejected):
        api.start(BODY)
    api, script = rtc_api(TransportError("lost", Retry.IF_IDEMPOTENT), rtc_answer(SENTENCE))
    assert api.start(BODY).already_running
    assert len(script.requests) == 2, "repeated, since its response was lost"


def test_update_sends_the_interval_alone_and_stop_the_key() -> None:
    answer = Response(200, {}, sample("rtc/UpdateSnapshot.answer.json"))
    api, script = rtc_api(answer, rtc_answer("ok"))
    api.update(TaskKey("661e****543cf", "Room1", "Task1"), 2, "B****23")
    api.stop(KEY, None)
    update, stop = script.requests
    assert (update.url, stop.url) == (URL.format("UpdateSnapshot"), URL.format("StopSnapshot"))
    assert json.loads(update.body) == json.loads(sample("rtc/UpdateSnapshot.request.json"))
    assert json.loads(stop.body) == {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}


def test_get_asks_in_the_query() -> None:
    answer = sample("rtc/GetSnapshotTask.answer.json")
    api, script = rtc_api(Response(200, {"date": DATE}, answer), rtc_answer(RUNNING))
    reading = api.get(TaskKey("661e", "Room1", "a@b.c"))
    (request,) = script.requests
    assert (request.method, request.body, "Content-Type" in request.headers) == ("GET", b"", False)
    assert request.url == f"{URL.format('GetSnapshotTask')}&AppId=661e&RoomId=Room1&TaskId=a%40b.c"
    assert (reading.at, reading.task.start_time) == (AT, 1677227309000)
    # Without a date in the response the time is ours.
    assert api.get(KEY).at.timestamp() == pytest.approx(script.time.now)


@pytest.mark.parametrize(("call", "result", "kind", "text"), load("rtc/results.json"))
def test_a_success_without_what_was_asked_for(call: str, result: object, kind: str, text: str) -> None:
    api, _ = rtc_api(rtc_answer(result, date=DATE))
    with pytest.raises(getattr(errors, kind), match=text) as failed:
        CALLS[call](api)
    if isinstance(failed.value, errors.NotFound):
        assert failed.value.at == AT


@pytest.mark.parametrize(("call", "limit", "result"), [("get", 60, RUNNING), ("stop", 150, "ok")])
def test_the_documented_rate_is_kept(call: str, limit: int, result: object) -> None:
    api, script = rtc_api(rtc_answer(result))
    began = script.time.now
    for _ in range(limit + 1):
        CALLS[call](api)
    assert script.time.now - began > 1
    assert len(script.requests) == limit + 1


KEYS = Credentials("AKLTEXAMPLE", "SECRETEXAMPLE")
SCOPE, BYTEPLUS = Scope("cn-north-1", "rtc"), Scope("ap-singapore-1", "rtc")
NEW_YEAR = datetime(2024, 1, 1, tzinfo=timezone.utc)

VECTORS = load("rtc/signatures.json")


def request_of(row: dict[str, Any]) -> Request:
    query = tuple((name, value) for name, value in row["query"])
    headers, body = row["headers"], row["body"].encode()
    return Request(row["method"], "https://rtc.volcengineapi.com", query, headers=headers, body=body)


POST, GET = map(request_of, VECTORS)


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: row["method"])
def test_vector(row: dict[str, Any]) -> None:
    request = request_of(row)
    before = repr(request), dict(request.headers)
    headers = sign(request, KEYS, SCOPE, NEW_YEAR)
    assert headers["X-Content-Sha256"] == row["body hash"]
    assert headers["Authorization"] == (
        "HMAC-SHA256 Credential=AKLTEXAMPLE/20240101/cn-north-1/rtc/request, "
        f"SignedHeaders={row['names']}, Signature={row['signature']}"
    )
    assert sign(request, KEYS, SCOPE, NEW_YEAR) == headers, "signing is pure"
    assert (repr(request), dict(request.headers)) == before
    shown = repr(Request(request.method, request.endpoint, request.query, headers=headers, body=request.body))
    assert not re.search("SECRET|AKLT|Signature" + ("|661e" if request.body else ""), shown)


@pytest.mark.parametrize(("endpoint", "host"), load("rtc/signed_hosts.json"))
def test_the_host_keeps_any_port_but_80_and_443(endpoint: str, host: str) -> None:
    assert signed_host(endpoint) == host


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
VALUES = st.one_of(TEXT, st.sampled_from(["", " ", "+", "~", "a b", "a+b", "a@b.c", "%2F", "视频/流", "*"]))
# Parameter names are the vendor's, ASCII letters: the two signers sort other names differently.
PARAMETERS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
QUERIES = st.dictionaries(PARAMETERS, VALUES, max_size=5)
SECRETS = st.text("abcXYZ019+/=", min_size=1, max_size=20)
KEY_PAIRS = st.builds(Credentials, st.just("AKLTEXAMPLE"), SECRETS, st.none() | SECRETS)
HOSTS = ["rtc.volcengineapi.com", "open.byteplusapi.com", "rtc.volcengineapi.com:443", "h:80"]
HOSTS += ["127.0.0.1:8080", "localhost:44380"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning", "ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["GET", "POST"]), QUERIES, TEXT, KEY_PAIRS, st.sampled_from(HOSTS))
def test_the_official_signers_of_both_editions_agree(
    method: str, query: dict[str, str], body: str, keys: Credentials, host: str
) -> None:
    headers = {"Content-Type": "application/json"} if method == "POST" else {}
    data = body.encode() if method == "POST" else b""
    request = Request(method, f"https://{host}", tuple(query.items()), headers=headers, body=data)
    for name, (official, scope) in SIGNERS.items():
        theirs = official(request, host, keys)
        now = datetime.strptime(theirs["X-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        ours = sign(request, keys, scope, now)
        for header in ("X-Date", "X-Content-Sha256", "X-Security-Token", "Authorization"):
            assert ours.get(header) == theirs.get(header), f"{name}: {header}"


def _official(module: str, name: str) -> Any:
    """A class of the vendor's SDKs; imported late, as they are heavy and warn on newer Pythons."""
    return getattr(importlib.import_module(module), name)


def _sign_with(package: str, scope: Scope, of: Request, host: str, keys: Credentials) -> dict[str, str]:
    """That of BytePlus knows no session tokens, and signs any header whose name begins with X-."""
    request = _official(f"{package}.base.Request", "Request")()
    request.method, request.path, request.query = of.method, "/", dict(of.query)
    request.body = of.body.decode()
    token = (keys.session_token or "",) if package == "volcengine" else ()
    theirs = _official(f"{package}.Credentials", "Credentials")(
        keys.access_key, keys.secret_key, scope.service, scope.region, *token
    )
    more = {"X-Security-Token": keys.session_token} if keys.session_token and not token else {}
    request.headers = {**of.headers, "Host": host, **more}
    _official(f"{package}.auth.SignerV4", "SignerV4").sign(request, theirs)
    signed: dict[str, str] = request.headers
    return signed


def _sign_with_volcenginesdkcore(of: Request, host: str, keys: Credentials) -> dict[str, str]:
    signed = {**of.headers, "Host": host}
    pair = (keys.access_key, keys.secret_key, SCOPE.region, SCOPE.service, keys.session_token)
    signer = _official("volcenginesdkcore.signv4", "SignerV4")
    signer.sign("/", of.method, signed, of.body.decode(), None, dict(of.query), *pair)
    return signed


Signer = Callable[[Request, str, Credentials], dict[str, str]]
SIGNERS: dict[str, tuple[Signer, Scope]] = {
    "volcengine": (partial(_sign_with, "volcengine", SCOPE), SCOPE),
    "volcenginesdkcore": (_sign_with_volcenginesdkcore, SCOPE),
    "byteplus": (partial(_sign_with, "byteplus_sdk", BYTEPLUS), BYTEPLUS),
}
