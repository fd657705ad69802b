"""The four calls: what goes out, what comes back, and when a task counts as unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_videosnap.errors import Garbled, NotFound, Rejected, ServiceFault
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.api import RtcApi, is_already_running
from pulumi_videosnap.volcengine.models import StartSnapshotBody, StorageConfig, TaskKey

KEY = TaskKey("661e", "Room1", "Task1")
BODY = StartSnapshotBody(
    app_id="661e", room_id="Room1", task_id="Task1", storage_config=StorageConfig(type=0)
)
RUNNING = {"SnapshotTask": {"Status": 2, "StartTime": 1677227309000}}
DATE = "Wed, 03 Jan 2024 08:00:00 GMT"
AT = datetime(2024, 1, 3, 8, tzinfo=timezone.utc)

ApiOf = Callable[..., tuple[RtcApi, Any]]
AnswerOf = Callable[..., Response]


def gone(answer_of: AnswerOf) -> Response:
    error = {"Code": "InvalidParameter.ErrorActiveTaskNotFound", "Message": "指定任务不存在或已经停止"}
    return answer_of(status=400, error=error, date=DATE)


def test_start_posts_the_body(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, script = api_of(answer_of("ok", date=DATE))
    started = api.start(BODY)
    assert (started.already_running, started.at) == (False, AT)
    (request,) = script.requests
    assert (request.method, request.url) == (
        "POST",
        "https://rtc.volcengineapi.com/?Action=StartSnapshot&Version=2023-11-01",
    )
    assert request.headers["Content-Type"] == "application/json"
    assert "/cn-north-1/rtc/request" in request.headers["Authorization"]
    assert json.loads(request.body) == {
        "AppId": "661e",
        "RoomId": "Room1",
        "TaskId": "Task1",
        "StorageConfig": {"Type": 0},
    }


SENTENCE = "The task has been started. Please do not call the startup task interface repeatedly"


@pytest.mark.parametrize(
    "result", [SENTENCE, SENTENCE + ".", SENTENCE + "。", f" {SENTENCE.upper()} ", "Another notice", "", {}]
)
def test_any_result_but_ok_means_that_it_may_have_run_before(
    result: object, api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, _ = api_of(answer_of(result))
    assert api.start(BODY).already_running


@pytest.mark.parametrize("result", ["ok", "OK", " ok\n"])
def test_ok_means_that_this_call_started_it(result: str) -> None:
    assert not is_already_running(result)


def test_start_without_a_result_does_not_claim_to_have_started_it(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of())
    assert api.start(BODY).already_running


def test_a_start_refused_because_the_task_exists_is_a_running_task(
    api_of: ApiOf, answer_of: AnswerOf
) -> None:
    error = {"Code": "InvalidParameter.TaskAlreadyExists", "Message": "任务已存在"}
    api, _ = api_of(answer_of(status=400, error=error))
    assert api.start(BODY).already_running


def test_a_start_is_never_answered_with_not_found(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(gone(answer_of))
    with pytest.raises(Rejected):
        api.start(BODY)


def test_a_start_whose_answer_got_lost_is_repeated(api_of: ApiOf, answer_of: AnswerOf) -> None:
    lost = TransportError("lost", Retry.IF_IDEMPOTENT)
    api, script = api_of(lost, answer_of(SENTENCE))
    assert api.start(BODY).already_running
    assert len(script.requests) == 2


def test_update_sends_the_interval_alone(api_of: ApiOf, sample: Callable[[str], bytes]) -> None:
    api, script = api_of(Response(200, {}, sample("UpdateSnapshot.answer.json")))
    api.update(TaskKey("661e****543cf", "Room1", "Task1"), 2, "B****23")
    (request,) = script.requests
    assert "Action=UpdateSnapshot" in request.url
    assert json.loads(request.body) == json.loads(sample("UpdateSnapshot.request.json"))


def test_stop_names_the_task_alone(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, script = api_of(answer_of("ok"))
    api.stop(KEY, None)
    (request,) = script.requests
    assert "Action=StopSnapshot" in request.url
    assert json.loads(request.body) == {"AppId": "661e", "RoomId": "Room1", "TaskId": "Task1"}


def test_get_asks_in_the_query(api_of: ApiOf, sample: Callable[[str], bytes]) -> None:
    api, script = api_of(Response(200, {"date": DATE}, sample("GetSnapshotTask.answer.json")))
    reading = api.get(TaskKey("661e", "Room1", "a@b.c"))
    (request,) = script.requests
    assert (request.method, request.body) == ("GET", b"")
    assert request.url == (
        "https://rtc.volcengineapi.com/?Action=GetSnapshotTask&Version=2023-11-01"
        "&AppId=661e&RoomId=Room1&TaskId=a%40b.c"
    )
    assert "Content-Type" not in request.headers
    assert reading.at == AT
    assert reading.task.start_time == 1677227309000


def test_a_reading_without_a_date_has_our_time(api_of: ApiOf, answer_of: AnswerOf, time: Any) -> None:
    api, _ = api_of(answer_of(RUNNING))
    assert api.get(KEY).at.timestamp() == time.now


@pytest.mark.parametrize("call", ["update", "stop", "get"])
def test_an_unknown_task_is_not_found_at_the_services_time(
    call: str, api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, _ = api_of(gone(answer_of))
    actions: dict[str, Callable[[], object]] = {
        "update": lambda: api.update(KEY, 2, None),
        "stop": lambda: api.stop(KEY, None),
        "get": lambda: api.get(KEY),
    }
    with pytest.raises(NotFound, match="ErrorActiveTaskNotFound") as unknown:
        actions[call]()
    assert unknown.value.at == AT


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        "",
        {"SnapshotTask": None},
        {"SnapshotTask": {}},
        {"SnapshotTask": {"StartTime": 0, "Status": 0, "StorageConfig": {"Type": 0}}},
    ],
)
def test_a_success_without_a_task_is_not_found(result: object, api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, _ = api_of(answer_of(result, date=DATE))
    with pytest.raises(NotFound, match="has no task") as unknown:
        api.get(KEY)
    assert unknown.value.at == AT


@pytest.mark.parametrize(
    "result",
    ["ok", ["a"], 7, {"SnapshotTask": "running"}, {"SnapshotTask": {"Status": "busy"}}],
)
def test_a_task_that_cannot_be_read_is_garbled_and_not_gone(
    result: object, api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, _ = api_of(answer_of(result))
    with pytest.raises(Garbled, match="RequestId"):
        api.get(KEY)


@pytest.mark.parametrize("result", [None, "", {}, [], 0])
def test_a_stop_that_is_not_confirmed_is_no_success(
    result: object, api_of: ApiOf, answer_of: AnswerOf
) -> None:
    api, _ = api_of(answer_of(result))
    with pytest.raises(Garbled, match="StopSnapshot"):
        api.stop(KEY, None)


def test_a_fault_that_passes_is_not_noticed(api_of: ApiOf, answer_of: AnswerOf) -> None:
    api, script = api_of(Response(502, {}, b"<html>"), answer_of(RUNNING))
    assert api.get(KEY).task.status == 2
    assert len(script.requests) == 2


def test_a_fault_that_stays_is_told(api_of: ApiOf) -> None:
    api, _ = api_of(Response(502, {}, b"<html>"))
    with pytest.raises(ServiceFault, match=r"GetSnapshotTask failed in the service: .* \(HTTP 502\)"):
        api.get(KEY)


@pytest.mark.parametrize(("action", "limit"), [("get", 60), ("stop", 150)])
def test_the_documented_rate_is_kept(
    action: str, limit: int, api_of: ApiOf, answer_of: AnswerOf, time: Any
) -> None:
    api, script = api_of(answer_of(RUNNING if action == "get" else "ok"))
    began = time.now
    for _ in range(limit + 1):
        api.get(KEY) if action == "get" else api.stop(KEY, None)
    assert time.now - began > 1
    assert len(script.requests) == limit + 1
