"""The wire models: requests as the vendor's samples spell them, answers in every shape that is documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from pulumi_videosnap.alibaba.models import (
    EchoedConfig,
    EchoedFile,
    InputFile,
    MnsMessageResult,
    OutputFile,
    Pipeline,
    SnapshotConfig,
    SnapshotJob,
    State,
    SubmitSnapshotJobBody,
    SubOut,
    TileOut,
    TimeArray,
)

OUTPUT = OutputFile(bucket="example-001", location="oss-cn-hangzhou", object="{Count}.jpg")
INPUT = InputFile(bucket="example-bucket", location="oss-cn-hangzhou", object="example.flv")


def test_the_sample_request_is_what_we_send() -> None:
    """The request example of 提交截图作业, whose numbers are strings."""
    body = SubmitSnapshotJobBody(
        input=INPUT,
        snapshot_config=SnapshotConfig(output_file=OUTPUT, time=5, num=10, interval=20),
        user_data="testid-001",
        pipeline_id="dd3dae411e704030b921e52698e5****",
    )
    sent = dict(body.parameters())
    assert {
        **sent,
        "Input": json.loads(sent["Input"]),
        "SnapshotConfig": json.loads(sent["SnapshotConfig"]),
    } == {
        "Input": {"Bucket": "example-bucket", "Location": "oss-cn-hangzhou", "Object": "example.flv"},
        "SnapshotConfig": {
            "OutputFile": {"Bucket": "example-001", "Location": "oss-cn-hangzhou", "Object": "{Count}.jpg"},
            "Time": "5",
            "Num": "10",
            "Interval": "20",
        },
        "UserData": "testid-001",
        "PipelineId": "dd3dae411e704030b921e52698e5****",
    }


def test_every_field_is_spelled_as_documented() -> None:
    config = SnapshotConfig(
        output_file=OUTPUT,
        tile_output_file=OutputFile(bucket="b", location="l", object="%7BTileCount%7D.jpg"),
        time=0,
        interval=0,
        num=1,
        width=8,
        height=4096,
        frame_type="normal",
        tile_out=TileOut(
            lines=1,
            columns=2,
            cell_width=3,
            cell_height=4,
            margin=0,
            padding=5,
            color="#000000",
            is_keep_cell_pic=False,
            cell_sel_step=6,
        ),
        format="vtt",
        sub_out=SubOut(is_spt_frag=True),
        black_level=100,
        pixel_black_threshold=0,
        time_array=TimeArray(time_point_list=[0, 1500]),
    )
    file = InputFile(bucket="b", location="l", object="%E8%A7%86%E9%A2%91.mp4", referer="http://r")
    sent = dict(SubmitSnapshotJobBody(input=file, snapshot_config=config).parameters())
    assert (
        sent["Input"]
        == '{"Bucket":"b","Location":"l","Object":"%E8%A7%86%E9%A2%91.mp4","Referer":"http://r"}'
    )
    assert json.loads(sent["SnapshotConfig"]) == {
        "OutputFile": {"Bucket": "example-001", "Location": "oss-cn-hangzhou", "Object": "{Count}.jpg"},
        "TileOutputFile": {"Bucket": "b", "Location": "l", "Object": "%7BTileCount%7D.jpg"},
        "Time": "0",
        "Interval": "0",
        "Num": "1",
        "Width": "8",
        "Height": "4096",
        "FrameType": "normal",
        "TileOut": {
            "Lines": "1",
            "Columns": "2",
            "CellWidth": "3",
            "CellHeight": "4",
            "Margin": "0",
            "Padding": "5",
            "Color": "#000000",
            "IsKeepCellPic": "false",
            "CellSelStep": "6",
        },
        "Format": "vtt",
        "SubOut": {"IsSptFrag": "true"},
        "BlackLevel": "100",
        "PixelBlackThreshold": "0",
        "TimeArray": {"TimePointList": [0, 1500]},
    }
    assert set(sent) == {"Input", "SnapshotConfig"}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (InputFile, {"bucket": "b", "location": "l"}),
        (OutputFile, {"bucket": "b", "location": "l", "object": None}),
        (SnapshotConfig, {"time": 0}),
        (SnapshotConfig, {"output_file": OUTPUT, "time": "5"}),
        (SnapshotConfig, {"output_file": OUTPUT, "time": 5.0}),
        (SnapshotConfig, {"output_file": OUTPUT, "num": True}),
        (SnapshotConfig, {"output_file": OUTPUT, "numm": 1}),
        (TileOut, {"is_keep_cell_pic": "false"}),
        (TimeArray, {"time_point_list": ["1"]}),
        (SubmitSnapshotJobBody, {"input": INPUT}),
    ],
)
def test_a_request_is_strict(kind: type[Any], fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind(**fields)


@pytest.mark.parametrize("name", ["SubmitSnapshotJob", "QuerySnapshotJobList"])
def test_the_sample_answers_are_read_whole(name: str, sample: Callable[[str], bytes]) -> None:
    content = json.loads(sample(f"{name}.answer.json"))
    said = content["SnapshotJob"] if "SnapshotJob" in content else content["SnapshotJobList"][0]
    job = SnapshotJob.model_validate(said)
    again = job.model_dump(by_alias=True, exclude_none=True, mode="json")
    again["MNSMessageResult"] = again.pop("MnsMessageResult")
    # Nothing is lost and nothing is added: written again, with numbers as strings, it is the sample.
    assert _as_strings(again) == said
    assert (job.state, job.count, job.has_ended) == (State.SNAPSHOTING.value, 1, False)
    assert job.creation_time is not None
    assert job.creation_time.tzinfo is timezone.utc


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_strings(inner) for name, inner in value.items()}
    return str(value).lower() if isinstance(value, bool | int) else value


ID = "f4e3b9ba9f3840c39d6e288056f0aaaa"


@pytest.mark.parametrize(
    ("said", "job"),
    [
        pytest.param({}, {}, id="nothing but the id"),
        pytest.param({"Code": "", "Message": "", "Count": "", "CreationTime": ""}, {}, id="empty strings"),
        pytest.param({"Code": None, "Count": None, "SnapshotConfig": None, "Input": None}, {}, id="nulls"),
        pytest.param({"State": "Success", "Count": "3"}, {"state": "Success", "count": 3}, id="strings"),
        pytest.param({"Count": 3, "TileCount": 1}, {"count": 3, "tile_count": 1}, id="numbers"),
        pytest.param({"Count": "many", "TileCount": [1]}, {}, id="unreadable numbers"),
        pytest.param(
            {"UserData": 7, "State": "Paused"}, {"user_data": "7", "state": "Paused"}, id="new state"
        ),
        pytest.param({"Input": {}}, {"input": EchoedFile()}, id="empty object"),
        pytest.param({"SnapshotConfig": "{}", "Input": []}, {}, id="other shapes"),
        pytest.param(
            {"SnapshotConfig": {"Time": "2", "OutputFile": "x", "Format": "vtt"}},
            {"snapshot_config": EchoedConfig(time=2)},
            id="part of an object",
        ),
        pytest.param({"MNSMessageResult": {}}, {"mns_message_result": MnsMessageResult()}, id="message"),
        pytest.param({"NewField": {"A": 1}}, {}, id="unknown fields"),
        pytest.param(
            {"CreationTime": "2021-05-19T11:11:48+08:00"},
            {"creation_time": datetime(2021, 5, 19, 3, 11, 48, tzinfo=timezone.utc)},
            id="another zone",
        ),
        pytest.param({"CreationTime": "2021-05-19T03:11:48"}, {}, id="no zone"),
    ],
)
def test_an_answer_is_read_leniently(said: dict[str, Any], job: dict[str, Any]) -> None:
    assert SnapshotJob.model_validate({"Id": ID, **said}) == SnapshotJob(id=ID, **job)


@pytest.mark.parametrize("said", [{}, {"Id": ""}, {"Id": None}, {"Id": []}])
@pytest.mark.parametrize("kind", [SnapshotJob, Pipeline])
def test_nothing_is_read_without_an_id(kind: type[SnapshotJob], said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(said)


@pytest.mark.parametrize(
    ("state", "ended"),
    [("Submitted", False), ("Snapshoting", False), ("Success", True), ("Fail", True), ("", False)],
)
def test_a_job_ends_with_success_or_failure(state: str, ended: bool) -> None:
    assert SnapshotJob(id=ID, state=state).has_ended is ended


def test_a_pipeline() -> None:
    said = {
        "Id": "dd3d",
        "Name": "mts-service-pipeline",
        "State": "Active",
        "Speed": "Standard",
        "SpeedLevel": "1",
        "QuotaAllocate": 10,
        "Role": "AliyunMTSDefaultRole",
        "NotifyConfig": {"QueueName": "q", "Topic": ""},
        "ExtendConfig": {"IsBoostNew": False},
    }
    pipeline = Pipeline.model_validate(said)
    assert (pipeline.name, pipeline.state, pipeline.speed_level) == ("mts-service-pipeline", "Active", 1)
    assert pipeline.notify_config is not None
    assert (pipeline.notify_config.queue_name, pipeline.notify_config.topic) == ("q", None)
