"""What a program learns of a task that it does not manage, and of who is in a room."""

from pathlib import Path
from typing import Any

import pytest

from integration.protocol.fake_rtc import BAD_BEHAVIOURS, HASTE, KEYS, FakeRtc, surroundings, unknown_task
from pulumi_videosnap.errors import CallFailed, InvalidInput, NotFound
from pulumi_videosnap.volcengine import get_room_online_users, get_snapshot_task
from support.data import load

# The vendor's page on GetSnapshotTask (docs/6348/1188226), its sample of an answer word for word.
SAMPLE = load("rtc/GetSnapshotTask.answer.json")["Result"]["SnapshotTask"]


@pytest.fixture(autouse=True)
def account(rtc: FakeRtc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = {**KEYS, "VOLCENGINE_SECRET_KEY": "canary-secret", "VIDEOSNAP_CALL_BUDGET": "5"}
    for name, value in surroundings(rtc, tmp_path, **keys).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VOLCENGINE_SESSION_TOKEN", raising=False)


def test_the_vendors_sample(rtc: FakeRtc) -> None:
    rtc.task = SAMPLE
    found = get_snapshot_task("661e", "Room1", "user0")
    assert (found.app_id, found.room_id, found.task_id) == ("661e", "Room1", "user0")
    assert (found.status, found.stop_reason) == ("ended", "IdleTimeOut")
    assert (found.start_time, found.end_time) == ("2023-02-24T08:28:29.000Z", "2023-02-24T08:31:51.000Z")
    assert found.max_idle_time == 200
    assert found.image_config == {"interval": 2, "format": "jpeg", "width": 800, "height": 800}
    streams = [{"user_id": f"user{at}", "index": at, "stream_type": "screen"} for at in (0, 1)]
    assert found.target_streams == {"stream_list": streams}
    assert found.storage_config["type"] == "tos"


def test_what_the_service_does_not_say_is_none_or_empty(rtc: FakeRtc) -> None:
    names = {"EndTime": "end_time", "MaxIdleTime": "max_idle_time", "TargetStreams": "target_streams"}
    without = [{name: value for name, value in SAMPLE.items() if name != left_out} for left_out in SAMPLE]
    for rtc.task in (*without, {"Status": 3}):
        found = get_snapshot_task("661e", "Room1", "Task1")
        missing = {name: getattr(found, names[name]) for name in names if name not in rtc.task}
        assert missing == {name: {} if name == "TargetStreams" else None for name in missing}


def test_keys_that_an_answer_should_not_carry_are_left_out(rtc: FakeRtc) -> None:
    custom = {"Vendor": 1, "Region": 2, "Bucket": "b", "AccessKey": "leaked", "SecretKey": "leaked"}
    rtc.task = {"Status": 2, "StorageConfig": {"Type": 2, "CustomConfig": custom}}
    shown = {"vendor": "aliyun", "region": 2, "bucket": "b"}
    found = get_snapshot_task("661e", "Room1", "Task1")
    assert found.storage_config == {"type": "custom", "custom_config": shown}


def test_a_failed_call_is_an_error_that_keeps_the_secret(rtc: FakeRtc, monkeypatch: Any) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", HASTE)
    rtc.behaviour = unknown_task
    with pytest.raises(NotFound):
        get_snapshot_task("661e", "Room1", "Task1")
    for behaviour in ("refused", "garbled", "page", "echoed piecemeal"):
        rtc.behaviour = BAD_BEHAVIOURS[behaviour]
        with pytest.raises(CallFailed) as raised:
            get_snapshot_task("661e", "Room1", "Task1")
        assert not isinstance(raised.value, NotFound)
        assert "canary" not in str(raised.value)


@pytest.mark.parametrize("wrong", ["", "a/b", None, 5])
@pytest.mark.parametrize("field", ["app_id", "room_id", "task_id"])
def test_a_wrong_part_of_the_identity_is_refused_by_its_name(rtc: FakeRtc, field: str, wrong: Any) -> None:
    identity = {"app_id": "661e", "room_id": "Room1", "task_id": "Task1", field: wrong}
    with pytest.raises(InvalidInput, match=f"^{field}: must be a text"):
        get_snapshot_task(**identity)
    assert rtc.requests == []


THERE = {"TotalUser": 2, "TotalInvisibleUser": 1, "VisibleUserList": ["a", "b"], "InvisibleUserList": ["c"]}


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        ({"RoomExists": True, **THERE}, (True, 2, 1, ["a", "b"], ["c"])),
        ({"RoomExist": True, **THERE}, (True, 2, 1, ["a", "b"], ["c"])),
        ({"RoomExists": False}, (False, 0, 0, [], [])),
        ({"RoomExists": True, "TotalUser": None, "VisibleUserList": None}, (True, 0, 0, [], [])),
    ],
    ids=["documented", "international", "no-room", "null"],
)
def test_who_is_in_a_room(rtc: FakeRtc, users: Any, expected: tuple[Any, ...]) -> None:
    rtc.users = users
    found = get_room_online_users("661e", "Room1")
    assert (found.app_id, found.room_id) == ("661e", "Room1")
    assert (
        found.room_exists, found.total_user, found.total_invisible_user,
        found.visible_user_list, found.invisible_user_list,
    ) == expected  # fmt: skip
    assert rtc.requests[-1].query.items() >= {"AppId": "661e", "RoomId": "Room1"}.items()


def test_a_lookup_of_a_room_that_fails_is_an_error(rtc: FakeRtc, monkeypatch: Any) -> None:
    monkeypatch.setenv("VIDEOSNAP_CALL_BUDGET", HASTE)
    for rtc.users in (None, "ok", {}, {"RoomExists": True, "VisibleUserList": [1.5, {}]}):
        with pytest.raises(CallFailed, match="not as documented"):
            get_room_online_users("661e", "Room1")
    for field in ("app_id", "room_id"):
        with pytest.raises(InvalidInput, match=f"^{field}: must be a text"):
            get_room_online_users(**{"app_id": "661e", "room_id": "Room1", field: "a/b"})
