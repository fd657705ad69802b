"""The wire models: requests as the vendor's samples spell them, answers in every shape that is documented.

The tables are tests/data/mps/models.json; the names of fields there are ours.
"""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

import pytest
from pydantic import ValidationError

from pulumi_videosnap.alibaba import models
from pulumi_videosnap.alibaba.models import Pipeline, SnapshotJob
from support.data import load
from unit.scripted import sample

TABLES = load("mps/models.json")
ID = "f4e3b9ba9f3840c39d6e288056f0aaaa"


@pytest.mark.parametrize("row", TABLES["requests"], ids=lambda row: row["id"])
def test_a_request_is_spelled_as_documented(row: dict[str, Any]) -> None:
    body = models.SubmitSnapshotJobBody.model_validate_json(json.dumps(row["fields"]))
    sent = dict(body.parameters())
    blocks = {name: json.loads(sent[name]) for name in ("Input", "SnapshotConfig")}
    assert {**sent, **blocks} == row["sent"]
    assert sent["Input"] == json.dumps(row["sent"]["Input"], separators=(",", ":"))


@pytest.mark.parametrize(("kind", "fields"), TABLES["refused"])
def test_a_request_is_strict(kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        getattr(models, kind).model_validate_json(json.dumps(fields))


@pytest.mark.parametrize("name", ["SubmitSnapshotJob", "QuerySnapshotJobList"])
def test_the_sample_answers_are_read_whole(name: str) -> None:
    content = json.loads(sample(f"mps/{name}.answer.json"))
    said = content["SnapshotJob"] if "SnapshotJob" in content else content["SnapshotJobList"][0]
    job = SnapshotJob.model_validate(said)
    again = job.model_dump(by_alias=True, exclude_none=True, mode="json")
    again["MNSMessageResult"] = again.pop("MnsMessageResult")
    # Nothing is lost and nothing is added: written again, with numbers as strings, it is the sample.
    assert _as_strings(again) == said
    assert (job.state, job.count, job.has_ended) == (models.State.SNAPSHOTING.value, 1, False)
    assert job.creation_time is not None
    assert job.creation_time.tzinfo is timezone.utc


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_strings(inner) for name, inner in value.items()}
    return str(value).lower() if isinstance(value, bool | int) else value


@pytest.mark.parametrize(("case", "said", "job"), TABLES["jobs"])
def test_an_answer_is_read_leniently(case: str, said: dict[str, Any], job: dict[str, Any]) -> None:
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
