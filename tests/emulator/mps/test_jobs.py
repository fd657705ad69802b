"""A job's life on the emulated clock, how it is found again, and pipelines."""

import io
import re

import pytest
from PIL import Image

from support.data import load
from support.jobs import store_of
from support.mps_client import DEFAULT_PIPELINE, INPUT, ROLE, SEQUENCE, SINGLE, Json, Mps, found, ref, refused
from support.store_support import client_of, code_of
from videosnap_emulator.media import frame_marker

NOT_FOUND, CONTENT_BAD = "InvalidParameter.ResourceNotFound", "InvalidParameter.ResourceContentBad"
UNKNOWN, MINE = "0123456789abcdef" * 2, "ab" * 16
PIPELINE = f"/pipelines/{MINE}"
NOWHERE = ref("{Count}{TileCount}.jpg", "nowhere")


def states(mps: Mps, *jobs: Json) -> list[str]:
    return [mps.job(job["Id"])["State"] for job in jobs]


def test_from_submitted_to_success(mps: Mps) -> None:
    job = mps.submitted(UserData="token-图1")
    assert re.fullmatch(r"[0-9a-f]{32}", job["Id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", job["CreationTime"])
    assert set(job) == {"Id", "State", "CreationTime", "UserData", "Input", "SnapshotConfig"}
    assert (job["State"], job["UserData"]) == ("Submitted", "token-图1")
    assert job["Input"] == {**INPUT, "RoleArn": ROLE}
    for seconds, state in ((0.499, "Submitted"), (0.001, "Snapshoting"), (0.499, "Snapshoting")):
        mps.emulator.advance(seconds)
        assert states(mps, job) == [state]
    assert mps.view(job)["objects"] == []
    mps.emulator.advance(0.001)
    done = mps.job(job["Id"])
    assert (done["State"], done["Count"]) == ("Success", "2")
    assert not {"TileCount", "Code"} & set(done)


def test_the_objects_show_the_frames_that_were_asked_for(mps: Mps) -> None:
    job = mps.submitted({**SEQUENCE, "Width": 320})
    mps.emulator.advance(1)
    view = mps.view(job)
    assert [one["sourceMs"] for one in view["objects"]] == [2000, 4000]
    for one, number in zip(view["objects"], (50, 100), strict=True):
        answer = mps.emulator.http.get(one["url"])
        image = Image.open(io.BytesIO(answer.content))
        assert frame_marker.read_frame_number(image) == number == one["sourceFrame"]
        assert (image.width, image.height, len(answer.content)) == (one["width"], one["height"], one["size"])
        wanted = {"source-video": "input.mp4", "captured-at": view["endTime"], "source-frame": str(number)}
        wanted["source-ms"] = str(one["sourceMs"])
        assert {name: answer.headers[f"x-meta-{name}"] for name in wanted} == wanted


def test_a_synchronous_job_is_done_when_the_call_returns(mps: Mps) -> None:
    job = mps.submitted(SINGLE)
    assert (job["State"], job["Count"]) == ("Success", "1")
    view = mps.view(job)
    assert ([one["key"] for one in view["objects"]], view["asynchronous"]) == (["single.jpg"], False)
    assert mps.job(job["Id"]) == job
    assert mps.submitted({**SINGLE, "Num": 1})["State"] == "Submitted", "Num makes it asynchronous"


LATE, TILED = {"Time": 12_000, "FrameType": "normal"}, {"TileOut": {}, "TileOutputFile": NOWHERE}
FAILURES: list[tuple[Json, Json, tuple[int, str], str]] = [
    ({}, ref("nothing.mp4", "media"), (404, NOT_FOUND), 'operated "InputFile" cannot be found.'),
    ({}, ref("input.mp4", "nowhere"), (404, NOT_FOUND), 'operated "InputFile" cannot be found.'),
    ({"OutputFile": NOWHERE}, INPUT, (404, NOT_FOUND), 'operated "OutputFile" cannot be found.'),
    (LATE, INPUT, (400, CONTENT_BAD), "operated InputFile is bad"),
    (TILED, INPUT, (404, NOT_FOUND), 'operated "TileOutputFile" cannot be found.'),
]


@pytest.mark.parametrize(("changes", "source", "refusal", "message"), FAILURES)
def test_a_synchronous_job_that_fails_is_refused_and_an_asynchronous_one_fails_later(
    mps: Mps, changes: Json, source: Json, refusal: tuple[int, str], message: str
) -> None:
    if "TileOut" not in changes:
        assert refused(mps.submit({**SINGLE, **changes}, source)) == refusal
        assert mps.emulator.show("/jobs")["jobs"] == []
    job = mps.submit({**SEQUENCE, **changes}, source).json()["SnapshotJob"]
    mps.emulator.advance(1)
    done = mps.job(job["Id"])
    assert (done["State"], done["Code"], done["Message"]) == ("Fail", refusal[1], f"The resource {message}")
    assert "Count" not in done


def test_the_input_is_read_when_the_job_begins(mps: Mps) -> None:
    job = mps.submitted()
    mps.emulator.advance(0.5)
    store_of(mps.emulator.environment).delete_object(Bucket="media", Key="input.mp4")
    mps.emulator.advance(0.5)
    assert states(mps, job) == ["Success"]


def test_the_storage_accepts_the_keys_of_every_service(mps: Mps) -> None:
    env = mps.emulator.environment
    assert env["ALIBABA_CLOUD_OSS_ENDPOINT"] == env["VOLCENGINE_TOS_ENDPOINT"]
    for store in (store_of(env), client_of(env)):
        assert [one["Key"] for one in store.list_objects_v2(Bucket="media")["Contents"]] == ["input.mp4"]
    unknown = client_of(env, access="LTAInobody").list_objects_v2
    assert code_of(unknown, Bucket="media") == (403, "InvalidAccessKeyId")


def test_the_pace_of_jobs(mps: Mps) -> None:
    assert mps.pace() == {"queuedSeconds": 0.5, "runningSeconds": 0.5, "syncSeconds": 0.2}
    assert mps.pace(queued=10, running=20)["syncSeconds"] == 0.2
    job = mps.submitted()
    for seconds, state in ((10, "Snapshoting"), (20, "Success")):
        mps.emulator.advance(seconds)
        assert states(mps, job) == [state]
    mps.pace(queued=0, running=0)
    assert states(mps, mps.submitted()) == ["Success"]


def test_a_synchronous_job_may_take_five_seconds(mps: Mps) -> None:
    mps.pace(sync=5)
    assert mps.submitted(SINGLE)["State"] == "Success"
    mps.pace(sync=5.001)
    answer = mps.submit(SINGLE)
    assert refused(answer) == (400, "SnapshotTimeOut")
    assert answer.json()["Message"] == "Snapshot times out."
    assert mps.submitted()["State"] == "Submitted"


def test_any_split_of_time_ends_the_same_and_no_job_waits_for_another(mps: Mps) -> None:
    def outcome(steps: list[float]) -> list[Json]:
        mps.emulator.request("POST", "/reset")
        mps.pace(queued=3, running=4)
        for name in ("a", "b"):
            mps.submitted({**SEQUENCE, "OutputFile": ref(f"{name}{{Count}}.jpg")})
        assert all(job["startDue"] for job in mps.emulator.show("/jobs")["jobs"])
        for step in steps:
            mps.emulator.advance(step)
        jobs: list[Json] = mps.emulator.show("/jobs")["jobs"]
        return [{"state": job["state"], "objects": job["objects"]} for job in jobs]

    whole = outcome([7])
    assert [job["state"] for job in whole] == ["Success", "Success"]
    assert outcome([1, 2.5, 0.5, 0.999, 2, 0.001, 3593]) == whole


def listed(answer: Json) -> list[str]:
    return [job["Id"] for job in answer["SnapshotJobList"]["SnapshotJob"]]


def test_by_ids(mps: Mps) -> None:
    ids = [mps.submitted()["Id"] for _ in range(3)]
    answer = mps.query(SnapshotJobIds=",".join([ids[0], UNKNOWN, ids[2], "f" * 32, ids[0]]), State="Fail")
    assert listed(answer) == [ids[2], ids[0]]
    assert answer["NonExistSnapshotJobIds"] == {"String": [UNKNOWN, "f" * 32]}
    assert "NonExistSnapshotJobIds" not in mps.query(SnapshotJobIds=ids[1])
    assert mps.query(SnapshotJobIds=UNKNOWN)["SnapshotJobList"] == {"SnapshotJob": []}


def test_pages_stay_put_while_jobs_are_submitted(mps: Mps) -> None:
    ids = [mps.submitted()["Id"] for _ in range(5)]
    first = mps.query(MaximumPageSize=2)
    assert listed(first) == [ids[4], ids[3]]
    token = first["NextPageToken"]
    assert re.fullmatch(r"[0-9a-z]{32}", token)
    mps.submitted()
    second, again = (mps.query(MaximumPageSize=2, NextPageToken=token) for _ in range(2))
    assert listed(second) == listed(again) == [ids[2], ids[1]]
    assert len({token, second["NextPageToken"], again["NextPageToken"]}) == 3
    last = mps.query(MaximumPageSize=2, NextPageToken=second["NextPageToken"])
    assert (listed(last), "NextPageToken" in last) == ([ids[0]], False)
    assert len(listed(mps.query())) == 6
    assert "NextPageToken" not in mps.query(MaximumPageSize=6)


@pytest.mark.parametrize(("action", "own", "code"), load("mps/bad_listings.json"))
def test_bad_listings(mps: Mps, action: str, own: Json, code: str) -> None:
    expected = ".".join(filter(None, ("InvalidParameter", code)))
    assert refused(mps.call(action, **own)) == (400, expected)


def test_filters(mps: Mps) -> None:
    old = mps.submitted(PipelineId=DEFAULT_PIPELINE)
    mps.emulator.advance(60)
    new = mps.submitted()
    start, end = "StartOfJobCreatedTimeRange", "EndOfJobCreatedTimeRange"
    old_time, new_time = old["CreationTime"], new["CreationTime"]
    for own, jobs in (
        ({"State": "Success"}, [old]),
        ({"State": "Submitted"}, [new]),
        ({"State": "All"}, [new, old]),
        ({"PipelineId": DEFAULT_PIPELINE}, [old]),
        ({start: old_time, end: old_time}, [old]),
        ({start: new_time, end: new_time}, [new]),
        ({start: new_time}, [new]),
        ({end: old_time}, [old]),
    ):
        assert listed(mps.query(**own)) == [job["Id"] for job in jobs], own


def test_a_page_with_filters_has_only_what_they_want(mps: Mps) -> None:
    pipelines: list[Json] = [{"PipelineId": DEFAULT_PIPELINE}, {}] * 3
    wanted = [mps.submitted(**own)["Id"] for own in pipelines][::2]
    seen, token = list[str](), ""
    for _ in wanted:
        page = mps.query(PipelineId=DEFAULT_PIPELINE, MaximumPageSize=1, NextPageToken=token)
        seen, token = seen + listed(page), page.get("NextPageToken", "")
    assert (token, seen) == ("", wanted[::-1])


def test_a_snapshot_job_cannot_be_cancelled(mps: Mps) -> None:
    job = mps.submitted()
    assert refused(mps.call("CancelJob", JobId=job["Id"])) == (404, NOT_FOUND)
    assert refused(mps.call("CancelJob")) == (400, "MissingJobId")
    assert states(mps, job) == ["Submitted"]


def test_pipelines_are_listed(mps: Mps) -> None:
    answer = found(mps.call("SearchPipeline"))
    assert (answer["TotalCount"], answer["PageNumber"], answer["PageSize"]) == (1, 1, 10)
    pipeline = answer["PipelineList"]["Pipeline"][0]
    assert (pipeline["Id"], pipeline["State"], pipeline["Speed"]) == (DEFAULT_PIPELINE, "Active", "Standard")
    assert "CreationTime" in pipeline
    answer = found(mps.call("QueryPipelineList", PipelineIds=f"{MINE},{DEFAULT_PIPELINE}"))
    assert [one["Id"] for one in answer["PipelineList"]["Pipeline"]] == [DEFAULT_PIPELINE]
    assert answer["NonExistPids"] == {"String": [MINE]}
    assert refused(mps.call("QueryPipelineList")) == (400, "MissingPipelineIds")
    for number in range(3):
        body = {"name": f"p{number}", "state": "Paused"}
        mps.emulator.request("PUT", f"/pipelines/{number:032x}", body)
    for own, total, shown in (
        ({"PageSize": 3, "PageNumber": 1}, 4, 3),
        ({"PageSize": 3, "PageNumber": 2}, 4, 1),
        ({"PageSize": 3, "PageNumber": 3}, 4, 0),
        ({"State": "Paused"}, 3, 3),
        ({"State": "Active"}, 1, 1),
    ):
        answer = found(mps.call("SearchPipeline", **own))
        assert (answer["TotalCount"], len(answer["PipelineList"]["Pipeline"])) == (total, shown)


def test_pausing_a_pipeline_catches_what_waits_and_nothing_that_runs(mps: Mps) -> None:
    emulator = mps.emulator
    emulator.request("PUT", PIPELINE, {"notifyConfig": {"QueueName": "q"}})
    running = mps.submitted(PipelineId=MINE)
    emulator.advance(0.5)
    waiting, free = mps.submitted(PipelineId=MINE), mps.submitted(PipelineId=DEFAULT_PIPELINE)
    emulator.request("PUT", PIPELINE, {"state": "Paused"})
    held = mps.submitted(PipelineId=MINE)
    emulator.advance(3600)
    assert states(mps, running, waiting, held, free) == ["Success", "Submitted", "Submitted", "Success"]
    emulator.request("PUT", PIPELINE, {"state": "Active"})
    assert states(mps, held) == ["Submitted"]
    emulator.advance(1)
    done = mps.job(held["Id"])
    assert (done["State"], done["PipelineId"]) == ("Success", MINE)
    assert done["MNSMessageResult"] == {"MessageId": held["Id"].upper()}
    assert not {"MNSMessageResult"} & {*held, *mps.job(free["Id"])}, "not before the end, nor without a queue"
    emulator.request("PUT", PIPELINE, {"notifyConfig": {"Topic": "no topic"}})
    unsent = mps.submitted(SINGLE, PipelineId=MINE)["MNSMessageResult"]
    assert unsent == {"ErrorCode": "TopicNameInvalid", "ErrorMessage": "The Topic no topic is invalid."}
    emulator.request("PUT", PIPELINE, {"state": "Paused"})
    orphan = mps.submitted(PipelineId=MINE)
    emulator.request("DELETE", PIPELINE)
    emulator.advance(1)
    assert states(mps, orphan) == ["Success"]
