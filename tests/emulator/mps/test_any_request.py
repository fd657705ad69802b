"""Whatever a request holds, it is accepted or refused with one of the vendor's codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from support.mps_client import INPUT, SEQUENCE, ref
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.mps.auth import Keys, verify
from videosnap_emulator.services.mps.models import Readings
from videosnap_emulator.services.mps.requests import SubmitRequest
from videosnap_emulator.services.mps.responses import failure
from videosnap_emulator.services.mps.rpc import MpsRequest

NAMES = (
    *SEQUENCE, "Height", "FrameType", "TileOut", "TileOutputFile", "Format", "SubOut", "BlackLevel",
    "PixelBlackThreshold", "TimeArray", "Lines", "Columns", "CellWidth", "Margin", "Color", "IsKeepCellPic",
    "IsSptFrag", "TimePointList", "Bucket", "Location", "Object",
)  # fmt: skip
plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["2", "vtt", "normal", "true", "{Count}.jpg", "%ff", "\ud800", "oss-cn-hangzhou", "{}"]),
)  # fmt: skip
values = st.recursive(
    plain,
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


@given(st.dictionaries(st.sampled_from(NAMES), values, max_size=6), objects, objects, values, st.text())
def test_parameters(changes: dict[str, Any], output: Any, tiles: Any, source: Any, user_data: str) -> None:
    config = {**SEQUENCE, "OutputFile": output, "TileOutputFile": tiles, **changes}
    for one in (INPUT, source):
        parameters = {"Input": json.dumps(one), "SnapshotConfig": json.dumps(config), "UserData": user_data}
        error = refusal(SubmitRequest.parse, parameters, Readings())
        assert error is None or error.status == 400
        assert writable(error)


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
