"""The wire models: the vendor's samples word for word, requests without nulls, lenient answers.

The tables are tests/data/rtc/models.json; the names of a request's fields there are ours.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from pulumi_videosnap.errors import InvalidInput, one_line
from pulumi_videosnap.volcengine import models
from pulumi_videosnap.volcengine.models import CustomConfig, SnapshotTask, StorageConfig, TaskKey, TosConfig
from support.data import load
from unit.scripted import sample

TABLES = load("rtc/models.json")
KEY = {"app_id": "661e", "room_id": "Room1", "task_id": "Task1"}


def test_the_sample_answer_of_get_is_read_whole() -> None:
    envelope = models.Envelope.model_validate_json(sample("rtc/GetSnapshotTask.answer.json"))
    assert isinstance(envelope.result, dict)
    task = SnapshotTask.model_validate(envelope.result["SnapshotTask"])
    # Nothing is lost and nothing is added: written again, it is the sample.
    assert task.model_dump(by_alias=True, exclude_none=True) == envelope.result["SnapshotTask"]
    assert envelope.response_metadata.request_id == "20230****10420"
    assert (task.status, task.stop_reason) == (3, models.StopReason.IDLE_TIME_OUT.value)
    assert task.storage_config is not None
    assert task.storage_config.tos_config == TosConfig(region=0)


@pytest.mark.parametrize(("kind", "fields", "sent"), TABLES["requests"])
def test_a_request_is_spelled_as_documented_and_has_no_nulls(kind: str, fields: Any, sent: Any) -> None:
    body = getattr(models, kind).model_validate(fields)
    assert json.loads(body.to_json()) == sent
    assert (body.app_id, body.room_id, body.task_id) == ("661e", "Room1", "Task1")


def test_a_third_partys_keys_show_nowhere_but_on_the_wire() -> None:
    secret = 'CANARY"b\\c é'
    custom = CustomConfig(bucket="b", access_key=SecretStr(secret), secret_key=SecretStr("CANARY-SK"))
    body = models.StartSnapshotBody(**KEY, storage_config=StorageConfig(type=2, custom_config=custom))
    shown = [repr(body), str(body), body.model_dump_json(), repr(body.model_dump()), repr(custom)]
    assert not any("CANARY" in text for text in shown)
    assert b"CANARY-SK" in body.to_json()
    assert body.key == TaskKey("661e", "Room1", "Task1")
    # A service that quotes our body in its refusal escapes what JSON escapes.
    spellings = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], "CANARY-SK"}
    assert spellings <= set(body.secrets())
    assert one_line(body.to_json().decode(), hide=body.secrets()).count("****") == 2
    with pytest.raises(ValidationError) as refused:
        CustomConfig.model_validate({"AccessKey": ["CANARY"]})
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(("case", "said", "blank"), TABLES["tasks"])
def test_an_answer_is_read_leniently_and_a_task_of_zeros_is_none(case: str, said: Any, blank: bool) -> None:
    assert SnapshotTask.model_validate(said).is_blank() is blank, case


def test_numbers_survive_as_strings_and_unknown_numbers_stay() -> None:
    task = SnapshotTask.model_validate({"Status": "3", "ImageConfig": {"Format": 7, "Interval": "5"}})
    assert task.status == 3
    assert task.image_config == models.ImageConfig(format=7, interval=5)
    words = models.FORMAT_WORDS
    assert [models.word(words, number) for number in (7, 0, None)] == [7, "jpeg", None]
    assert [models.number(words, word) for word in ("png", "gif")] == [1, None]


def test_a_key_and_its_id() -> None:
    key = TaskKey("661e", "Room1", "p.s@task-1")
    assert key.id == "661e/Room1/p.s@task-1"
    assert TaskKey.parse(key.id) == key
    for text in ("", "a", "a/b", "a/b/c/d", "a//c", "/b/c"):
        with pytest.raises(InvalidInput, match="app/room/task"):
            TaskKey.parse(text)
