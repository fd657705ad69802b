"""Whatever the input and the request are, a job takes frames or is refused in the vendor's words."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from support.mps_client import INPUT, SEQUENCE, ref
from support.mps_videos import Recipe, frame_numbers, index_first, make_video, remuxed, sound, take
from support.sampling import examples
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.mps.auth import Keys, verify
from videosnap_emulator.services.mps.models import Readings
from videosnap_emulator.services.mps.requests import SubmitRequest
from videosnap_emulator.services.mps.responses import failure
from videosnap_emulator.services.mps.rpc import MpsRequest


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


@settings(max_examples=examples(40, 200))
@given(
    st.binary(max_size=60),
    st.dictionaries(
        st.sampled_from(["authorization", "x-acs-action", "x-acs-date", "content-type", "host", "accept"]),
        st.text(max_size=30) | st.just("ACS3-HMAC-SHA256 Credential=k,SignedHeaders=host,Signature=00"),
    ),
    st.sampled_from(["GET", "POST", "PUT"]),
    st.binary(max_size=40),
)
def test_envelopes(query: bytes, headers: dict[str, str], method: str, body: bytes) -> None:
    common = "&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=1&Signature=x&AccessKeyId=k"
    for text in (
        query.decode("latin-1"),
        quote(query),
        f"{quote(query)}{common}&Timestamp=2024-01-01T00:00:00Z",
    ):
        request = MpsRequest.parse(HttpRequest(method, "/", text, headers, body), "id")
        assert writable(refusal(request.check))
        assert writable(refusal(verify, request, Keys({"k": "s"}), 1_704_067_200_000))
