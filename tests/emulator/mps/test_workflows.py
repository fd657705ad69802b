"""Workflows over the wire: what is refused, what triggers, how runs go, and each reading of the documents."""

import copy
import json
from typing import Any

import pytest

from support.data import load
from support.emulator import Emulator
from support.mps_client import DEFAULT_PIPELINE, LOCATION, SEQUENCE, Json, Mps, found, ref, refused
from support.store_support import client_of
from support.workflow_stacks import SHOTS, plain_topology, topology

BAD = "InvalidParameter"
MINE = "cd" * 16
TWO = SHOTS | {
    "Act-Three": {**SEQUENCE, "OutputFile": ref("three/{FileName}-{Count}.{ExtName}.jpg"), "Num": 3}
}


class Flow:
    """Workflows of the emulator, and uploads to its store."""

    def __init__(self, mps: Mps, video: bytes) -> None:
        self.mps, self.emulator, self.video = mps, mps.emulator, video
        self.store = client_of(mps.emulator.environment)

    def call(self, action: str, **own: Any) -> Json:
        return found(self.mps.call(action, **own))

    def add(self, name: str = "w", text: str = "", **own: Any) -> str:
        """Add a workflow and return its id."""
        answer = self.call("AddMediaWorkflow", Name=name, Topology=text or topology(), **own)
        return str(answer["MediaWorkflow"]["MediaWorkflowId"])

    def upload(self, key: str, body: bytes | None = None, bucket: str = "media") -> None:
        self.store.put_object(Bucket=bucket, Key=key, Body=self.video if body is None else body)

    def runs(self, seconds: float = 2) -> list[Json]:
        """The runs after some time, the latest first."""
        self.emulator.advance(seconds)
        listed = self.call("ListMediaWorkflowExecutions", MaximumPageSize=100)
        runs: list[Json] = listed["MediaWorkflowExecutionList"]["MediaWorkflowExecution"]
        return runs

    def read(self, **readings: str) -> None:
        """Choose other readings of the documents."""
        changes = {name.replace("_", "-"): value for name, value in readings.items()}
        self.emulator.request("PUT", "/readings", changes)


@pytest.fixture
def flow(mps: Mps, plain: bytes) -> Flow:
    return Flow(mps, plain)


def states(run: Json) -> dict[str, str]:
    return {one["Name"]: one["State"] for one in run["ActivityList"]["Activity"]}


def failure(run: Json, name: str = "Act-Shot") -> tuple[str, str]:
    one = next(one for one in run["ActivityList"]["Activity"] if one["Name"] == name)
    return one.get("Code", ""), one.get("Message", "")


def replaced(path: list[str], value: object) -> object:
    """The topology with one value replaced; "-" removes it."""
    if not path:
        return value
    changed = copy.deepcopy(plain_topology())
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    if value == "-":
        del place[path[-1]]
    return changed


def test_bad_topologies_are_named(flow: Flow) -> None:
    for path, value, code, name in load("mps/bad_topologies.json"):
        text = replaced(path, value)
        sent = text if text == "x" else json.dumps(text)
        answer = flow.mps.call("AddMediaWorkflow", Name="w", Topology=sent)
        status = 404 if code == "ResourceNotFound" else 400
        assert refused(answer) == (status, ".".join(filter(None, (BAD, code)))), (path, value)
        assert f'"{name}"' in answer.json()["Message"]
    assert flow.emulator.show("/workflows")["workflows"] == []


def test_bad_calls_have_the_vendors_codes(flow: Flow) -> None:
    names = {"ACTIVE": flow.add("taken"), "INACTIVE": flow.add("off"), "DELETED": flow.add("gone")}
    flow.call("DeactivateMediaWorkflow", MediaWorkflowId=names["INACTIVE"])
    flow.call("DeleteMediaWorkflow", MediaWorkflowId=names["DELETED"])
    before = flow.emulator.show("/workflows")
    for action, parameters, status, code in load("mps/bad_workflow_calls.json"):
        own = {name: names.get(value, value) for name, value in parameters.items()}
        if action in ("AddMediaWorkflow", "UpdateMediaWorkflow"):
            own = {"Topology": topology(), **own}
        assert refused(flow.mps.call(action, **own)) == (status, code), (action, parameters)
    assert flow.emulator.show("/workflows") == before


@pytest.mark.parametrize("case", load("mps/triggers.json"), ids=lambda case: str(case[0]))
def test_what_triggers(flow: Flow, case: list[Any]) -> None:
    """Prefix, keys that start a run, keys that do not, and the readings."""
    prefix, yes, no, readings = case
    flow.read(**readings)
    source = {"Bucket": "media", "Location": LOCATION, **({"ObjectPrefix": prefix} if prefix else {})}
    flow.add(text=topology(InputFile=source))
    for key in (*yes, *no):
        flow.upload(key)
    started = [run["input"]["key"] for run in flow.emulator.show("/runs")["runs"]]
    assert started == yes[::-1]


def test_every_completed_upload_is_a_run_of_each_workflow_that_matches(flow: Flow) -> None:
    flow.add("a")
    flow.add("b", TriggerMode="NotInAuto")
    flow.add("c", topology(InputFile={"Bucket": "media", "Location": LOCATION}))
    flow.upload("videos/x.mp4")
    flow.upload("videos/x.mp4")
    flow.store.copy_object(Bucket="media", Key="y.mp4", CopySource="media/videos/x.mp4")
    upload = flow.store.create_multipart_upload(Bucket="media", Key="z.mp4")["UploadId"]
    part = {"Bucket": "media", "Key": "z.mp4", "UploadId": upload}
    etag = flow.store.upload_part(**part, PartNumber=1, Body=flow.video)["ETag"]
    assert len(flow.runs(0)) == 5
    flow.store.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    flow.store.delete_object(Bucket="media", Key="y.mp4")
    flow.upload("videos/x.mp4", bucket="frames")
    runs = flow.runs()
    assert [run["Name"] for run in runs] == ["c", "c", "c", "a", "c", "a"]
    assert (len({run["RunId"] for run in runs}), len({run["MediaId"] for run in runs})) == (6, 3)
    missing = next(run for run in runs if run["Input"]["InputFile"]["Object"] == "y.mp4")
    assert states(missing) == {"Act-Start": "Fail", "Act-Shot": "Skipped", "Act-Report": "Success"}


def test_an_upload_of_the_page_is_one_by_anybody(flow: Flow) -> None:
    flow.add()
    path = "/uploads/media/videos/p%20%C3%A4.mp4"
    answer = flow.emulator.http.put(path, content=flow.video, headers={"content-type": "video/mp4"})
    assert answer.json() == {"bucket": "media", "key": "videos/p ä.mp4", "size": len(flow.video)}
    (run,) = flow.runs()
    view = flow.emulator.show(f"/runs/{run['RunId']}")
    (shot,) = [one for one in view["activities"] if one["type"] == "Snapshot"]
    assert [one["key"] for one in shot["objects"]] == [f"{run['RunId']}/p ä.jpg"]
    assert flow.emulator.http.get(shot["objects"][0]["url"]).content.startswith(b"\xff\xd8")
    assert flow.emulator.http.put("/uploads/nowhere/x.mp4", content=b"").status_code == 404


def test_the_jobs_of_a_run_take_the_frames(flow: Flow) -> None:
    flow.add(text=topology(TWO))
    flow.upload("videos/a/b.mp4")
    (run,) = flow.runs(0.6)
    assert states(run) == {"Act-Start": "Success", "Act-Shot": "Running", "Act-Three": "Running"}
    (run,) = flow.runs(2)
    names = ("Act-Start", "Act-Shot", "Act-Three", "Act-Report")
    assert states(run) == dict.fromkeys(names, "Success")
    jobs = flow.mps.query()["SnapshotJobList"]["SnapshotJob"]
    assert [job["Id"] for job in jobs[::-1]] == [one["JobId"] for one in run["ActivityList"]["Activity"][1:3]]
    assert jobs[0]["SnapshotConfig"]["OutputFile"]["Object"] == "three/{FileName}-{Count}.{ExtName}.jpg"
    assert jobs[0]["Input"]["Object"] == "videos/a/b.mp4"
    keys = {one["Key"] for one in flow.store.list_objects_v2(Bucket="frames")["Contents"]}
    assert keys == {f"{run['RunId']}/b.jpg", "three/b-00001.mp4.jpg"}, "of 2.4 s, from second 2 on"


@pytest.mark.parametrize("body", [b"<html>no video</html>", b""])
def test_a_bad_input_fails_the_run(flow: Flow, body: bytes) -> None:
    code = f"{BAD}.ResourceContentBad"
    flow.add(text=topology(MessageType="Topic", TopicName="t1"))
    flow.upload("videos/x.mp4", body)
    (run,) = flow.runs()
    assert run["State"] == "Fail"
    assert states(run) == {"Act-Start": "Fail", "Act-Shot": "Skipped", "Act-Report": "Success"}
    assert failure(run, "Act-Start") == (code, "The resource operated InputFile is bad")
    first, last = flow.emulator.show("/messages")["messages"]
    assert (first["topic"], first["body"]["State"], first["body"]["Code"]) == ("t1", "Fail", code)
    assert (last["body"]["Type"], last["body"]["MediaWorkflowExecution"]["State"]) == ("Report", "Fail")
    assert run["ActivityList"]["Activity"][0]["MNSMessageResult"] == {"MessageId": first["messageId"]}
    assert flow.mps.query()["SnapshotJobList"]["SnapshotJob"] == []


def test_a_snapshot_that_fails_leaves_the_others_alone(flow: Flow) -> None:
    late = {**SHOTS["Act-Shot"], "Time": 9000, "FrameType": "normal"}
    flow.add(text=topology({"Act-Late": late, **SHOTS}))
    flow.upload("videos/x.mp4")
    (run,) = flow.runs()
    assert run["State"] == "Completed"
    assert (states(run)["Act-Late"], states(run)["Act-Shot"]) == ("Fail", "Success")
    assert failure(run, "Act-Late")[0] == f"{BAD}.ResourceContentBad"


def test_what_follows_a_failure_is_skipped(flow: Flow) -> None:
    flow.emulator.request("PUT", "/media-buckets/elsewhere", {"type": "Input"})
    lost = {**SHOTS["Act-Shot"], "OutputFile": ref("x.jpg", "elsewhere")}
    built = plain_topology({"Act-Lost": lost, "Act-After": SHOTS["Act-Shot"]})
    built["Activities"]["Act-Other"] = {"Type": "Transcode", "Parameters": {"Outputs": [{"x": 1}]}}
    built["Dependencies"] |= {
        "Act-Start": ["Act-Lost", "Act-Other"], "Act-Lost": ["Act-After"], "Act-Other": ["Act-Report"],
    }  # fmt: skip
    flow.add(text=json.dumps(built))
    flow.upload("videos/x.mp4")
    (run,) = flow.runs()
    assert failure(run, "Act-Lost") == (
        "PermissionDenied.ResourceAccess", "MTS not authorized to operate on the specified resource.",
    )  # fmt: skip
    assert (states(run)["Act-After"], states(run)["Act-Other"]) == ("Skipped", "Skipped")
    flow.emulator.request("PUT", "/media-buckets/elsewhere", {"type": "Output"})
    flow.upload("videos/x.mp4")
    assert states(flow.runs(3)[0])["Act-After"] == "Success"


def test_pipelines_of_runs(flow: Flow) -> None:
    paused = {"state": "Paused", "notifyConfig": {"QueueName": "q"}}
    flow.emulator.request("PUT", f"/pipelines/{MINE}", paused)
    flow.add(text=topology(PipelineId=MINE))
    flow.upload("videos/x.mp4")
    (run,) = flow.runs(60)
    assert states(run) == {"Act-Start": "Success", "Act-Shot": "Running"}
    flow.call("UpdatePipeline", PipelineId=MINE, Name="x", State="Active")
    assert flow.runs()[0]["State"] == "Completed"
    assert flow.emulator.show("/messages")["messages"] == [], "a pipeline's queue is for direct jobs"
    flow.emulator.request("PUT", f"/pipelines/{MINE}", {"speed": "Boost"})
    flow.upload("videos/x.mp4")
    assert failure(flow.runs()[0])[0] == f"{BAD}.NotSupported"
    flow.call("DeletePipeline", PipelineId=MINE)
    flow.upload("videos/x.mp4")
    assert failure(flow.runs()[0])[0] == f"{BAD}.ResourceNotFound"


def test_messages_of_jobs(flow: Flow) -> None:
    notify = {"notifyConfig": {"Topic": "t", "QueueName": "q"}}
    flow.emulator.request("PUT", f"/pipelines/{DEFAULT_PIPELINE}", notify)
    points = {"OutputFile": ref("p/{Count}.jpg"), "TimeArray": {"TimePointList": [0, 1000]}}
    good = flow.mps.submitted(points, PipelineId=DEFAULT_PIPELINE)["Id"]
    bad = flow.mps.submitted({**SEQUENCE, "Time": 99_000_000}, PipelineId=DEFAULT_PIPELINE)["Id"]
    flow.emulator.advance(2)
    first, second = flow.emulator.show("/messages")["messages"]
    assert (first["queue"], first["topic"], first["source"]) == ("q", "t", "pipeline")
    body = first["body"]
    for name, value in (("jobId", good), ("state", "Success"), ("type", "Snapshot")):
        assert body[name] == body[name[0].upper() + name[1:]] == value
    assert body["LastUrl"] == "http://frames.oss-cn-hangzhou.aliyuncs.com/p/00002.jpg"
    assert body["UrlPattern"] == "http://frames.oss-cn-hangzhou.aliyuncs.com/p/{Count}.jpg"
    assert (second["body"]["jobId"], second["body"]["state"]) == (bad, "Fail")
    assert second["body"]["code"] == f"{BAD}.ResourceContentBad"
    assert flow.emulator.show(f"/messages?after={first['number']}")["messages"] == [second]


def test_runs_go_on_whatever_becomes_of_their_workflow(flow: Flow) -> None:
    workflow = flow.add(text=topology(TWO))
    flow.upload("videos/x.mp4")
    flow.call("DeleteMediaWorkflow", MediaWorkflowId=workflow)
    flow.emulator.advance(0.6)
    jobs = [one for one in flow.emulator.show("/runs")["runs"][0]["activities"] if one["jobId"]]
    flow.emulator.request("PUT", f"/jobs/{jobs[0]['jobId']}", {"state": "Fail", "code": "InternalError"})
    flow.emulator.request("DELETE", f"/jobs/{jobs[1]['jobId']}")
    (run,) = flow.runs(0)
    assert (failure(run)[0], failure(run, "Act-Three")[0]) == ("InternalError", f"{BAD}.ResourceNotFound")
    assert (run["State"], states(run)["Act-Report"]) == ("Completed", "Success")


def test_pages_of_runs_and_workflows(flow: Flow) -> None:
    ids = [flow.add(f"w{number}") for number in range(3)][::-1]
    pages = [flow.call("SearchMediaWorkflow", PageNumber=number, PageSize=2) for number in (1, 2, 3)]
    listed = [[one["MediaWorkflowId"] for one in it["MediaWorkflowList"]["MediaWorkflow"]] for it in pages]
    assert listed == [ids[:2], ids[2:], []]
    assert [page["TotalCount"] for page in pages] == [3, 3, 3]
    flow.upload("videos/x.mp4")
    first = flow.call("ListMediaWorkflowExecutions", MaximumPageSize=2)
    flow.upload("videos/y.mp4")
    rest = flow.call("ListMediaWorkflowExecutions", MaximumPageSize=2, NextPageToken=first["NextPageToken"])
    runs = [page["MediaWorkflowExecutionList"]["MediaWorkflowExecution"] for page in (first, rest)]
    names = [run["Name"] for page in runs for run in page]
    assert (names, "NextPageToken" in rest) == (["w2", "w1", "w0"], False)
    by_name = flow.call("ListMediaWorkflowExecutions", MediaWorkflowName="w1")
    assert len(by_name["MediaWorkflowExecutionList"]["MediaWorkflowExecution"]) == 2
    assert len(flow.runs(90 * 24 * 3600)) == 6
    assert flow.runs(1) == [], "older ones are not listed"


def test_at_most_ten_workflows_and_four_more_pipelines(flow: Flow) -> None:
    ids = [flow.add(f"w{number}") for number in range(10)]
    eleventh = flow.mps.call("AddMediaWorkflow", Name="w10", Topology=topology())
    assert refused(eleventh) == (403, "PermissionDenied.ResourceQuotaExceed")
    flow.call("DeleteMediaWorkflow", MediaWorkflowId=ids[0])
    flow.add("w0")
    for number in range(4):
        flow.call("AddPipeline", Name=f"p{number}")
    fifth = flow.mps.call("AddPipeline", Name="p5")
    assert refused(fifth) == (403, "PermissionDenied.ResourceQuotaExceed")
    assert fifth.json()["Message"] == 'The resource "Pipeline" quota has been used up.'


def test_a_topology_comes_back_in_the_vendors_spelling(flow: Flow) -> None:
    built = plain_topology(QueueName="q")
    built["Activities"]["Act-Shot"] |= {"Name": "Act-Shot", "Type": "Screenshot"}
    shot = built["Activities"]["Act-Shot"]["Parameters"]
    shot |= {"MediaCover": True}
    shot["SnapshotConfig"] = {**shot["SnapshotConfig"], "Time": 2000, "Height": None}
    answer = flow.call("AddMediaWorkflow", Name="w", Topology=json.dumps(built))["MediaWorkflow"]
    expected = plain_topology(QueueName="q")
    expected["Activities"]["Act-Shot"] |= {"Type": "Screenshot"}
    back = json.loads(answer["Topology"])
    for name, one in back["Activities"].items():
        assert isinstance(one["Parameters"].get("SnapshotConfig", ""), str), name
        values = one["Parameters"].items()
        one["Parameters"] = {key: json.loads(text) if text[:1] == "{" else text for key, text in values}
    expected["Activities"]["Act-Shot"]["Parameters"]["MediaCover"] = "true"
    assert back == expected


# Readings: each takes the other way and shows what differs.


def test_reading_added_workflow(flow: Flow) -> None:
    flow.read(added_workflow="inactive")
    answer = flow.call("AddMediaWorkflow", Name="w", Topology=topology())["MediaWorkflow"]
    assert answer["State"] == "Inactive"


def test_reading_activity_type(flow: Flow) -> None:
    flow.read(activity_type="screenshot")
    refusal = flow.mps.call("AddMediaWorkflow", Name="w", Topology=topology())
    assert refused(refusal) == (400, f"{BAD}.NotSupported")
    flow.add(text=topology().replace('"Snapshot"', '"Screenshot"'))
    flow.upload("videos/x.mp4")
    activities = flow.runs()[0]["ActivityList"]["Activity"]
    assert (activities[1]["Type"], activities[1]["State"]) == ("Snapshot", "Success")


def test_reading_update_name(flow: Flow) -> None:
    workflow = flow.add()
    flow.call("DeactivateMediaWorkflow", MediaWorkflowId=workflow)
    named = {"MediaWorkflowId": workflow, "Topology": topology(), "Name": "other", "TriggerMode": "NotInAuto"}
    assert flow.call("UpdateMediaWorkflow", **named)["MediaWorkflow"]["Name"] == "w"
    flow.read(update_name="applied")
    changed = flow.call("UpdateMediaWorkflow", **named)["MediaWorkflow"]
    assert (changed["Name"], changed["TriggerMode"]) == ("other", "NotInAuto")


def test_reading_ext_name(flow: Flow) -> None:
    flow.read(ext_name="dot")
    flow.add(text=topology({"A": {**SHOTS["Act-Shot"], "OutputFile": ref("{FileName}{ExtName}.jpg")}}))
    flow.upload("videos/x.mp4")
    flow.runs()
    assert flow.emulator.http.get("/frames/frames/x.mp4.jpg").status_code == 200


def test_reading_ended_run(flow: Flow) -> None:
    flow.read(ended_run="success")
    flow.add()
    flow.upload("videos/x.mp4", b"")
    assert flow.runs()[0]["State"] == "Success"


def test_reading_paused_pipeline(flow: Flow) -> None:
    flow.read(paused_pipeline="fails")
    flow.emulator.request("PUT", f"/pipelines/{DEFAULT_PIPELINE}", {"state": "Paused"})
    flow.add()
    flow.upload("videos/x.mp4")
    assert failure(flow.runs()[0])[0] == f"{BAD}.InvalidState"


def test_reading_pipeline_quota(flow: Flow) -> None:
    flow.read(pipeline_quota="one")
    assert refused(flow.mps.call("AddPipeline", Name="p"))[1] == "PermissionDenied.ResourceQuotaExceed"


def test_reading_change_while_active(flow: Flow) -> None:
    flow.read(change_while_active="accepted")
    workflow = flow.add()
    flow.call("UpdateMediaWorkflow", MediaWorkflowId=workflow, Topology=topology())
    flow.call("UpdateMediaWorkflowTriggerMode", MediaWorkflowId=workflow, TriggerMode="NotInAuto")


def test_reading_delete_while_active(flow: Flow) -> None:
    flow.read(delete_while_active="refused")
    workflow = flow.add()
    deletion = flow.mps.call("DeleteMediaWorkflow", MediaWorkflowId=workflow)
    assert refused(deletion) == (400, f"{BAD}.InvalidState")


def test_reading_deleted_workflow(flow: Flow) -> None:
    flow.read(deleted_workflow="absent")
    workflow = flow.add()
    flow.call("DeleteMediaWorkflow", MediaWorkflowId=workflow)
    answer = flow.call("QueryMediaWorkflowList", MediaWorkflowIds=workflow)
    assert answer["NonExistMediaWorkflowIds"] == {"MediaWorkflowId": [workflow]}
    assert flow.call("SearchMediaWorkflow")["TotalCount"] == 0


def test_reading_same_name(flow: Flow) -> None:
    flow.read(same_name="accepted")
    assert flow.add() != flow.add()


def test_reading_omitted_notify(flow: Flow) -> None:
    flow.read(omitted_notify="cleared")
    made = flow.call("AddPipeline", Name="p", NotifyConfig={"Topic": "t"})["Pipeline"]
    changed = flow.call("UpdatePipeline", PipelineId=made["Id"], Name="p", State="Active")["Pipeline"]
    assert (made["NotifyConfig"], changed["NotifyConfig"]) == ({"Topic": "t"}, {})


def test_reading_workflow_jobs(flow: Flow) -> None:
    flow.read(workflow_jobs="hidden")
    flow.add()
    flow.upload("videos/x.mp4")
    job = flow.runs()[0]["ActivityList"]["Activity"][1]["JobId"]
    assert flow.mps.query()["SnapshotJobList"] == {"SnapshotJob": []}
    assert flow.mps.job(job)["State"] == "Success"


def test_reading_topology_echo(flow: Flow) -> None:
    flow.read(topology_echo="as-sent")
    text = json.dumps(plain_topology(), indent=1)
    flow.add(text=text)
    assert flow.call("SearchMediaWorkflow")["MediaWorkflowList"]["MediaWorkflow"][0]["Topology"] == text
    flow.upload("videos/x.mp4")
    assert flow.runs()[0]["State"] == "Completed"


def test_reading_unbound_bucket(flow: Flow) -> None:
    flow.call("UnbindInputBucket", Bucket="media")
    flow.add()
    flow.upload("videos/x.mp4")
    assert flow.runs() == []
    flow.read(unbound_bucket="refused")
    addition = flow.mps.call("AddMediaWorkflow", Name="w2", Topology=topology())
    assert refused(addition) == (403, "PermissionDenied.ResourceAccess")


def test_every_reading_is_tried_named_and_forgotten_by_a_reset(emulator: Emulator) -> None:
    shown = emulator.show("/readings")
    tried = {name[13:].replace("_", "-") for name in globals() if name.startswith("test_reading_")}
    assert tried == set(shown["values"]) - {"extensions"}, "which test_what_triggers tries"
    assert {name: values[0] for name, values in shown["values"].items()} == shown["readings"]
    emulator.request("PUT", "/readings", {"same-name": "accepted"})
    assert emulator.request("PUT", "/readings", {"same-name": "maybe"}, status=400)["field"] == "same-name"
    assert emulator.show("/readings")["readings"]["same-name"] == "accepted"
    emulator.reset()
    assert emulator.show("/readings") == shown
    text = " ".join(one["choice"] for one in emulator.show("/assumptions")["assumptions"])
    assert [
        n for n, values in shown["values"].items() if f"reading {n}={values[1]}" not in text.lower()
    ] == []
