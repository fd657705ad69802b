"""The vendors' own clients of every generation: tasks, jobs, workflows, pipelines, the tutorial."""

import io
import json
import re
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support.emulator import Emulator
from support.jobs import run_tutorial
from support.mps_client import DEFAULT_PIPELINE, INPUT, LOCATION, SEQUENCE, Json, Mps
from support.rtc_client import BODY, KEY
from support.store_support import client_of
from support.workflow_stacks import SHOTS, topology
from videosnap_emulator.media import frame_marker

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the clients' own, at import
    from volcenginesdkcore import ApiClient, Configuration, UniversalApi, UniversalInfo
    from volcenginesdkcore.rest import ApiException

    models: Any = import_module("alibabacloud_mts20140618.models")
    Client: Any = import_module("alibabacloud_mts20140618.client").Client
    Config: Any = import_module("alibabacloud_tea_openapi.models").Config
    ServerException: Any = import_module("aliyunsdkcore.acs_exception.exceptions").ServerException
    AcsClient: Any = import_module("aliyunsdkcore.client").AcsClient

UNKNOWN = "f" * 32
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.mark.parametrize("token", [None, "TOKEN"])
def test_an_official_client_leads_a_task_through_its_life(emulator: Emulator, token: str | None) -> None:
    configuration = Configuration()
    configuration.ak = emulator.environment["VOLCENGINE_ACCESS_KEY"]
    configuration.sk = emulator.environment["VOLCENGINE_SECRET_KEY"]
    configuration.session_token = token
    configuration.region, configuration.scheme, configuration.auto_retry = "cn-north-1", "http", False
    configuration.host = emulator.rtc.http.base_url.netloc.decode()
    client = UniversalApi(ApiClient(configuration))

    def call(action: str, body: dict[str, Any]) -> Any:
        method, kind = ("GET", None) if action.startswith("Get") else ("POST", "application/json")
        return client.do_call(UniversalInfo(method, "rtc", "2023-11-01", action, kind), dict(body))

    assert call("StartSnapshot", BODY) == "ok"
    assert "has been started" in call("StartSnapshot", BODY)
    assert call("UpdateSnapshot", {**KEY, "ImageConfig": {"Interval": 9, "Width": 9}}) == "ok"
    found = call("GetSnapshotTask", KEY)["SnapshotTask"]
    assert (found["Status"], found["ImageConfig"]["Interval"], found["ImageConfig"]["Width"]) == (2, 9, 0)
    assert call("GetRoomOnlineUsers", {"AppId": KEY["AppId"], "RoomId": "Room1"})["TotalUser"] == 2
    assert call("StopSnapshot", KEY) == "ok"
    found = call("GetSnapshotTask", KEY)["SnapshotTask"]
    assert (found["Status"], found["StopReason"]) == (3, "StopByAPI")
    with pytest.raises(ApiException, match="ErrorActiveTaskNotFound"):
        call("StopSnapshot", KEY)


Call = Callable[..., Json]


def tea_call(mps: Mps, algorithm: str | None) -> Call:
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


def core_call(mps: Mps, secret: str = "") -> Call:
    """Calls by the older SDK."""
    client = AcsClient(mps.key, secret or mps.secret, "cn-hangzhou")

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
def call(mps: Mps, no_proxy: None, request: pytest.FixtureRequest) -> Call:
    version = {"ACS3": None, "V1": "v2"}
    return core_call(mps) if request.param == "core" else tea_call(mps, version[request.param])


JOB = {"Input": json.dumps(INPUT), "SnapshotConfig": json.dumps(SEQUENCE)}


def runs_of(call: Call, **which: Any) -> list[Json]:
    found = call("ListMediaWorkflowExecutions", **which)["MediaWorkflowExecutionList"]
    runs: list[Json] = found["MediaWorkflowExecution"]
    return runs


def test_the_life_of_a_job(mps: Mps, call: Call) -> None:
    submitted = call("SubmitSnapshotJob", **JOB, PipelineId=DEFAULT_PIPELINE, UserData="图-1")["SnapshotJob"]
    assert (submitted["State"], submitted["UserData"]) == ("Submitted", "图-1")
    assert submitted["PipelineId"] == DEFAULT_PIPELINE
    assert submitted["SnapshotConfig"]["OutputFile"]["Object"] == "shot_{Count}.jpg"
    mps.emulator.advance(1)
    answer = call("QuerySnapshotJobList", SnapshotJobIds=f"{submitted['Id']},{UNKNOWN}")
    [job] = answer["SnapshotJobList"]["SnapshotJob"]
    assert (job["Id"], job["State"], job["Count"]) == (submitted["Id"], "Success", "2")
    assert job["CreationTime"] == submitted["CreationTime"]
    assert answer["NonExistSnapshotJobIds"]["String"] == [UNKNOWN]
    call("SubmitSnapshotJob", **JOB)
    first = call("QuerySnapshotJobList", MaximumPageSize=1)
    last = call("QuerySnapshotJobList", MaximumPageSize=1, NextPageToken=first["NextPageToken"])
    assert [one["Id"] for one in last["SnapshotJobList"]["SnapshotJob"]] == [job["Id"]]
    assert "NextPageToken" not in last
    with pytest.raises(Exception, match="The format of parameter") as caught:
        call("SubmitSnapshotJob", **JOB, UserData="a b")
    code = getattr(caught.value, "code", None) or caught.value.get_error_code()  # type: ignore[attr-defined]
    assert code == "InvalidParameter.Format"


def test_the_run_of_a_job_that_the_control_api_made_one_of_a_workflow(mps: Mps, call: Call) -> None:
    job = mps.submitted()
    assert runs_of(call) == []
    mps.emulator.request("PUT", f"/jobs/{job['Id']}", {"workflow": "thumbs"})
    [run] = runs_of(call)
    assert (run["Name"], run["ActivityList"]["Activity"][1]["JobId"]) == ("thumbs", job["Id"])
    for wrong in ({"MaximumPageSize": 101}, {"NextPageToken": UNKNOWN}):
        with pytest.raises(Exception, match="InvalidParameter"):
            call("ListMediaWorkflowExecutions", **wrong)


def test_the_core_sdk_shows_errors(mps: Mps, no_proxy: None) -> None:
    for parameters, secret, code, status, text in (
        (JOB, "wrong", "InvalidAccessKeySecret", 400, "is incorrect"),
        ({**JOB, "Input": "{}"}, "", "InvalidParameter.NullValue", 400, '"Input:Bucket" cannot be null'),
    ):
        with pytest.raises(ServerException) as caught:
            core_call(mps, secret)("SubmitSnapshotJob", **parameters)
        assert (caught.value.get_error_code(), caught.value.get_http_status()) == (code, status)
        assert text in caught.value.get_error_msg()


def test_the_tutorial_leaves_its_three_frames(mps: Mps, tmp_path: Path) -> None:
    output = run_tutorial(tmp_path, mps.emulator.environment)
    assert re.search(r"^RequestId is: [0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$", output, re.MULTILINE)
    found = re.search(r"^JobId is: ([0-9a-f]{32})$", output, re.MULTILINE)
    assert found
    mps.emulator.advance(1)
    job = mps.view({"Id": found[1]})
    assert (job["state"], job["count"]) == ("Success", 3)
    # From 2 ms on, every 2 s, and key frames, which the sample has every 2 s.
    for number, moment in enumerate((0, 2000, 4000), 1):
        answer = mps.emulator.http.get(f"/frames/media/output_{number:05d}.jpg")
        image = Image.open(io.BytesIO(answer.content))
        assert image.height == 360
        assert frame_marker.read_frame_number(image) == moment * 25 // 1000


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
    [run] = runs_of(call, **workflow)
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
    shown = [(one["queue"], one["body"]["Type"], one["body"]["State"]) for one in messages]
    assert shown == [("q1", "Start", "Success"), ("q1", "Report", "Success")]
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
    rest = call("QueryPipelineList", PipelineIds=f"{added['Id']},{DEFAULT_PIPELINE}")
    assert rest["NonExistPids"] == {"String": [added["Id"]]}
    assert [one["Id"] for one in rest["PipelineList"]["Pipeline"]] == [DEFAULT_PIPELINE]


def test_media_buckets_and_media(emulator: Emulator, call: Call, plain: bytes) -> None:
    store = client_of(emulator.environment)
    store.create_bucket(Bucket="uploads")
    call("BindInputBucket", Bucket="uploads")
    call("BindOutputBucket", Bucket="uploads")
    call("UnbindOutputBucket", Bucket="uploads")
    listed = call("ListAllMediaBucket", MaximumPageSize=2)
    more = call("ListAllMediaBucket", MaximumPageSize=2, NextPageToken=listed["NextPageToken"])
    buckets = [one for page in (listed, more) for one in page["MediaBucketList"]["MediaBucket"]]
    pairs = [(one["Bucket"], one["Type"]) for one in buckets]
    assert pairs == [("media", "Input"), ("frames", "Output"), ("uploads", "Input")]
    assert "NextPageToken" not in more
    added = call("AddMediaWorkflow", Name="w", Topology=topology(), TriggerMode="NotInAuto")
    where = {"MediaWorkflowId": added["MediaWorkflow"]["MediaWorkflowId"]}
    store.put_object(Bucket="media", Key="videos/ä b.mp4", Body=plain)
    url = f"http://media.{LOCATION}.aliyuncs.com/videos/%C3%A4%20b.mp4"
    media = call("AddMedia", FileURL=url, **where, MediaWorkflowUserData="u")
    emulator.advance(2)
    [run] = runs_of(call, InputFileURL=url)  # the upload itself starts nothing
    assert media["Media"]["RunIdList"] == {"RunId": [run["RunId"]]}
    assert (run["MediaId"], run["Input"]["UserData"]) == (media["Media"]["MediaId"], "u")
