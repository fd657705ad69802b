"""Requests over the wire: what is refused with which code, all official spellings, hostile input."""

import contextlib
import io
import json
import random
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from support.data import load
from support.mps_client import INPUT, LOCATION, ROLE, SEQUENCE, Json, Mps, ref, refused, stamp
from support.mps_videos import Recipe, frame_numbers, index_first, make_video, remuxed, sound, take
from support.sampling import examples
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.mps.auth import Keys, verify
from videosnap_emulator.services.mps.models import Readings
from videosnap_emulator.services.mps.requests import SubmitRequest
from videosnap_emulator.services.mps.responses import failure
from videosnap_emulator.services.mps.rpc import MpsRequest

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
    merged = {**config, **changes}
    for name, value in changes.items():
        if isinstance(config.get(name), dict) and isinstance(value, dict) and value:
            merged[name] = {**config[name], **value}
    return {name: value for name, value in merged.items() if value is not None}


IDS = [f"{code} {path}" for _, code, path in BAD_CONFIGS]


@pytest.mark.parametrize(("changes", "code", "path"), BAD_CONFIGS, ids=IDS)
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


SPELLINGS: list[Json] = [
    {"OutputFile": ref("a{Count}.jpg"), **NUMBERS},
    {"OutputFile": ref("a%7BCount%7D.jpg"), **{name: str(value) for name, value in NUMBERS.items()}},
    {"OutputFile": json.dumps(ref("a{Count}.jpg")), **NUMBERS, "Height": "", "TileOut": None},
]


@pytest.mark.parametrize("config", SPELLINGS, ids=["numbers", "texts", "JSON inside JSON"])
@pytest.mark.parametrize("parts", [{"method": "GET"}, {"method": "POST"}, {"form": True}], ids=str)
def test_all_official_spellings_are_accepted(mps: Mps, config: Json, parts: Json) -> None:
    job = mps.submitted(config, **parts)
    output = ref("a%7BCount%7D.jpg" if config["Time"] == "2000" else "a{Count}.jpg", RoleArn=ROLE)
    numbers = {name: str(value) for name, value in NUMBERS.items()}
    assert job["SnapshotConfig"] == {**numbers, "OutputFile": output}
    mps.emulator.advance(1)
    assert [one["key"] for one in mps.view(job)["objects"]] == ["a00001.jpg", "a00002.jpg"]


def test_names_are_decoded_but_repeated_as_they_came(mps: Mps) -> None:
    name = "%E6%88%AA%E5%9B%BE%2Fa%20b%2B+{Count}.jpg"
    job = mps.submitted({**SEQUENCE, "OutputFile": ref(name)})
    assert job["SnapshotConfig"]["OutputFile"]["Object"] == name
    mps.emulator.advance(1)
    first = mps.view(job)["objects"][0]
    assert (first["key"], mps.emulator.http.get(first["url"]).status_code) == ("截图/a b++00001.jpg", 200)


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


LIST = "QuerySnapshotJobList"
SCHEMES = ["V1", "ACS3"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_good_signature(mps: Mps, scheme: str, method: str) -> None:
    answer = mps.call(LIST, scheme=scheme, method=method, State="Success", OwnerAccount="a b*c~/中文+%")
    assert answer.status_code == 200, answer.text
    call = mps.last_call()
    assert (call["service"], call["signature"], call["action"]) == ("mts", "ok", LIST)
    assert call["requestId"] == answer.json()["RequestId"]
    assert call["accessKey"] == "LTAI****rKey"
    assert call["summary"] == {"State": "Success", "OwnerAccount": "a b*c~/中文+%"}
    assert (call["qpsUsed"], call["qpsLimit"]) == (1, 100)


def test_forms(mps: Mps) -> None:
    assert mps.v1(LIST, form=True, State="Success").status_code == 200
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert mps.acs3(LIST, headers=form, body=b"State=Nonsense").json()["Code"] == "InvalidParameter"
    assert mps.acs3(LIST, headers=form, body=b"State=Success").status_code == 200


def _with_times(value: Any) -> Any:
    """Replace `@SECONDS` by the time so many seconds from now."""
    if isinstance(value, dict):
        return {name: _with_times(one) for name, one in value.items()}
    return stamp(float(value[1:])) if str(value).startswith("@") else value


@pytest.mark.parametrize(("scheme", "parts", "status", "code"), load("mps/bad_signatures.json"), ids=str)
def test_bad_signatures(mps: Mps, scheme: str, parts: dict[str, Any], status: int, code: str) -> None:
    assert refused(mps.call(LIST, scheme=scheme, State="Success", **_with_times(parts))) == (status, code)
    unsigned = code in ("MissingSignature", "MissingAccessKeyId", "MissingAuthorization")
    assert mps.last_call()["signature"] == ("missing" if unsigned else "mismatch")


def test_a_query_that_was_changed_on_the_way(mps: Mps) -> None:
    def swap(request: httpx.Request) -> None:
        request.url = request.url.copy_with(query=b"State=Fail")

    mps.http.event_hooks["request"].append(swap)
    assert refused(mps.acs3(LIST, State="Success")) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_time_may_be_fifteen_minutes_off(mps: Mps, scheme: str) -> None:
    for skew, fits in ((-890, True), (890, True), (-910, False), (910, False)):
        mps.emulator.request("PUT", "/clock/skew", {"seconds": skew})
        answer = mps.call(LIST, scheme=scheme)
        assert (answer.status_code == 200) is fits
        if not fits:
            assert refused(answer) == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_nonce_is_good_once(mps: Mps, scheme: str) -> None:
    one = uuid.uuid4().hex
    v1_nonce, acs3_nonce = {"common": {"SignatureNonce": one}}, {"headers": {"x-acs-signature-nonce": one}}
    nonce: dict[str, Any] = v1_nonce if scheme == "V1" else acs3_nonce
    assert mps.call(LIST, scheme=scheme, secret="wrong", **nonce).status_code == 400
    first, second = (mps.call(LIST, scheme=scheme, **nonce) for _ in range(2))
    mps.emulator.request("PUT", "/clock/skew", {"seconds": 1})
    assert (first.status_code, refused(second)) == (200, (400, "SignatureNonceUsed"))
    assert refused(mps.call(LIST, scheme=scheme, **nonce)) == (400, "SignatureNonceUsed")
    assert mps.last_call()["signature"] == "ok"


def test_a_mismatch_shows_the_string_to_sign_as_the_old_sdk_wants_it(mps: Mps) -> None:
    sentence, *rest = mps.v1(LIST, secret="wrong").json()["Message"].split(":")
    assert sentence == "Specified signature is not matched with our calculation. server string to sign is"
    assert [text[:9] for text in rest] == ["POST&%2F&"]


@pytest.mark.parametrize(("action", "parts", "status", "code"), load("mps/bad_envelopes.json"))
def test_the_gateway_refuses_what_it_does_not_know(
    mps: Mps, action: str, parts: dict[str, Any], status: int, code: str
) -> None:
    assert refused(mps.v1(action, secret="wrong", **parts)) == (status, code)


def test_xml_is_the_default_of_version_1_and_json_of_acs3(mps: Mps) -> None:
    response = mps.v1(LIST, common={"Format": None}, secret="wrong")
    assert response.headers["content-type"] == "text/xml;charset=utf-8"
    error = ET.fromstring(response.content)  # noqa: S314 - our own
    assert [error.tag, *(part.tag for part in error)] == [
        "Error", "RequestId", "HostId", "Code", "Message", "Recommend",
    ]  # fmt: skip
    assert error.findtext("Code") == "SignatureDoesNotMatch"
    good = mps.v1(LIST, common={"Format": "xml"})
    assert ET.fromstring(good.content).tag == f"{LIST}Response"  # noqa: S314
    assert mps.acs3(LIST).headers["content-type"] == "application/json;charset=utf-8"
    assert mps.acs3(LIST, sent={"accept": "text/xml"}).text.startswith("<?xml")
    assert mps.acs3(LIST, Format="XML").text.startswith("<?xml")


def test_a_plus_is_a_space_in_the_query(mps: Mps) -> None:
    def loosen(request: httpx.Request) -> None:
        request.url = request.url.copy_with(query=request.url.query.replace(b"%20", b"+"))

    mps.http.event_hooks["request"].append(loosen)
    for scheme in SCHEMES:
        assert mps.call(LIST, scheme=scheme, OwnerAccount="a b c").status_code == 200


def still(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, kind, **options)
    return file.getvalue()


PLAY_LIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
FILES = {
    "empty": b"",
    "text": b"no video at all " * 500,
    "zeros": bytes(100_000),
    "noise": random.Random(1).randbytes(100_000),
    "play list": PLAY_LIST,
    "list of files": b"ffconcat version 1.0\nfile /etc/hostname\n",
    "PNG": still("PNG"),
    "JPEG": still("JPEG"),
    "GIF": still("GIF"),
    "AVIF": still("AVIF"),
    "AVIF, animated": still("AVIF", save_all=True, append_images=[Image.new("RGB", (64, 64))]),
    "HEIC": still("AVIF").replace(b"ftypavif", b"ftypheic"),
    "HEIF": still("AVIF").replace(b"ftypavif", b"ftypmif1"),
    "page": b"<html><body>not found</body></html>",
    "sound": sound(),
    "sound, MKV": sound("matroska"),
    "sound with a cover": remuxed(sound(), cover=True),
}


def assert_bad(video: bytes) -> None:
    requests: tuple[dict[str, Any], ...] = ({}, {"interval": 1}, {"frame_type": "intra"})
    for fields in requests:
        with pytest.raises(ApiError) as failure:
            take(video, **fields)
        assert failure.value.code == "InvalidParameter.ResourceContentBad"
        assert failure.value.message == "The resource operated InputFile is bad"


@pytest.mark.parametrize("video", FILES.values(), ids=FILES)
def test_no_video(video: bytes) -> None:
    assert_bad(video)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
def test_cut_short(plain: bytes, share: float) -> None:
    for video in (plain, index_first(plain), make_video(Recipe("flv"))):
        assert_bad(video[: int(len(video) * share)])
    if share < 0.5:  # more than a second is missing
        matroska = make_video(Recipe("matroska"))
        assert_bad(matroska[: int(len(matroska) * share)])


def test_a_part_of_a_stream_is_a_video() -> None:
    for recipe in (Recipe("mpegts"), Recipe("mpeg", "mpeg2video", b_frames=2)):
        stream = make_video(recipe)
        assert frame_numbers(take(stream[: len(stream) // 2], interval=1, num=1)) == [0]


def test_a_gap_in_a_stream_does_not_end_the_video() -> None:
    stream = make_video(Recipe("mpegts"))
    middle = len(stream) // 188 // 2 * 188
    assert take(stream[:middle] + stream[middle + 3 * 188 :], time_points=(0, 40, 2_390)).count == 3


def test_a_stream_of_sound_that_begins_late() -> None:
    # So late that neither a look at the first megabytes nor one at the last finds it.
    video, nothing = make_video(Recipe("mpegts")), b"\x47\x1f\xff\x10" + bytes(184)
    parts = video[:-3760], nothing * 32_000, sound("mpegts", mpegts_start_pid="512"), nothing * 3_000
    assert frame_numbers(take(b"".join(parts) + video[-3760:], time=400)) == [10]


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "flv", "avi"])
def test_damaged_bytes(container: str) -> None:
    video, chance = make_video(Recipe(container, frames=8, size=(160, 96))), random.Random(container)
    for _ in range(60):
        damaged = bytearray(video)
        for _ in range(chance.choice((1, 3, 30))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for fields in ({"time": 100}, {"num": 3, "interval": 0}, {"frame_type": "intra"}):
            with contextlib.suppress(ApiError):
                take(bytes(damaged), width=32, **fields)


def test_a_header_that_promises_a_giant_frame(plain: bytes) -> None:
    at = plain.index(b"avc1", plain.index(b"stsd")) + 28
    assert plain[at : at + 4] == bytes((0, 192, 0, 108))
    giant = plain[:at] + b"\xff\xff\xff\xff" + plain[at + 4 :]
    take(giant)  # the stream itself knows better


def test_nothing_is_opened_but_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    monkeypatch.setattr("builtins.open", lambda *names, **_: opened.append(names))
    assert_bad(PLAY_LIST)
    assert opened == []


NAMES = (
    *SEQUENCE, "Height", "FrameType", "TileOut", "TileOutputFile", "Format", "SubOut", "BlackLevel",
    "PixelBlackThreshold", "TimeArray", "Lines", "Columns", "CellWidth", "Margin", "Color", "IsKeepCellPic",
    "IsSptFrag", "TimePointList", "Bucket", "Location", "Object",
)  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["2", "vtt", "normal", "true", "{Count}.jpg", "%ff", "\ud800", "oss-cn-hangzhou", "{}"]),
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)
objects = st.just(ref("a{Count}{TileCount}.vtt")) | values


def refusal(step: Callable[..., object], *arguments: Any) -> ApiError | None:
    """What a step is refused with; anything but a vendor's error is a bug and passes through."""
    try:
        step(*arguments)
    except ApiError as error:
        return error
    return None


def writable(error: ApiError | None) -> bool:
    """Whether the refusal can be sent in both formats."""
    queries = ("Format=JSON", "Format=XML")
    requests = (MpsRequest.parse(HttpRequest("GET", "/", query, {}, b""), "id") for query in queries)
    return error is None or all(failure(request, error).body for request in requests)


@settings(max_examples=examples(40, 200))
@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=6), objects, objects, values, st.text())
def test_parameters(changes: dict[str, Any], output: Any, tiles: Any, source: Any, user_data: str) -> None:
    config = {**SEQUENCE, "OutputFile": output, "TileOutputFile": tiles, **changes}
    for one in (INPUT, source):
        parameters = {"Input": json.dumps(one), "SnapshotConfig": json.dumps(config), "UserData": user_data}
        error = refusal(SubmitRequest.parse, parameters, Readings())
        assert error is None or error.status == 400
        assert writable(error)


HEADERS = st.sampled_from(["authorization", "x-acs-action", "x-acs-date", "content-type", "host", "accept"])
SIGNATURES = st.just("ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=00")
LINES = st.dictionaries(HEADERS, st.text(max_size=30) | SIGNATURES)


@settings(max_examples=examples(40, 200))
@given(st.binary(max_size=60), LINES, st.sampled_from(["GET", "POST", "PUT"]), st.binary(max_size=40))
def test_envelopes(query: bytes, headers: dict[str, str], method: str, body: bytes) -> None:
    common = "&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=1&Signature=x&AccessKeyId=k"
    signed = f"{quote(query)}{common}&Timestamp=2024-01-01T00:00:00Z"
    for text in (query.decode("latin-1"), quote(query), signed):
        request = MpsRequest.parse(HttpRequest(method, "/", text, headers, body), "id")
        assert writable(refusal(request.check))
        assert writable(refusal(verify, request, Keys({"k": "s"}), 1_704_067_200_000))
