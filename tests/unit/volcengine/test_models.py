"""The wire models: the vendor's samples word for word, requests without nulls, lenient answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydantic import SecretStr, ValidationError

from pulumi_videosnap.errors import InvalidInput, one_line
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.models import (
    CustomConfig,
    Envelope,
    ImageConfig,
    SnapshotTask,
    StartSnapshotBody,
    StopSnapshotBody,
    StorageConfig,
    Stream,
    TargetStreams,
    TaskKey,
    TosConfig,
    UpdateSnapshotBody,
    VeImageXConfig,
    VodConfig,
)

KEY = {"app_id": "661e", "room_id": "Room1", "task_id": "Task1"}


def test_the_sample_answer_of_get_is_read_whole(sample: Callable[[str], bytes]) -> None:
    envelope = Envelope.model_validate_json(sample("GetSnapshotTask.answer.json"))
    assert isinstance(envelope.result, dict)
    task = SnapshotTask.model_validate(envelope.result["SnapshotTask"])
    # Nothing is lost and nothing is added: written again, it is the sample.
    assert task.model_dump(by_alias=True, exclude_none=True) == envelope.result["SnapshotTask"]
    assert envelope.response_metadata.request_id == "20230****10420"
    assert (task.status, task.stop_reason) == (3, models.StopReason.IDLE_TIME_OUT.value)
    assert task.storage_config is not None
    assert task.storage_config.tos_config == TosConfig(region=0)


def test_the_sample_request_of_update_is_what_we_send(sample: Callable[[str], bytes]) -> None:
    body = UpdateSnapshotBody(
        app_id="661e****543cf",
        business_id="B****23",
        room_id="Room1",
        task_id="Task1",
        image_config=ImageConfig(interval=2),
    )
    assert json.loads(body.to_json()) == json.loads(sample("UpdateSnapshot.request.json"))


def test_a_start_body_spells_every_field_as_documented() -> None:
    body = StartSnapshotBody(
        **KEY,
        business_id="B",
        target_streams=TargetStreams(stream_list=[Stream(index=0, user_id="user0", stream_type=1)]),
        max_idle_time=180,
        image_config=ImageConfig(format=0, width=800, height=600, interval=2),
        storage_config=StorageConfig(
            type=2,
            tos_config=TosConfig(account_id="21", region=0, bucket="b"),
            vod_config=VodConfig(
                account_id="21", region=0, space="s", storage_class=1, auto_set_file_extension=False
            ),
            custom_config=CustomConfig(
                vendor=1, region=0, bucket="b", access_key=SecretStr("AK3"), secret_key=SecretStr("SK3")
            ),
            ve_image_x_config=VeImageXConfig(account_id="21", region=0, service_id="i"),
        ),
    )
    assert json.loads(body.to_json()) == {
        "AppId": "661e",
        "BusinessId": "B",
        "RoomId": "Room1",
        "TaskId": "Task1",
        "TargetStreams": {"StreamList": [{"Index": 0, "UserId": "user0", "StreamType": 1}]},
        "MaxIdleTime": 180,
        "ImageConfig": {"Format": 0, "Width": 800, "Height": 600, "Interval": 2},
        "StorageConfig": {
            "Type": 2,
            "TosConfig": {"AccountId": "21", "Region": 0, "Bucket": "b"},
            "VodConfig": {
                "AccountId": "21",
                "Region": 0,
                "Space": "s",
                "StorageClass": 1,
                "AutoSetFileExtension": False,
            },
            "CustomConfig": {
                "Vendor": 1,
                "Region": 0,
                "Bucket": "b",
                "AccessKey": "AK3",
                "SecretKey": "SK3",
            },
            "VeImageXConfig": {"AccountId": "21", "Region": 0, "ServiceId": "i"},
        },
    }
    assert body.secrets() == ("AK3", "SK3")
    assert body.key == TaskKey("661e", "Room1", "Task1")


def test_a_request_carries_no_nulls() -> None:
    assert json.loads(StopSnapshotBody(**KEY).to_json()) == {
        "AppId": "661e",
        "RoomId": "Room1",
        "TaskId": "Task1",
    }


def test_a_third_partys_keys_show_nowhere_but_on_the_wire() -> None:
    custom = CustomConfig(access_key=SecretStr("CANARY-AK"), secret_key=SecretStr("CANARY-SK"))
    body = StartSnapshotBody(**KEY, storage_config=StorageConfig(type=2, custom_config=custom))
    shown = [repr(body), str(body), body.model_dump_json(), repr(body.model_dump()), repr(custom)]
    assert not any("CANARY" in text for text in shown)
    assert b"CANARY-SK" in body.to_json()


def test_a_refused_value_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        CustomConfig.model_validate({"AccessKey": ["CANARY"]})
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"TargetStreams": None, "StopReason": None}, id="nulls"),
        pytest.param({"TargetStreams": {"StreamList": None}}, id="null list"),
        pytest.param({"TargetStreams": {"StreamList": [None]}}, id="null item"),
        pytest.param({"Status": "3", "StartTime": "1677227309000"}, id="numbers as strings"),
        pytest.param({"Status": 99, "ImageConfig": {"Format": 7}}, id="unknown numbers"),
        pytest.param({"New": {"Field": 1}}, id="unknown fields"),
        pytest.param({"StorageConfig": {"TosConfig": {"AccountId": 2100000990}}}, id="strings as numbers"),
    ],
)
def test_an_answer_is_read_leniently(said: dict[str, object]) -> None:
    SnapshotTask.model_validate(said)


def test_numbers_survive_as_strings_and_unknown_numbers_stay() -> None:
    task = SnapshotTask.model_validate({"Status": "3", "ImageConfig": {"Format": 7, "Interval": "5"}})
    assert task.status == 3
    assert task.image_config == ImageConfig(format=7, interval=5)
    assert models.word(models.FORMAT_WORDS, 7) == 7
    assert models.word(models.FORMAT_WORDS, 0) == "jpeg"
    assert models.word(models.FORMAT_WORDS, None) is None
    assert models.number(models.FORMAT_WORDS, "png") == 1
    assert models.number(models.FORMAT_WORDS, "gif") is None


@pytest.mark.parametrize(
    ("said", "blank"),
    [
        ({}, True),
        ({"StartTime": 0, "EndTime": 0, "Status": 0, "StopReason": ""}, True),
        (
            {"StorageConfig": {"Type": 0, "TosConfig": {"Region": 0}}, "TargetStreams": {"StreamList": []}},
            True,
        ),
        ({"Status": 2}, False),
        ({"MaxIdleTime": 180}, False),
        ({"TargetStreams": {"StreamList": [{"Index": 0, "UserId": "user0"}]}}, False),
    ],
)
def test_a_task_of_zeros_is_none(said: dict[str, object], blank: bool) -> None:
    assert SnapshotTask.model_validate(said).is_blank() is blank


def test_a_key_and_its_id() -> None:
    key = TaskKey("661e", "Room1", "p.s@task-1")
    assert key.id == "661e/Room1/p.s@task-1"
    assert TaskKey.parse(key.id) == key


@pytest.mark.parametrize("text", ["", "a", "a/b", "a/b/c/d", "a//c", "/b/c"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="app/room/task"):
        TaskKey.parse(text)


def test_a_key_is_hidden_also_as_json_spells_it() -> None:
    """A service that quotes our body in its refusal escapes what JSON escapes."""
    key = 'a"b\\c é'
    custom = CustomConfig(bucket="b", access_key=SecretStr(key), secret_key=SecretStr("SK"))
    body = StartSnapshotBody(
        app_id="a", room_id="r", task_id="t", storage_config=StorageConfig(custom_config=custom)
    )
    assert json.dumps(key)[1:-1] in body.secrets()
    assert all(spelling in body.secrets() for spelling in (key, json.dumps(key, ensure_ascii=False)[1:-1]))
    assert one_line(body.to_json().decode(), hide=body.secrets()).count("****") == 2
