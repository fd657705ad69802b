"""Who may call: both signature schemes, the vendor's vectors, and every way in which a signature is bad."""

from __future__ import annotations

import uuid
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from support.data import load
from support.mps_client import Mps, refused, stamp
from videosnap_emulator.core.service import HttpRequest
from videosnap_emulator.services.mps.auth import (
    acs3_signature,
    acs3_string_to_sign,
    v1_signature,
    v1_string_to_sign,
)

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


BAD: list[tuple[str, dict[str, Any], int, str]] = load("mps/bad_signatures.json")


@pytest.mark.parametrize(("scheme", "parts", "status", "code"), BAD, ids=[f"{b[0]} {b[3]}" for b in BAD])
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


def test_a_mismatch_tells_the_string_to_sign_as_the_old_sdk_wants_it(mps: Mps) -> None:
    message = mps.v1(LIST, secret="wrong").json()["Message"]
    assert message.startswith(
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&"
    )
    assert message.count(":") == 1


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


@pytest.mark.parametrize("vector", load("mps/published_signatures.json"), ids=lambda one: one["of"])
def test_published_signatures(vector: dict[str, Any]) -> None:
    if vector["scheme"] == "V1":
        to_sign = v1_string_to_sign("GET", vector["query"])
        assert v1_signature(vector["secret"], to_sign) == vector["signature"]
        return
    request = HttpRequest("POST", "/", vector["query"], vector["headers"], b"")
    to_sign = acs3_string_to_sign(request, tuple(vector["headers"]))
    assert to_sign == vector["stringToSign"]
    assert acs3_signature(vector["secret"], to_sign) == vector["signature"]
