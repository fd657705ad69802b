"""A job's life on the emulated clock, and how it is found again."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image

from support.emulator_client import Emulator
from support.mps_client import DEFAULT_PIPELINE, INPUT, SEQUENCE, SINGLE, Json, Mps, ref, refused
from videosnap_emulator import strip

NOT_FOUND = "InvalidParameter.ResourceNotFound"
UNKNOWN = "0123456789abcdef0123456789abcdef"


def pace(emulator: Emulator, **seconds: float) -> Json:
    return dict(
        emulator.send("PUT", "/jobs/pace", {f"{name}Seconds": value for name, value in seconds.items()})
    )


def state(mps: Mps, job: Json) -> str:
    return str(mps.job(job["Id"])["State"])


def test_from_submitted_to_success(mps: Mps) -> None:
    emulator = mps.emulator
    job = mps.submitted(UserData="token-图1")
    assert re.fullmatch(r"[0-9a-f]{32}", job["Id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", job["CreationTime"])
    assert set(job) == {"Id", "State", "CreationTime", "UserData", "Input", "SnapshotConfig"}
    assert (job["State"], job["UserData"], job["Input"]) == ("Submitted", "token-图1", INPUT)
    emulator.advance(0.499)
    assert state(mps, job) == "Submitted"
    emulator.advance(0.001)
    assert state(mps, job) == "Snapshoting"
    emulator.advance(0.499)
    assert state(mps, job) == "Snapshoting"
    assert emulator.show(f"/jobs/{job['Id']}")["objects"] == []
    emulator.advance(0.001)
    done = mps.job(job["Id"])
    assert (done["State"], done["Count"], "TileCount" in done, "Code" in done) == (
        "Success",
        "2",
        False,
        False,
    )


def test_the_pictures_show_the_frames_that_were_asked_for(mps: Mps) -> None:
    emulator = mps.emulator
    job = mps.submitted({**SEQUENCE, "Width": 320})
    emulator.advance(1)
    view = emulator.show(f"/jobs/{job['Id']}")
    assert [one["sourceMs"] for one in view["objects"]] == [2000, 4000]
    for one, number in zip(view["objects"], (50, 100), strict=True):
        answer = emulator.http.get(one["url"])
        image = Image.open(io.BytesIO(answer.content))
        assert strip.read_frame_number(image) == number == one["sourceFrame"]
        assert (image.width, image.height, len(answer.content)) == (one["width"], one["height"], one["size"])
        assert answer.headers["x-meta-source-ms"] == str(one["sourceMs"])
        assert answer.headers["x-meta-source-frame"] == str(number)
        assert answer.headers["x-meta-source-video"] == "input.mp4"
        assert answer.headers["x-meta-captured-at"] == view["endTime"]


def test_a_synchronous_job_is_done_when_the_call_returns(mps: Mps) -> None:
    job = mps.submitted(SINGLE)
    assert (job["State"], job["Count"]) == ("Success", "1")
    view = mps.emulator.show(f"/jobs/{job['Id']}")
    assert [one["key"] for one in view["objects"]] == ["single.jpg"]
    assert view["asynchronous"] is False
    assert mps.job(job["Id"]) == job


def test_num_makes_a_single_shot_asynchronous(mps: Mps) -> None:
    assert mps.submitted({**SINGLE, "Num": 1})["State"] == "Submitted"


@pytest.mark.parametrize(
    ("config", "source", "expected"),
    [
        (SINGLE, ref("nothing.mp4", "media"), (404, NOT_FOUND)),
        (SINGLE, ref("input.mp4", "nowhere"), (404, NOT_FOUND)),
        ({**SINGLE, "OutputFile": ref("a.jpg", "nowhere")}, INPUT, (404, NOT_FOUND)),
        (
            {**SINGLE, "FrameType": "normal", "Time": 12_000},
            INPUT,
            (400, "InvalidParameter.ResourceContentBad"),
        ),
    ],
)
def test_a_synchronous_job_that_fails_is_refused(
    mps: Mps, config: Json, source: Json, expected: tuple[int, str]
) -> None:
    assert refused(mps.submit(config, source)) == expected
    assert mps.emulator.show("/jobs")["jobs"] == []


@pytest.mark.parametrize(
    ("config", "source", "code", "message"),
    [
        (
            SEQUENCE,
            ref("nothing.mp4", "media"),
            NOT_FOUND,
            'The resource operated "InputFile" cannot be found.',
        ),
        (
            {**SEQUENCE, "OutputFile": ref("{Count}.jpg", "nowhere")},
            INPUT,
            NOT_FOUND,
            'The resource operated "OutputFile" cannot be found.',
        ),
        (
            {**SEQUENCE, "TileOut": {}, "TileOutputFile": ref("{TileCount}.jpg", "nowhere")},
            INPUT,
            NOT_FOUND,
            'The resource operated "TileOutputFile" cannot be found.',
        ),
        (
            {**SEQUENCE, "Time": 12_000},
            INPUT,
            "InvalidParameter.ResourceContentBad",
            "The resource operated InputFile is bad",
        ),
    ],
)
def test_an_asynchronous_job_fails_later(
    mps: Mps, config: Json, source: Json, code: str, message: str
) -> None:
    job = mps.submit(config, source).json()["SnapshotJob"]
    mps.emulator.advance(1)
    done = mps.job(job["Id"])
    assert (done["State"], done["Code"], done["Message"]) == ("Fail", code, message)
    assert "Count" not in done


def test_the_input_is_read_when_the_job_begins(mps: Mps) -> None:
    job = mps.submitted()
    mps.emulator.advance(0.5)
    store(mps.emulator).delete_object(Bucket="media", Key="input.mp4")
    mps.emulator.advance(0.5)
    assert state(mps, job) == "Success"


def store(emulator: Emulator) -> Any:
    from support.store_support import client  # noqa: PLC0415

    port = int(emulator.env["ALIBABA_CLOUD_OSS_ENDPOINT"].rpartition(":")[2])
    names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
    access, secret = (emulator.env[name] for name in names)
    return client(port, access=access, secret=secret)


def test_the_store_takes_both_key_pairs_and_no_mixture(mps: Mps) -> None:
    from support.store_support import client, code_of  # noqa: PLC0415

    env = mps.emulator.env
    assert env["ALIBABA_CLOUD_OSS_ENDPOINT"] == env["VOLCENGINE_TOS_ENDPOINT"]
    port = int(env["VOLCENGINE_TOS_ENDPOINT"].rpartition(":")[2])
    pairs = [
        (env["VOLCENGINE_ACCESS_KEY"], env["VOLCENGINE_SECRET_KEY"]),
        (env["ALIBABA_CLOUD_ACCESS_KEY_ID"], env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]),
    ]
    for access, secret in pairs:
        listed = client(port, access=access, secret=secret).list_objects_v2(Bucket="media")
        assert [one["Key"] for one in listed["Contents"]] == ["input.mp4"]
    mixed = client(port, access=pairs[0][0], secret=pairs[1][1])
    assert code_of(mixed.list_objects_v2, Bucket="media") == (403, "SignatureDoesNotMatch")
    nobody = client(port, access="LTAInobody", secret=pairs[1][1])
    assert code_of(nobody.list_objects_v2, Bucket="media") == (403, "InvalidAccessKeyId")


def test_the_pace_of_jobs(mps: Mps) -> None:
    emulator = mps.emulator
    assert emulator.show("/jobs/pace") == {"queuedSeconds": 0.5, "runningSeconds": 0.5, "syncSeconds": 0.2}
    assert pace(emulator, queued=10, running=20)["syncSeconds"] == 0.2
    job = mps.submitted()
    emulator.advance(10)
    assert state(mps, job) == "Snapshoting"
    emulator.advance(20)
    assert state(mps, job) == "Success"
    pace(emulator, queued=0, running=0)
    assert state(mps, mps.submitted()) == "Success"
    for name, value in (("queuedSeconds", -1), ("queued", 1), ("runningSeconds", True)):
        assert emulator.send("PUT", "/jobs/pace", {name: value}, status=400)["field"] == name


def test_a_synchronous_job_may_take_five_seconds(mps: Mps) -> None:
    pace(mps.emulator, sync=5)
    assert mps.submitted(SINGLE)["State"] == "Success"
    pace(mps.emulator, sync=5.001)
    answer = mps.submit(SINGLE)
    assert refused(answer) == (400, "SnapshotTimeOut")
    assert answer.json()["Message"] == "Snapshot times out."
    assert mps.submitted()["State"] == "Submitted"


def test_jobs_do_not_wait_for_one_another(mps: Mps) -> None:
    jobs = [mps.submitted({**SEQUENCE, "OutputFile": ref(f"{n}-{{Count}}.jpg")}) for n in range(5)]
    mps.emulator.advance(1)
    assert {state(mps, job) for job in jobs} == {"Success"}


def test_any_split_of_time_ends_the_same(mps: Mps) -> None:
    def outcome(steps: list[float]) -> list[Json]:
        mps.emulator.send("POST", "/reset")
        pace(mps.emulator, queued=3, running=4)
        for name in ("a", "b"):
            mps.submitted({**SEQUENCE, "OutputFile": ref(f"{name}{{Count}}.jpg")})
        begun = mps.emulator.show("/jobs")["jobs"]
        for step in steps:
            mps.emulator.advance(step)
        jobs: list[Json] = mps.emulator.show("/jobs")["jobs"]
        assert [job["startDue"] is not None for job in begun] == [True, True]
        return [{"state": job["state"], "objects": job["objects"]} for job in jobs]

    assert outcome([3600]) == outcome([1, 2.5, 0.5, 0.999, 2, 0.001, 3593])


def test_by_ids(mps: Mps) -> None:
    jobs = [mps.submitted() for _ in range(3)]
    ids = [job["Id"] for job in jobs]
    told = mps.query(SnapshotJobIds=",".join([ids[0], UNKNOWN, ids[2], "f" * 32, ids[0]]), State="Fail")
    assert [job["Id"] for job in told["SnapshotJobList"]["SnapshotJob"]] == [ids[2], ids[0]]
    assert told["NonExistSnapshotJobIds"] == {"String": [UNKNOWN, "f" * 32]}
    assert "NonExistSnapshotJobIds" not in mps.query(SnapshotJobIds=ids[1])
    assert mps.query(SnapshotJobIds=UNKNOWN)["SnapshotJobList"] == {"SnapshotJob": []}
    many = ",".join(f"{n:032x}" for n in range(11))
    assert refused(mps.call("QuerySnapshotJobList", SnapshotJobIds=many)) == (
        400,
        "InvalidParameter.OutOfRange",
    )
    bad = mps.call("QuerySnapshotJobList", SnapshotJobIds="nonsense")
    assert refused(bad) == (400, "InvalidParameter.UUIDFormatInvalid")


def listed(told: Json) -> list[str]:
    return [job["Id"] for job in told["SnapshotJobList"]["SnapshotJob"]]


def test_pages_stay_put_while_jobs_are_submitted(mps: Mps) -> None:
    ids = [mps.submitted()["Id"] for _ in range(5)]
    first = mps.query(MaximumPageSize=2)
    assert listed(first) == [ids[4], ids[3]]
    token = first["NextPageToken"]
    assert re.fullmatch(r"[0-9a-z]{32}", token)
    mps.submitted()
    second = mps.query(MaximumPageSize=2, NextPageToken=token)
    again = mps.query(MaximumPageSize=2, NextPageToken=token)
    assert listed(second) == listed(again) == [ids[2], ids[1]]
    assert len({token, second["NextPageToken"], again["NextPageToken"]}) == 3
    last = mps.query(MaximumPageSize=2, NextPageToken=second["NextPageToken"])
    assert (listed(last), "NextPageToken" in last) == ([ids[0]], False)
    assert len(listed(mps.query())) == 6
    assert "NextPageToken" not in mps.query(MaximumPageSize=6)


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"MaximumPageSize": 0}, "OutOfRange"),
        ({"MaximumPageSize": 301}, "OutOfRange"),
        ({"MaximumPageSize": "x"}, "NumberFormatInvalid"),
        ({"NextPageToken": "0" * 32}, ""),
        ({"State": "Running"}, ""),
        ({"PipelineId": "p"}, "UUIDFormatInvalid"),
        ({"StartOfJobCreatedTimeRange": "2024-01-01"}, "Format"),
        ({"EndOfJobCreatedTimeRange": "2024-13-01T00:00:00Z"}, "Format"),
    ],
)
def test_bad_listings(mps: Mps, own: Json, code: str) -> None:
    expected = ".".join(filter(None, ("InvalidParameter", code)))
    assert refused(mps.call("QuerySnapshotJobList", **own)) == (400, expected)


def test_filters(mps: Mps) -> None:
    emulator = mps.emulator
    old = mps.submitted(PipelineId=DEFAULT_PIPELINE)
    emulator.advance(60)
    new = mps.submitted()
    ids = [new["Id"], old["Id"]]
    assert listed(mps.query(State="Success")) == [old["Id"]]
    assert listed(mps.query(State="Submitted")) == [new["Id"]]
    assert listed(mps.query(State="All")) == ids
    assert listed(mps.query(PipelineId=DEFAULT_PIPELINE)) == [old["Id"]]
    for job in (old, new):
        at = job["CreationTime"]
        both = {"StartOfJobCreatedTimeRange": at, "EndOfJobCreatedTimeRange": at}
        assert listed(mps.query(**both)) == [job["Id"]], "both ends count"
    assert listed(mps.query(StartOfJobCreatedTimeRange=new["CreationTime"])) == [new["Id"]]
    assert listed(mps.query(EndOfJobCreatedTimeRange=old["CreationTime"])) == [old["Id"]]


def test_a_page_with_filters_has_only_what_they_want(mps: Mps) -> None:
    wanted = []
    for number in range(6):
        own: Json = {"PipelineId": DEFAULT_PIPELINE} if number % 2 else {}
        job = mps.submitted(**own)
        wanted += [job["Id"]] if number % 2 else []
    told, seen = mps.query(PipelineId=DEFAULT_PIPELINE, MaximumPageSize=1), []
    seen += listed(told)
    while "NextPageToken" in told:
        told = mps.query(PipelineId=DEFAULT_PIPELINE, MaximumPageSize=1, NextPageToken=told["NextPageToken"])
        seen += listed(told)
    assert seen == wanted[::-1]


def test_a_snapshot_job_cannot_be_cancelled(mps: Mps) -> None:
    job = mps.submitted()
    assert refused(mps.call("CancelJob", JobId=job["Id"])) == (404, NOT_FOUND)
    assert refused(mps.call("CancelJob")) == (400, "MissingJobId")
    assert state(mps, job) == "Submitted"
