"""What SubmitSnapshotJob takes and refuses, with the vendor's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.mps_client import INPUT, LOCATION, SEQUENCE, SINGLE, Json, Mps, ref, refused

BAD = "InvalidParameter"
FILE = "SnapshotConfig:OutputFile"
TILED = {**SEQUENCE, "TileOutputFile": ref("sheet_{TileCount}.jpg"), "TileOut": {}}


def without(config: Json, *names: str) -> Json:
    return {name: value for name, value in config.items() if name not in names}


CONFIGS: list[tuple[Json, str, str]] = [
    (without(SEQUENCE, "OutputFile"), "NullValue", "SnapshotConfig:OutputFile"),
    (without(SEQUENCE, "Time"), "NullValue", "SnapshotConfig:Time"),
    ({**SEQUENCE, "Time": ""}, "EmptyValue", "SnapshotConfig:Time"),
    ({**SEQUENCE, "Time": -1}, "OutOfRange", "SnapshotConfig:Time"),
    ({**SEQUENCE, "Time": "2.5"}, "NumberFormatInvalid", "SnapshotConfig:Time"),
    ({**SEQUENCE, "Time": True}, "NumberFormatInvalid", "SnapshotConfig:Time"),
    ({**SEQUENCE, "Interval": -1}, "OutOfRange", "SnapshotConfig:Interval"),
    ({**SEQUENCE, "Num": 0}, "OutOfRange", "SnapshotConfig:Num"),
    ({**SEQUENCE, "Width": 7}, "OutOfRange", "SnapshotConfig:Width"),
    ({**SEQUENCE, "Height": 4097}, "OutOfRange", "SnapshotConfig:Height"),
    ({**SEQUENCE, "FrameType": "Normal"}, "NotSupported", "SnapshotConfig:FrameType"),
    ({**SEQUENCE, "Format": "srt"}, "NotSupported", "SnapshotConfig:Format"),
    ({**SEQUENCE, "BlackLevel": 29}, "OutOfRange", "SnapshotConfig:BlackLevel"),
    ({**SEQUENCE, "PixelBlackThreshold": 256}, "OutOfRange", "SnapshotConfig:PixelBlackThreshold"),
    ({**SEQUENCE, "OutputFile": "x"}, "JsonFormatInvalid", FILE),
    ({**SEQUENCE, "OutputFile": []}, "JsonObjectFormatInvalid", FILE),
    ({**SEQUENCE, "OutputFile": {}}, "NullValue", f"{FILE}:Bucket"),
    ({**SEQUENCE, "OutputFile": ref("")}, "EmptyValue", f"{FILE}:Object"),
    ({**SEQUENCE, "OutputFile": ref("{Count}.jpg", "Frames")}, "BucketNameInvalid", f"{FILE}:Bucket"),
    ({**SEQUENCE, "OutputFile": ref("{Count}.jpg", Location="moon")}, "LocationInvalid", f"{FILE}:Location"),
    (
        {**SEQUENCE, "OutputFile": ref("{Count}.jpg", Location="oss-cn-beijing")},
        "LocationInvalid",
        f"{FILE}:Location",
    ),
    ({**SEQUENCE, "OutputFile": ref("/{Count}.jpg")}, "ObjectKeyInvalid", f"{FILE}:Object"),
    ({**SEQUENCE, "OutputFile": ref("%5C{Count}.jpg")}, "ObjectKeyInvalid", f"{FILE}:Object"),
    ({**SEQUENCE, "OutputFile": ref("%ff{Count}.jpg")}, "ObjectKeyInvalid", f"{FILE}:Object"),
    ({**SEQUENCE, "OutputFile": ref("{Count}" + "x" * 1024)}, "ObjectKeyInvalid", f"{FILE}:Object"),
    ({**SEQUENCE, "OutputFile": ref(7)}, "", f"{FILE}:Object"),  # type: ignore[arg-type]
    ({**SEQUENCE, "OutputFile": ref("shot.jpg")}, "ResourceContentBad", f"{FILE}:Object"),
    ({**without(SEQUENCE, "Num"), "OutputFile": ref("shot.jpg")}, "ResourceContentBad", f"{FILE}:Object"),
    ({**SEQUENCE, "Format": "vtt"}, "ResourceContentBad", f"{FILE}:Object"),
    (without(TILED, "TileOutputFile"), "NullValue", "SnapshotConfig:TileOutputFile"),
    (
        {**TILED, "TileOutputFile": ref("sheet.jpg")},
        "ResourceContentBad",
        "SnapshotConfig:TileOutputFile:Object",
    ),
    ({**TILED, "TileOut": {"Lines": 0}}, "OutOfRange", "SnapshotConfig:TileOut:Lines"),
    ({**TILED, "TileOut": {"Columns": "ten"}}, "NumberFormatInvalid", "SnapshotConfig:TileOut:Columns"),
    ({**TILED, "TileOut": {"IsKeepCellPic": "maybe"}}, "", "SnapshotConfig:TileOut:IsKeepCellPic"),
    ({**TILED, "TileOut": {"Color": "rgb(1)"}}, "", "SnapshotConfig:TileOut:Color"),
    ({**TILED, "TileOut": []}, "JsonObjectFormatInvalid", "SnapshotConfig:TileOut"),
    (
        {**SEQUENCE, "TimeArray": {"TimePointList": 5}},
        "JsonArrayFormatInvalid",
        "SnapshotConfig:TimeArray:TimePointList",
    ),
    (
        {**SEQUENCE, "TimeArray": {"TimePointList": [5, -1]}},
        "OutOfRange",
        "SnapshotConfig:TimeArray:TimePointList",
    ),
]


@pytest.mark.parametrize(("config", "code", "path"), CONFIGS, ids=[f"{c[1]} {c[2]}" for c in CONFIGS])
def test_bad_settings_are_named(mps: Mps, config: Json, code: str, path: str) -> None:
    answer = mps.submit(config)
    assert refused(answer) == (400, ".".join(filter(None, (BAD, code))))
    assert f'"{path}"' in answer.json()["Message"]
    assert mps.emulator.show("/jobs")["jobs"] == []


@pytest.mark.parametrize(
    ("own", "expected", "about"),
    [
        ({"Input": ""}, f"{BAD}.EmptyValue", '"Input"'),
        ({"Input": "{"}, f"{BAD}.JsonFormatInvalid", '"Input"'),
        ({"Input": "[" * 100_000}, f"{BAD}.JsonFormatInvalid", '"Input"'),
        ({"Input": "[]"}, f"{BAD}.JsonObjectFormatInvalid", '"Input"'),
        ({"Input": without(INPUT, "Object")}, f"{BAD}.NullValue", '"Input:Object"'),
        ({"Input": {**INPUT, "Bucket": "no"}}, f"{BAD}.BucketNameInvalid", '"Input:Bucket"'),
        ({"SnapshotConfig": "1"}, f"{BAD}.JsonObjectFormatInvalid", '"SnapshotConfig"'),
        ({"UserData": "a_b"}, f"{BAD}.Format", '"UserData"'),
        ({"UserData": "-a"}, f"{BAD}.Format", '"UserData"'),
        ({"UserData": "图" * 342}, f"{BAD}.OutOfRange", '"UserData"'),
        ({"PipelineId": "xxx"}, f"{BAD}.UUIDFormatInvalid", '"PipelineId"'),
    ],
)
def test_bad_parameters_are_named(mps: Mps, own: Json, expected: str, about: str) -> None:
    parameters = {"Input": INPUT, "SnapshotConfig": SEQUENCE, **own}
    # In a form, for some of it is too long for a URL.
    answer = mps.call("SubmitSnapshotJob", form=True, **parameters)
    assert refused(answer) == (400, expected)
    assert about in answer.json()["Message"]


@pytest.mark.parametrize("name", ["Input", "SnapshotConfig"])
def test_required_parameters_are_the_gateways_matter(mps: Mps, name: str) -> None:
    own = without({"Input": INPUT, "SnapshotConfig": SEQUENCE}, name)
    answer = mps.call("SubmitSnapshotJob", **own)
    assert refused(answer) == (400, f"Missing{name}")
    assert answer.json()["Message"] == f"{name} is mandatory for this action."


def test_an_unknown_pipeline_is_not_found(mps: Mps) -> None:
    answer = mps.submit(PipelineId="f" * 32)
    assert refused(answer) == (404, f"{BAD}.ResourceNotFound")
    assert answer.json()["Message"] == 'The resource operated "PipelineId" cannot be found.'


NUMBERS = {"Time": 2000, "Interval": 2, "Num": 2, "Width": 64}


@pytest.mark.parametrize(
    "config",
    [
        {"OutputFile": ref("a{Count}.jpg"), **NUMBERS},
        {"OutputFile": ref("a%7BCount%7D.jpg"), **{name: str(value) for name, value in NUMBERS.items()}},
        {"OutputFile": json.dumps(ref("a{Count}.jpg")), **NUMBERS, "Height": "", "TileOut": None},
    ],
    ids=["numbers", "texts", "JSON inside JSON"],
)
@pytest.mark.parametrize("parts", [{"method": "GET"}, {"method": "POST"}, {"form": True}], ids=str)
def test_all_official_spellings_are_taken(mps: Mps, config: Json, parts: Json) -> None:
    job = mps.submitted(config, **parts)
    assert job["SnapshotConfig"] == {
        **{name: str(value) for name, value in NUMBERS.items()},
        "OutputFile": ref("a%7BCount%7D.jpg" if config["Time"] == "2000" else "a{Count}.jpg"),
    }
    mps.emulator.advance(1)
    keys = [one["key"] for one in mps.emulator.show(f"/jobs/{job['Id']}")["objects"]]
    assert keys == ["a00001.jpg", "a00002.jpg"]


def test_names_are_decoded_but_repeated_as_they_came(mps: Mps) -> None:
    name = "%E6%88%AA%E5%9B%BE%2Fa%20b%2B+{Count}.jpg"
    job = mps.submitted({**SEQUENCE, "OutputFile": ref(name)})
    assert job["SnapshotConfig"]["OutputFile"]["Object"] == name
    mps.emulator.advance(1)
    view = mps.emulator.show(f"/jobs/{job['Id']}")
    assert view["objects"][0]["key"] == "截图/a b++00001.jpg"
    assert mps.emulator.http.get(view["objects"][0]["url"]).status_code == 200


def test_what_is_not_in_the_response_model_is_not_repeated(mps: Mps) -> None:
    more: Json = {
        "Format": "VTT",
        "SubOut": {"IsSptFrag": "true"},
        "BlackLevel": 60,
        "PixelBlackThreshold": 70,
        "FrameType": "normal",
        "OutputFile": ref("v.vtt"),
        "TileOutputFile": ref("v_{TileCount}.jpg"),
        "TileOut": {"Lines": 2, "Columns": "2", "IsKeepCellPic": False, "Nonsense": 1},
    }
    told = mps.submitted({**SEQUENCE, **more})["SnapshotConfig"]
    assert set(told) == {*NUMBERS, "FrameType", "OutputFile", "TileOutputFile", "TileOut"}
    assert told["TileOut"] == {"Lines": "2", "Columns": "2", "IsKeepCellPic": "false"}


def test_time_points(mps: Mps) -> None:
    config: Json = {
        "OutputFile": ref("p{Count}.jpg"),
        "TimeArray": {"TimePointList": ["0", 4000]},
        "Width": 64,
    }
    job = mps.submitted(config)
    assert job["SnapshotConfig"]["TimeArray"] == {"TimePointList": [0, 4000]}
    mps.emulator.advance(1)
    objects = mps.emulator.show(f"/jobs/{job['Id']}")["objects"]
    assert [one["sourceMs"] for one in objects] == [0, 4000]


def test_xml_answers_repeat_the_elements_of_a_list(mps: Mps) -> None:
    for name in ("a", "b<&"):
        mps.submitted({**SEQUENCE, "OutputFile": ref(f"{name}{{Count}}.jpg")})
    text = mps.call("QuerySnapshotJobList", common={"Format": "XML"}).text
    assert text.count("<SnapshotJob>") == 2
    assert "<SnapshotJobList><SnapshotJob>" in text
    assert "<Object>b&lt;&amp;{Count}.jpg</Object>" in text
    assert f"<Location>{LOCATION}</Location>" in text


def test_a_synchronous_job_needs_no_placeholder(mps: Mps) -> None:
    answer: Any = mps.submitted(SINGLE)
    assert answer["State"] == "Success"
