"""The four actions over the wire, the frames that they lead to, and the signature."""

import io
import itertools
import json
import re
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from PIL import Image

from support.data import load
from support.emulator import Emulator
from support.rtc_client import BODY, KEY
from support.store_support import client_of
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.media import frame_marker
from videosnap_emulator.services.rtc import auth

ALREADY = "The task has been started. Please do not call the startup task interface repeatedly."
NOT_FOUND = "InvalidParameter.ErrorActiveTaskNotFound"


def code(answer: httpx.Response) -> str:
    return str(answer.json()["ResponseMetadata"]["Error"]["Code"])


def snapshot(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["Result"]["SnapshotTask"])


def test_what_a_client_does_not_show_of_a_tasks_life(emulator: Emulator) -> None:
    """test_official_clients.py has the rest of it."""
    metadata = emulator.rtc.start().json()["ResponseMetadata"]
    assert re.fullmatch(r"\d{14}[0-9A-F]{20}", metadata["RequestId"])
    assert (metadata["Service"], metadata["Region"]) == ("rtc", "cn-north-1")
    task = snapshot(emulator.rtc.get())
    assert (task["EndTime"], "StopReason" in task) == (0, False)
    assert emulator.rtc.start().json()["Result"] == ALREADY
    emulator.rtc.stop()
    assert snapshot(emulator.rtc.get())["EndTime"] > 0
    assert (emulator.rtc.stop().status_code, code(emulator.rtc.update(3))) == (400, NOT_FOUND)
    assert emulator.rtc.start().json()["Result"] == "ok"
    assert snapshot(emulator.rtc.get())["Status"] == 2


def test_who_is_in_a_room(emulator: Emulator) -> None:
    def users(**changes: str) -> Any:
        return emulator.rtc.call("GetRoomOnlineUsers", {"AppId": "661e", "RoomId": "Room1", **changes})

    assert users().json()["Result"] == {
        "RoomExists": True, "TotalUser": 2, "TotalInvisibleUser": 0,
        "VisibleUserList": ["user0", "user1"], "InvisibleUserList": [],
    }  # fmt: skip
    emulator.request("PUT", "/rooms/661e/Room1/users/late", {})
    emulator.request("DELETE", "/rooms/661e/Room1/users/user0")
    assert users().json()["Result"]["VisibleUserList"] == ["user1", "late"]
    for user in ("user1", "late"):
        emulator.request("DELETE", f"/rooms/661e/Room1/users/{user}")
    assert users().json()["Result"] == {"RoomExists": False}
    assert (users(RoomId="").status_code, "RoomId" in users(RoomId="a/b").text) == (400, True)
    posted = emulator.rtc.call("GetRoomOnlineUsers", {"AppId": "661e", "RoomId": "Room1"}, method="POST")
    assert code(posted) == "InvalidActionOrVersion"


def test_answer_has_the_samples_shape(emulator: Emulator) -> None:
    streams = [{"Index": number, "UserId": f"user{number}", "StreamType": 1} for number in range(2)]
    image = {"Format": 0, "Width": 800, "Height": 800, "Interval": 2}
    emulator.rtc.start(TargetStreams={"StreamList": streams}, MaxIdleTime=200, ImageConfig=image)
    task = snapshot(emulator.rtc.get())
    wanted = {"TargetStreams": {"StreamList": streams}, "ImageConfig": image, "MaxIdleTime": 200}
    assert {name: task[name] for name in wanted} == wanted
    tos = {"AccountId": "21", "Region": 0, "Bucket": "frames"}
    storage = {"VodConfig": {"Region": 0}, "CustomConfig": {"Vendor": 0, "Region": 0}, "TosConfig": tos}
    assert {name: task["StorageConfig"][name] for name in storage} == storage


@pytest.mark.parametrize(("change", "field"), load("rtc/bad_starts.json"))
def test_bad_values_are_named(emulator: Emulator, change: dict[str, Any], field: str) -> None:
    answer = emulator.rtc.start(**change)
    assert (answer.status_code, code(answer)) == (400, "InvalidParameter")
    assert answer.json()["ResponseMetadata"]["Error"]["Message"].startswith(f"{field} ")
    assert emulator.show("/tasks")["tasks"] == []


def test_bad_bodies(emulator: Emulator) -> None:
    assert code(emulator.rtc.call("StartSnapshot", b"")) == "InvalidParameter.BodyIsEmpty"
    for body in (b"{", b"[]", b"\xff", b"[" * 100_000, b"1" * 9999):
        assert code(emulator.rtc.call("StartSnapshot", body)) == "InvalidParameter.Unmarshal"
    assert code(emulator.rtc.call("StartSnapshot", b" " * 1_100_000)) == "InvalidParameter.SizeOverLimit"
    odd = emulator.rtc.call("StartSnapshot", b'{"AppId": "\\ud800", "x": "\\udfff"}')
    assert code(odd) == "InvalidParameter"
    assert emulator.show("/calls")["calls"][-1]["summary"]["AppId"] == "\ud800"


def test_gateway_errors(emulator: Emulator) -> None:
    answer = emulator.rtc.http.get("/")
    assert answer.json()["ResponseMetadata"]["Error"]["CodeN"] == 100002
    assert set(answer.json()["ResponseMetadata"]) == {"RequestId", "Error"}
    answer = emulator.rtc.call("NoSuchAction", {})
    assert (answer.status_code, code(answer)) == (404, "InvalidActionOrVersion")
    assert code(emulator.rtc.call("StartSnapshot", {}, method="GET")) == "InvalidActionOrVersion"


def test_chunked_body_and_any_content_type(emulator: Emulator) -> None:
    raw = json.dumps(BODY).encode()
    parts, headers = iter([raw[:20], raw[20:]]), {"content-type": "text/plain"}
    answer = emulator.rtc.call("StartSnapshot", raw, send=parts, headers=headers)
    assert answer.json()["Result"] == "ok"


def test_frames_show_the_right_source_frame(emulator: Emulator) -> None:
    emulator.rtc.start(ImageConfig={"Interval": 1}, TargetStreams={"StreamList": [{"UserId": "user1"}]})
    emulator.advance(30)
    frames = emulator.show("/frames?limit=1000")["frames"]
    assert len(frames) == 31
    assert frames[0]["time"] > frames[-1]["time"]
    seen = [_mark(emulator, frame) for frame in reversed(frames)]
    assert {mark.source for mark in seen} == {1}
    steps = {(b.frame - a.frame) % 300 for a, b in itertools.pairwise(seen)}
    assert steps == {25}


def _mark(emulator: Emulator, frame: dict[str, Any]) -> frame_marker.FrameMark:
    answer = emulator.http.get(frame["url"])
    assert answer.headers["content-type"] == "image/jpeg"
    mark = frame_marker.read(Image.open(io.BytesIO(answer.content)))
    assert answer.headers["x-meta-source-frame"] == str(mark.frame)
    return mark


def test_png_and_size(emulator: Emulator) -> None:
    emulator.rtc.start(ImageConfig={"Format": 1, "Width": 800, "Height": 800})
    frame = emulator.task()["lastFrame"]
    assert frame["key"].endswith(".png")
    picture = Image.open(io.BytesIO(emulator.http.get(f"/frames/frames/{frame['key']}").content))
    assert (picture.format, picture.size) == ("PNG", (800, 800))


def test_update_moves_the_next_frame(emulator: Emulator) -> None:
    emulator.rtc.start(ImageConfig={"Interval": 10}, TargetStreams={"StreamList": [{"UserId": "user0"}]})
    emulator.advance(15)
    assert emulator.task()["frames"] == 2
    assert emulator.rtc.update(600).json()["Result"] == "ok"
    emulator.advance(594)
    assert emulator.task()["frames"] == 2
    emulator.advance(1)
    assert emulator.task()["frames"] == 3
    emulator.advance(100)
    emulator.rtc.update(5)
    assert emulator.task()["frames"] == 4
    assert snapshot(emulator.rtc.get())["ImageConfig"]["Interval"] == 5
    for more in ({}, {"ImageConfig": {"Width": 5}}):
        assert emulator.rtc.call("UpdateSnapshot", KEY | more).json()["Result"] == "ok"
    image = {"Format": 0, "Width": 0, "Height": 0, "Interval": 5}
    assert snapshot(emulator.rtc.get())["ImageConfig"] == image


def test_idle_time_out_at_its_exact_time(emulator: Emulator) -> None:
    emulator.rtc.start(MaxIdleTime=200, TargetStreams={"StreamList": [{"UserId": "nobody"}]})
    start = snapshot(emulator.rtc.get())["StartTime"]
    emulator.advance(199.999)
    assert snapshot(emulator.rtc.get())["Status"] == 2
    emulator.advance(1000)
    task = snapshot(emulator.rtc.get())
    assert (task["Status"], task["StopReason"], task["EndTime"]) == (3, "IdleTimeOut", start + 200_000)


def test_publishing_again_ends_idleness(emulator: Emulator) -> None:
    emulator.rtc.start(MaxIdleTime=100, TargetStreams={"StreamList": [{"UserId": "user0"}]})
    user = "/rooms/661e/Room1/users/user0"
    for _ in range(3):
        emulator.request("PUT", user, {"camera": False})
        emulator.advance(99)
        emulator.request("PUT", user, {"camera": True})
        emulator.advance(99)
    assert emulator.task()["status"] == "running"
    emulator.request("DELETE", user)
    emulator.advance(100)
    assert emulator.task()["stopReason"] == "IdleTimeOut"


def test_seventy_two_hours(emulator: Emulator) -> None:
    emulator.rtc.start(ImageConfig={"Interval": 1})
    emulator.advance(72 * 3600)
    assert emulator.rtc.get().status_code == 200
    began = time.monotonic()
    emulator.advance(3600)
    assert time.monotonic() - began < 20
    assert (emulator.rtc.get().status_code, code(emulator.rtc.get())) == (400, NOT_FOUND)
    task = emulator.task()
    assert task["frames"] + task["skippedFrames"] == 2 * (73 * 3600 + 1)
    assert task["skippedFrames"] > 0
    assert task["frames"] <= 2 + 2 * 2000, "at the start, and of the two advances"
    emulator.advance(1)
    assert emulator.task()["frames"] == task["frames"] + 2


def test_automatic_tasks(emulator: Emulator) -> None:
    emulator.request("PUT", "/rooms/661e/Room1", {"autoSnapshot": {"interval": 5}})
    assert snapshot(emulator.rtc.get(TaskId="user0"))["Status"] == 2
    emulator.request("PUT", "/rooms/661e/Room1/users/alice", {})
    emulator.advance(10)
    assert emulator.task("alice")["frames"] == 3
    assert emulator.task("alice")["automatic"] is True
    emulator.request("DELETE", "/rooms/661e/Room1/users/alice")
    assert snapshot(emulator.rtc.get(TaskId="alice"))["StopReason"] == "UserDisconnect"
    emulator.request("DELETE", "/rooms/661e/Room1/users/user0?voluntarily=false")
    assert snapshot(emulator.rtc.get(TaskId="user0"))["Status"] == 2
    emulator.advance(180)
    assert snapshot(emulator.rtc.get(TaskId="user0"))["StopReason"] == "IdleTimeOut"


CUSTOM = {"Bucket": "media", "AccessKey": "SENSITIVE1", "SecretKey": "SENSITIVE2"}
STORAGES: list[tuple[dict[str, Any], str]] = [
    ({"Type": 1, "VodConfig": {"AccountId": "1", "Space": "My_Space"}}, "vod-my-space"),
    ({"Type": 3, "VeImageXConfig": {"AccountId": "1", "ServiceId": "svc1"}}, "imagex-svc1"),
    ({"Type": 2, "CustomConfig": CUSTOM}, "media"),
    ({"TosConfig": {"AccountId": "1", "Bucket": "nowhere"}}, ""),
]


@pytest.mark.parametrize(("config", "bucket"), STORAGES)
def test_storages(emulator: Emulator, config: dict[str, Any], bucket: str) -> None:
    """A bucket that does not exist is not reported by the API, only on the page."""
    assert emulator.rtc.start(StorageConfig=config).json()["Result"] == "ok"
    task = emulator.task()
    if bucket:
        assert (task["lastFrame"]["bucket"], task["lastError"]) == (bucket, None)
    else:
        assert task["frames"] == 0
        assert "nowhere" in task["lastError"]
    shown = emulator.rtc.get().text + str(emulator.show("/calls")) + str(emulator.show("/tasks"))
    assert "SENSITIVE" not in shown


def test_camera_and_screen_of_one_user_are_told_apart(emulator: Emulator) -> None:
    emulator.request("PUT", "/rooms/661e/Room1/users/user0", {"camera": True, "screen": True})
    both = [{"UserId": "user0", "Index": 0}, {"UserId": "user0", "Index": 1, "StreamType": 1}]
    emulator.rtc.call("StartSnapshot", {**BODY, "TargetStreams": {"StreamList": both}})
    frames = emulator.request("GET", "/frames?app=661e&room=Room1&task=Task1&limit=10")["frames"]
    shown = {(frame["userId"], frame["streamType"]) for frame in frames}
    assert shown == {("user0", "camera"), ("user0", "screen")}


def test_frames_are_s3_objects_with_metadata(emulator: Emulator) -> None:
    emulator.rtc.start()
    client = client_of(emulator.environment, region="us-east-1")
    listed = client.list_objects_v2(Bucket="frames")["Contents"]
    assert len(listed) == 2
    frame = emulator.show("/frames")["frames"][0]
    head = client.head_object(Bucket="frames", Key=frame["key"])
    assert (head["Metadata"]["captured-at"], head["ContentLength"]) == (frame["time"], frame["size"])
    assert client.head_object(Bucket="media", Key="input.mp4")["ContentType"] == "video/mp4"
    emulator.request("POST", "/reset")
    assert "Contents" not in client.list_objects_v2(Bucket="frames")
    assert client.head_object(Bucket="media", Key="input.mp4")["ContentLength"] > 1000


def test_answers_do_not_wait_for_delayed_acknowledgements(emulator: Emulator) -> None:
    """With Nagle's algorithm every answer would take 40 ms; a busy machine delays some, not the fastest."""

    def seconds() -> float:
        start = time.monotonic()
        emulator.rtc.get()
        return time.monotonic() - start

    assert min(seconds() for _ in range(30)) < 0.03


NOW = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
KEYS = {"AKLTEXAMPLE": "SECRETEXAMPLE"}
REQUESTS = load("rtc/signed_requests.json")


def signed(name: str, **changes: Any) -> HttpRequest:
    """A request of the documents, with changes, those of headers one by one."""
    parts = {**REQUESTS[name], **changes}
    parts["headers"] = {**REQUESTS[name]["headers"], **changes.get("headers", {})}
    return HttpRequest(**{**parts, "body": parts["body"].encode()})


def verify(request: HttpRequest, now: int = NOW) -> auth.Authorization:
    authorization = auth.parse(request.headers)
    auth.verify(request, authorization, KEYS, now)
    return authorization


def refusal(request: HttpRequest, now: int = NOW) -> str:
    with pytest.raises(ApiError) as error:
        verify(request, now)
    assert "SECRETEXAMPLE" not in error.value.message
    return error.value.code


def test_fixed_vectors() -> None:
    assert verify(signed("post")).region == "cn-north-1"
    assert verify(signed("get"))
    assert verify(signed("get", query=REQUESTS["get"]["query"].replace("%40", "@")))


@pytest.mark.parametrize(("changes", "code"), REQUESTS["changed"], ids=str)
def test_changed_requests(changes: dict[str, Any], code: str) -> None:
    assert refusal(signed("post", **changes)) == code


def test_skew_of_fifteen_minutes() -> None:
    quarter = 15 * 60 * 1000
    assert verify(signed("post"), NOW + quarter)
    assert verify(signed("post"), NOW - quarter)
    assert refusal(signed("post"), NOW + quarter + 1) == "InvalidTimestamp"
    assert refusal(signed("post"), NOW - quarter - 1) == "InvalidTimestamp"


NAMES = ["x-date", "x-content-sha256 x-date", "host x-date", "host x-content-sha256 x-date"]


@pytest.mark.parametrize("names", NAMES)
def test_sets_of_signed_headers(emulator: Emulator, names: str) -> None:
    assert emulator.rtc.call("StartSnapshot", BODY, signed=names.split()).json()["Result"] == "ok"


def test_over_the_wire(emulator: Emulator) -> None:
    answer = emulator.rtc.call("StartSnapshot", BODY, secret_key="wrong")
    error = answer.json()["ResponseMetadata"]["Error"]
    assert (answer.status_code, error["CodeN"]) == (401, 100010)
    assert "The server's canonical request is:\nPOST\n/\nAction=StartSnapshot" in error["Message"]
    assert emulator.environment["VOLCENGINE_SECRET_KEY"] not in answer.text
    old = datetime.now(timezone.utc) - timedelta(minutes=16)
    assert emulator.rtc.call("StartSnapshot", BODY, when=old).status_code == 400
    emulator.request("PUT", "/clock/skew", {"seconds": -3600})
    assert emulator.rtc.start().status_code == 400
    emulator.request("PUT", "/clock/skew", {"seconds": 0})
    emulator.advance(100_000)
    assert emulator.rtc.start().status_code == 200
    calls = emulator.show("/calls")["calls"]
    assert [call["signature"] for call in calls] == ["mismatch", "mismatch", "mismatch", "ok"]
    assert calls[-1]["accessKey"] == "AKLT****rKey"
