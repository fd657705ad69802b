"""What SubmitSnapshotJob accepts and refuses, with the vendor's codes."""

from __future__ import annotations

import json

import pytest

from support.data import load
from support.mps_client import INPUT, LOCATION, SEQUENCE, Json, Mps, ref, refused

BAD = "InvalidParameter"
NUMBERS = {"Time": 2000, "Interval": 2, "Num": 2, "Width": 64}
#: Changes to TILED, the code after InvalidParameter and the path after SnapshotConfig.
BAD_CONFIGS: list[tuple[Json, str, str]] = [
    *load("mps/bad_configs.json"),
    ({"OutputFile": {"Object": "{Count}" + "x" * 1024}}, "ObjectKeyInvalid", "OutputFile:Object"),
]
#: Changes to the action's parameters, status, code and a part of the message.
BAD_PARAMETERS: list[tuple[Json, int, str, str]] = [
    *load("mps/bad_parameters.json"),
    ({"Input": "[" * 100_000}, 400, f"{BAD}.JsonFormatInvalid", '"Input"'),
    ({"UserData": "图" * 342}, 400, f"{BAD}.OutOfRange", '"UserData"'),
]
TILED: Json = {**SEQUENCE, "TileOutputFile": ref("sheet_{TileCount}.jpg"), "TileOut": {"Lines": 2}}


def changed(config: Json, changes: Json) -> Json:
    """The config with changes: None removes a field, a filled object changes fields of its own."""
    merged = dict(config)
    for name, value in changes.items():
        old = config.get(name)
        merged[name] = (
            {**old, **value} if isinstance(old, dict) and isinstance(value, dict) and value else value
        )
    return {name: value for name, value in merged.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "code", "path"), BAD_CONFIGS, ids=[f"{c[1]} {c[2]}" for c in BAD_CONFIGS]
)
def test_bad_settings_are_named(mps: Mps, changes: Json, code: str, path: str) -> None:
    answer = mps.submit(changed(TILED, changes))
    assert refused(answer) == (400, ".".join(filter(None, (BAD, code))))
    assert f'"SnapshotConfig:{path}"' in answer.json()["Message"]
    assert mps.emulator.show("/jobs")["jobs"] == []


@pytest.mark.parametrize(("own", "status", "code", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_named(mps: Mps, own: Json, status: int, code: str, message: str) -> None:
    parameters = changed({"Input": INPUT, "SnapshotConfig": SEQUENCE}, own)
    # In a form, for some of it is too long for a URL.
    answer = mps.call("SubmitSnapshotJob", form=True, **parameters)
    assert refused(answer) == (status, code)
    assert message in answer.json()["Message"]


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
def test_all_official_spellings_are_accepted(mps: Mps, config: Json, parts: Json) -> None:
    job = mps.submitted(config, **parts)
    assert job["SnapshotConfig"] == {
        **{name: str(value) for name, value in NUMBERS.items()},
        "OutputFile": ref("a%7BCount%7D.jpg" if config["Time"] == "2000" else "a{Count}.jpg"),
    }
    mps.emulator.advance(1)
    assert [one["key"] for one in mps.view(job)["objects"]] == ["a00001.jpg", "a00002.jpg"]


def test_names_are_decoded_but_repeated_as_they_came(mps: Mps) -> None:
    name = "%E6%88%AA%E5%9B%BE%2Fa%20b%2B+{Count}.jpg"
    job = mps.submitted({**SEQUENCE, "OutputFile": ref(name)})
    assert job["SnapshotConfig"]["OutputFile"]["Object"] == name
    mps.emulator.advance(1)
    first = mps.view(job)["objects"][0]
    assert first["key"] == "截图/a b++00001.jpg"
    assert mps.emulator.http.get(first["url"]).status_code == 200


def test_time_points(mps: Mps) -> None:
    points = {"TimeArray": {"TimePointList": ["0", 4000]}}
    job = mps.submitted({"OutputFile": ref("p{Count}.jpg"), **points, "Width": 64})
    assert job["SnapshotConfig"]["TimeArray"] == {"TimePointList": [0, 4000]}
    mps.emulator.advance(1)
    assert [one["sourceMs"] for one in mps.view(job)["objects"]] == [0, 4000]


def test_what_is_not_in_the_response_model_is_not_repeated(mps: Mps) -> None:
    more: Json = {
        "Format": "VTT", "SubOut": {"IsSptFrag": "true"}, "BlackLevel": 60, "PixelBlackThreshold": 70,
        "FrameType": "normal", "OutputFile": ref("v.vtt"), "TileOutputFile": ref("v_{TileCount}.jpg"),
        "TileOut": {"Lines": 2, "Columns": "2", "IsKeepCellPic": False, "Nonsense": 1},
    }  # fmt: skip
    echo = mps.submitted({**SEQUENCE, **more})["SnapshotConfig"]
    assert set(echo) == {*NUMBERS, "FrameType", "OutputFile", "TileOutputFile", "TileOut"}
    assert echo["TileOut"] == {"Lines": "2", "Columns": "2", "IsKeepCellPic": "false"}


def test_xml_responses_repeat_the_elements_of_a_list(mps: Mps) -> None:
    for name in ("a", "b<&"):
        mps.submitted({**SEQUENCE, "OutputFile": ref(f"{name}{{Count}}.jpg")})
    text = mps.call("QuerySnapshotJobList", common={"Format": "XML"}).text
    assert text.count("<SnapshotJob>") == 2
    assert "<SnapshotJobList><SnapshotJob>" in text
    assert "<Object>b&lt;&amp;{Count}.jpg</Object>" in text
    assert f"<Location>{LOCATION}</Location>" in text
