"""The four calls: what goes out, what comes back, and when a task counts as unknown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_videosnap import errors
from pulumi_videosnap.http.request import Response
from pulumi_videosnap.http.retry import Retry
from pulumi_videosnap.http.transport import TransportError
from pulumi_videosnap.volcengine.api import RtcApi
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


NOTICES: list[Any] = [
    SENTENCE,
    f"{SENTENCE}.",
    f"{SENTENCE}。",
    f" {SENTENCE.upper()} ",
    "Another notice",
    "",
    {},
    None,
]


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
