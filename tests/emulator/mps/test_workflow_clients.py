"""The vendor's SDKs of both generations lead a workflow through its life; boto3 uploads its videos."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from support.emulator import Emulator
from support.mps_client import DEFAULT_PIPELINE, LOCATION, Json, Mps
from support.store_support import client_of
from support.workflows import SHOTS, topology

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the clients' own, at import
    models: Any = import_module("alibabacloud_mts20140618.models")
    Client: Any = import_module("alibabacloud_mts20140618.client").Client
    Config: Any = import_module("alibabacloud_tea_openapi.models").Config
    AcsClient: Any = import_module("aliyunsdkcore.client").AcsClient

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Call = Callable[..., Json]


def tea(mps: Mps, algorithm: str | None) -> Call:
    """Calls by the Tea SDK; the response as the map of its models, which drop what they do not know."""
    where = {"endpoint": mps.http.base_url.netloc.decode(), "protocol": "http"}
    keys = {"access_key_id": mps.key, "access_key_secret": mps.secret}
    client = Client(Config(**keys, **where, signature_algorithm=algorithm))

    def call(action: str, **parameters: Any) -> Json:
        request = getattr(models, f"{action}Request")().from_map(parameters)
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in action)[1:]
        body: Json = getattr(client, name)(request).body.to_map()
        return body

    return call


def core(mps: Mps) -> Call:
    """Calls by the older SDK."""
    client = AcsClient(mps.key, mps.secret, "cn-hangzhou")

    def call(action: str, **parameters: Any) -> Json:
        name = f"{action}Request"
        request = getattr(import_module(f"aliyunsdkmts.request.v20140618.{name}"), name)()
        for parameter, value in parameters.items():
            getattr(request, f"set_{parameter}")(value)
        request.set_accept_format("json")
        request.set_endpoint(mps.http.base_url.netloc.decode())
        return dict(json.loads(client.do_action_with_exception(request)))

    return call


@pytest.fixture(params=["core", "ACS3", "V1"])
def call(mps: Mps, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Call:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    return core(mps) if request.param == "core" else tea(mps, {"ACS3": None, "V1": "v2"}[request.param])


def test_the_life_of_a_workflow(emulator: Emulator, mps: Mps, call: Call, plain: bytes) -> None:
    added = call("AddMediaWorkflow", Name="thumbs", Topology=topology(QueueName="q1"))["MediaWorkflow"]
    assert (added["State"], added["TriggerMode"]) == ("Active", "OssAutoTrigger")
    workflow = {"MediaWorkflowId": added["MediaWorkflowId"]}
    with pytest.raises(Exception, match="MediaWorkflowId"):
        call("UpdateMediaWorkflow", Topology=topology(), **workflow)
    assert call("DeactivateMediaWorkflow", **workflow)["MediaWorkflow"]["State"] == "Inactive"
    earlier = {"Act-Shot": {**SHOTS["Act-Shot"], "Time": "1000"}}
    updated = call("UpdateMediaWorkflow", Topology=topology(earlier, QueueName="q1"), **workflow)
    assert json.loads(updated["MediaWorkflow"]["Topology"]) == json.loads(topology(earlier, QueueName="q1"))
    for mode in ("NotInAuto", "OssAutoTrigger"):
        changed = call("UpdateMediaWorkflowTriggerMode", TriggerMode=mode, **workflow)
        assert changed["MediaWorkflow"]["TriggerMode"] == mode
    call("ActivateMediaWorkflow", **workflow)
    found = call("SearchMediaWorkflow", StateList="Active")
    assert (found["TotalCount"], found["MediaWorkflowList"]["MediaWorkflow"][0]["Name"]) == (1, "thumbs")

    store = client_of(emulator.environment)
    store.put_object(Bucket="media", Key="videos/a/first.mp4", Body=plain)
    emulator.advance(2)
    run = call("ListMediaWorkflowExecutions", **workflow)["MediaWorkflowExecutionList"][
        "MediaWorkflowExecution"
    ][0]
    assert (run["State"], run["Input"]["InputFile"]["Object"]) == ("Completed", "videos/a/first.mp4")
    states = {one["Type"]: one["State"] for one in run["ActivityList"]["Activity"]}
    assert states == {"Start": "Success", "Snapshot": "Success", "Report": "Success"}
    job_id = run["ActivityList"]["Activity"][1]["JobId"]
    job = call("QuerySnapshotJobList", SnapshotJobIds=job_id)["SnapshotJobList"]["SnapshotJob"][0]
    assert (job["State"], job["Count"]) == ("Success", "1")
    frame = store.get_object(Bucket="frames", Key=f"{run['RunId']}/first.jpg")
    assert frame["Body"].read().startswith(b"\xff\xd8")
    assert frame["Metadata"]["source-ms"] == "800", "the key frame nearest to 1000 ms"
    messages = emulator.show("/messages")["messages"]
    assert [(one["queue"], one["body"]["Type"], one["body"]["State"]) for one in messages] == [
        ("q1", "Start", "Success"),
        ("q1", "Report", "Success"),
    ]
    assert [len(one["body"]["MediaWorkflowExecution"]["ActivityList"]) for one in messages] == [1, 3]

    assert call("DeleteMediaWorkflow", **workflow)["MediaWorkflow"]["State"] == "Deleted"
    store.put_object(Bucket="media", Key="videos/second.mp4", Body=plain)
    emulator.advance(2)
    runs = call("QueryMediaWorkflowExecutionList", RunIds=f"{run['RunId']},{'f' * 32}")
    assert runs["NonExistRunIds"] == {"RunId": ["f" * 32]}
    assert len(emulator.show("/runs")["runs"]) == 1
    gone = call("QueryMediaWorkflowList", MediaWorkflowIds=f"{added['MediaWorkflowId']},{'f' * 32}")
    assert gone["MediaWorkflowList"]["MediaWorkflow"][0]["State"] == "Deleted"
    assert gone["NonExistMediaWorkflowIds"] == {"MediaWorkflowId": ["f" * 32]}


def test_the_life_of_a_pipeline(call: Call) -> None:
    added = call("AddPipeline", Name="mine", SpeedLevel=2, NotifyConfig='{"QueueName":"q1"}')["Pipeline"]
    named = {"PipelineId": added["Id"], "Name": "mine-2", "State": "Paused"}
    assert (added["Name"], added["State"], added["SpeedLevel"]) == ("mine", "Active", 2)
    changed = call("UpdatePipeline", **named, Role="Other")["Pipeline"]
    assert (changed["Name"], changed["State"], changed["Role"]) == ("mine-2", "Paused", "Other")
    assert changed["NotifyConfig"] == {"QueueName": "q1"}
    assert call("UpdatePipeline", **named, NotifyConfig="{}")["Pipeline"]["NotifyConfig"] == {}
    found = call("SearchPipeline", State="Paused")
    assert [one["Id"] for one in found["PipelineList"]["Pipeline"]] == [added["Id"]]
    assert call("DeletePipeline", PipelineId=added["Id"])["PipelineId"] == added["Id"]
    asked = call("QueryPipelineList", PipelineIds=f"{added['Id']},{DEFAULT_PIPELINE}")
    assert asked["NonExistPids"] == {"String": [added["Id"]]}
    assert [one["Id"] for one in asked["PipelineList"]["Pipeline"]] == [DEFAULT_PIPELINE]


def test_media_buckets_and_media(emulator: Emulator, call: Call, plain: bytes) -> None:
    store = client_of(emulator.environment)
    store.create_bucket(Bucket="uploads")
    call("BindInputBucket", Bucket="uploads")
    call("BindOutputBucket", Bucket="uploads")
    call("UnbindOutputBucket", Bucket="uploads")
    listed = call("ListAllMediaBucket", MaximumPageSize=2)
    more = call("ListAllMediaBucket", MaximumPageSize=2, NextPageToken=listed["NextPageToken"])
    pairs = [
        (one["Bucket"], one["Type"])
        for page in (listed, more)
        for one in page["MediaBucketList"]["MediaBucket"]
    ]
    assert pairs == [("media", "Input"), ("frames", "Output"), ("uploads", "Input")]
    assert "NextPageToken" not in more
    workflow = call("AddMediaWorkflow", Name="w", Topology=topology(), TriggerMode="NotInAuto")[
        "MediaWorkflow"
    ]
    store.put_object(Bucket="media", Key="videos/ä b.mp4", Body=plain)
    url = f"http://media.{LOCATION}.aliyuncs.com/videos/%C3%A4%20b.mp4"
    media = call(
        "AddMedia", FileURL=url, MediaWorkflowId=workflow["MediaWorkflowId"], MediaWorkflowUserData="u"
    )
    emulator.advance(2)
    runs = call("ListMediaWorkflowExecutions", InputFileURL=url)["MediaWorkflowExecutionList"]
    run = runs["MediaWorkflowExecution"][0]
    assert media["Media"]["RunIdList"] == {"RunId": [run["RunId"]]}
    assert (run["MediaId"], run["Input"]["UserData"]) == (media["Media"]["MediaId"], "u")
    assert len(runs["MediaWorkflowExecution"]) == 1, "the upload itself starts nothing"
