"""The wire models of both clouds: the vendors' samples word for word, strict requests, lenient answers.

The tables are tests/data/{rtc,mps}/models.json; the names of a request's fields there are ours.
"""

import json
from datetime import timezone
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from pulumi_videosnap.alibaba import models as mps
from pulumi_videosnap.alibaba.models import Pipeline, SnapshotJob
from pulumi_videosnap.errors import InvalidInput, one_line
from pulumi_videosnap.volcengine import models as rtc
from pulumi_videosnap.volcengine.convert import third_party_keys
from pulumi_videosnap.volcengine.models import CustomConfig, SnapshotTask, StorageConfig, TaskKey, TosConfig
from support.data import load
from unit.scripted import sample

RTC, MPS = load("rtc/models.json"), load("mps/models.json")
KEY = {"app_id": "661e", "room_id": "Room1", "task_id": "Task1"}
ID = "f4e3b9ba9f3840c39d6e288056f0aaaa"


def test_the_sample_answer_of_get_is_read_whole() -> None:
    envelope = rtc.Envelope.model_validate_json(sample("rtc/GetSnapshotTask.answer.json"))
    assert isinstance(envelope.result, dict)
    task = SnapshotTask.model_validate(envelope.result["SnapshotTask"])
    # Nothing is lost and nothing is added: written again, it is the sample.
    assert task.model_dump(by_alias=True, exclude_none=True) == envelope.result["SnapshotTask"]
    assert envelope.response_metadata.request_id == "20230****10420"
    assert (task.status, task.stop_reason) == (3, rtc.StopReason.IDLE_TIME_OUT.value)
    assert task.storage_config is not None
    assert task.storage_config.tos_config == TosConfig(region=0)


@pytest.mark.parametrize(("kind", "fields", "sent"), RTC["requests"])
def test_a_request_of_rtc_is_spelled_as_documented(kind: str, fields: Any, sent: Any) -> None:
    body = getattr(rtc, kind).model_validate(fields)
    assert json.loads(body.to_json()) == sent
    assert (body.app_id, body.room_id, body.task_id) == ("661e", "Room1", "Task1")


def test_a_third_partys_keys_show_nowhere_but_on_the_wire() -> None:
    secret = 'CANARY"b\\c é'
    custom = CustomConfig(bucket="b", access_key=SecretStr(secret), secret_key=SecretStr("CANARY-SK"))
    body = rtc.StartSnapshotBody(**KEY, storage_config=StorageConfig(type=2, custom_config=custom))
    shown = [repr(body), str(body), body.model_dump_json(), repr(body.model_dump()), repr(custom)]
    assert not any("CANARY" in text for text in shown)
    assert b"CANARY-SK" in body.to_json()
    assert body.key == TaskKey("661e", "Room1", "Task1")
    # A service that quotes our body in its refusal escapes what JSON escapes.
    keys = {"accessKey": secret, "secretKeyEnv": "VARIABLE"}
    hide = third_party_keys({"storageConfig": {"customConfig": keys}}, {"VARIABLE": "CANARY-SK"})
    spellings = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], "CANARY-SK"}
    assert not any("CANARY" in one_line(f"no: {spelling}", hide) for spelling in spellings)
    assert one_line(body.to_json().decode(), hide=hide).count("****") == 2
    with pytest.raises(ValidationError) as refused:
        CustomConfig.model_validate({"AccessKey": ["CANARY"]})
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(("case", "said", "blank"), RTC["tasks"])
def test_an_answer_of_rtc_is_read_leniently(case: str, said: Any, blank: bool) -> None:
    assert SnapshotTask.model_validate(said).is_blank() is blank, case


def test_numbers_survive_as_strings_and_unknown_numbers_stay() -> None:
    task = SnapshotTask.model_validate({"Status": "3", "ImageConfig": {"Format": 7, "Interval": "5"}})
    assert task.status == 3
    assert task.image_config == rtc.ImageConfig(format=7, interval=5)
    words = rtc.FORMAT_WORDS
    assert [rtc.word(words, number) for number in (7, 0, None)] == [7, "jpeg", None]
    assert [rtc.number(words, word) for word in ("png", "gif")] == [1, None]


def test_a_key_and_its_id() -> None:
    key = TaskKey("661e", "Room1", "p.s@task-1")
    assert key.id == "661e/Room1/p.s@task-1"
    assert TaskKey.parse(key.id) == key
    for text in ("", "a", "a/b", "a/b/c/d", "a//c", "/b/c"):
        with pytest.raises(InvalidInput, match="app/room/task"):
            TaskKey.parse(text)


@pytest.mark.parametrize("row", MPS["requests"], ids=lambda row: row["id"])
def test_a_request_of_mps_is_spelled_as_documented(row: dict[str, Any]) -> None:
    body = mps.SubmitSnapshotJobBody.model_validate_json(json.dumps(row["fields"]))
    sent = dict(body.parameters())
    blocks = {name: json.loads(sent[name]) for name in ("Input", "SnapshotConfig")}
    assert {**sent, **blocks} == row["sent"]
    assert sent["Input"] == json.dumps(row["sent"]["Input"], separators=(",", ":"))


@pytest.mark.parametrize(("kind", "fields"), MPS["refused"])
def test_a_request_of_mps_is_strict(kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        getattr(mps, kind).model_validate_json(json.dumps(fields))


@pytest.mark.parametrize("name", ["SubmitSnapshotJob", "QuerySnapshotJobList"])
def test_the_sample_answers_of_mps_are_read_whole(name: str) -> None:
    content = json.loads(sample(f"mps/{name}.answer.json"))
    said = content["SnapshotJob"] if "SnapshotJob" in content else content["SnapshotJobList"][0]
    job = SnapshotJob.model_validate(said)
    again = job.model_dump(by_alias=True, exclude_none=True, mode="json")
    again["MNSMessageResult"] = again.pop("MnsMessageResult")
    # Nothing is lost and nothing is added: written again, with numbers as strings, it is the sample.
    assert _as_strings(again) == said
    assert (job.state, job.count, job.has_ended) == (mps.State.SNAPSHOTING.value, 1, False)
    assert job.creation_time is not None
    assert job.creation_time.tzinfo is timezone.utc


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_strings(inner) for name, inner in value.items()}
    return str(value).lower() if isinstance(value, bool | int) else value


@pytest.mark.parametrize(("case", "said", "job"), MPS["jobs"])
def test_an_answer_of_mps_is_read_leniently(case: str, said: dict[str, Any], job: dict[str, Any]) -> None:
    found = SnapshotJob.model_validate({"Id": ID, **said})
    assert found == SnapshotJob.model_validate({"id": ID, **job}), case
    assert found.model_dump(exclude_none=True, exclude_defaults=True, mode="json") == {"id": ID, **job}


@pytest.mark.parametrize("said", [{}, {"Id": ""}, {"Id": None}, {"Id": []}])
@pytest.mark.parametrize("kind", [SnapshotJob, Pipeline])
def test_nothing_is_read_without_an_id(kind: type[SnapshotJob], said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(said)


def test_a_job_ends_with_success_or_failure() -> None:
    states = ("Submitted", "Snapshoting", "Success", "Fail", "")
    assert [s for s in states if SnapshotJob(id=ID, state=s).has_ended] == ["Success", "Fail"]


def test_a_pipeline() -> None:
    said = {"Id": "dd3d", "Name": "mts-service-pipeline", "State": "Active", "Speed": "Standard"}
    quota = {"SpeedLevel": "1", "QuotaAllocate": 10, "Role": "AliyunMTSDefaultRole"}
    blocks = {"NotifyConfig": {"QueueName": "q", "Topic": ""}, "ExtendConfig": {"IsBoostNew": False}}
    pipeline = Pipeline.model_validate({**said, **quota, **blocks})
    assert (pipeline.name, pipeline.state, pipeline.speed_level) == ("mts-service-pipeline", "Active", 1)
    assert pipeline.notify_config is not None
    assert (pipeline.notify_config.queue_name, pipeline.notify_config.topic) == ("q", None)
