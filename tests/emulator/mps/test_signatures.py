"""Who may call: both signature schemes, and every way in which a signature is not good."""

from __future__ import annotations

import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from videosnap_emulator.alibaba_mps.rpc import rpc_of
from videosnap_emulator.alibaba_mps.signature import Keys, verify

from support.emulator_client import Emulator
from support.mps_client import Mps, acs3, enc, query_of, refused, stamp, v1
from videosnap_emulator.clock import host_clock
from videosnap_emulator.wire import ApiError, Request

LIST = "QuerySnapshotJobList"
SCHEMES = ["V1", "ACS3"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_good_signature(mps: Mps, scheme: str, method: str) -> None:
    answer = mps.call(LIST, scheme=scheme, method=method, State="Success", OwnerAccount="a b*c~/中文+%")
    assert answer.status_code == 200, answer.text
    call = mps.emulator.show("/calls")["calls"][-1]
    assert (call["service"], call["signature"], call["action"]) == ("mts", "ok", LIST)
    assert call["requestId"] == answer.json()["RequestId"]
    assert call["accessKey"] == "LTAI****rKey"
    assert call["summary"] == {"State": "Success", "OwnerAccount": "a b*c~/中文+%"}
    assert (call["qpsUsed"], call["qpsLimit"]) == (1, 100)


def test_parameters_in_a_form_are_signed_with_the_others(mps: Mps) -> None:
    assert mps.v1(LIST, form=True, State="Success").status_code == 200
    assert refused(mps.v1(LIST, form=True, State="Success", tamper={"State": "Fail"})) == (
        400,
        "SignatureDoesNotMatch",
    )


def test_a_form_under_acs3_is_signed_by_its_digest(mps: Mps) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert mps.acs3(LIST, headers=form, body=b"State=Nonsense").json()["Code"] == "InvalidParameter"
    assert mps.acs3(LIST, headers=form, body=b"State=Success").status_code == 200


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"tamper": {"State": "Fail"}}, (400, "SignatureDoesNotMatch")),
        ({"secret": "wrong"}, (400, "SignatureDoesNotMatch")),
        ({"key": "LTAInobody"}, (404, "InvalidAccessKeyId.NotFound")),
        ({"common": {"Timestamp": stamp(-7200)}}, (400, "InvalidTimeStamp.Expired")),
        ({"common": {"Timestamp": stamp(7200)}}, (400, "InvalidTimeStamp.Expired")),
        ({"common": {"Timestamp": "yesterday"}}, (400, "InvalidTimeStamp.Format")),
        ({"common": {"Timestamp": "2024-02-31T00:00:00Z"}}, (400, "InvalidTimeStamp.Format")),
        ({"common": {"SignatureMethod": "HMAC-MD5"}}, (400, "InvalidSignatureMethod")),
        ({"common": {"SignatureVersion": "2.0"}}, (400, "InvalidSignatureVersion")),
        ({"common": {"SecurityToken": "x"}}, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
        ({"tamper": {"Signature": None}}, (400, "MissingSignature")),
        ({"common": {"SignatureNonce": None}}, (400, "MissingSignatureNonce")),
        ({"common": {"Timestamp": None}}, (400, "MissingTimestamp")),
        ({"common": {"SignatureMethod": None}}, (400, "MissingSignatureMethod")),
        ({"common": {"SignatureVersion": None}}, (400, "MissingSignatureVersion")),
        ({"tamper": {"AccessKeyId": None}}, (400, "MissingAccessKeyId")),
    ],
)
def test_bad_version_1_signatures(mps: Mps, parts: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refused(mps.v1(LIST, State="Success", **parts)) == expected
    verdict = mps.emulator.show("/calls")["calls"][-1]["signature"]
    unsigned = expected[1] in ("MissingSignature", "MissingAccessKeyId")
    assert verdict == ("missing" if unsigned else "mismatch")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"secret": "wrong"}, (400, "SignatureDoesNotMatch")),
        ({"sent": {"x-acs-signature-nonce": "other"}}, (400, "SignatureDoesNotMatch")),
        ({"headers": {"x-acs-content-sha256": "0" * 64}}, (400, "SignatureDoesNotMatch")),
        ({"key": "LTAInobody"}, (404, "InvalidAccessKeyId.NotFound")),
        ({"headers": {"x-acs-date": stamp(-7200)}}, (400, "InvalidTimeStamp.Expired")),
        ({"headers": {"x-acs-date": stamp(7200)}}, (400, "InvalidTimeStamp.Expired")),
        ({"headers": {"x-acs-date": "20240101T000000Z"}}, (400, "InvalidTimeStamp.Format")),
        ({"headers": {"x-acs-date": None}}, (400, "MissingTimestamp")),
        ({"headers": {"x-acs-signature-nonce": None}}, (400, "MissingSignatureNonce")),
        ({"headers": {"x-acs-content-sha256": None}}, (400, "MissingContentSha256")),
        ({"headers": {"x-acs-security-token": "t"}}, (400, "InvalidSecurityToken.MismatchWithAccessKey")),
        ({"sent": {"x-acs-security-token": "t"}}, (400, "IncompleteSignature")),
        ({"sent": {"content-type": "text/plain"}}, (400, "IncompleteSignature")),
        ({"sent": {"authorization": "ACS3-HMAC-SHA256 nonsense"}}, (400, "IncompleteSignature")),
        ({"sent": {"authorization": "ACS3-RSA-SHA256 Credential=a"}}, (400, "IncompleteSignature")),
        ({"sent": {"authorization": None}}, (400, "MissingAuthorization")),
    ],
)
def test_bad_acs3_signatures(mps: Mps, parts: dict[str, Any], expected: tuple[int, str]) -> None:
    assert refused(mps.acs3(LIST, State="Success", **parts)) == expected


def test_a_query_that_was_changed_on_the_way(mps: Mps) -> None:
    def swap(request: httpx.Request) -> None:
        request.url = request.url.copy_with(query=b"State=Fail")

    mps.http.event_hooks["request"].append(swap)
    assert refused(mps.acs3(LIST, State="Success")) == (400, "SignatureDoesNotMatch")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_time_may_be_fifteen_minutes_off(mps: Mps, scheme: str) -> None:
    for skew, fits in ((-890, True), (890, True), (-910, False), (910, False)):
        mps.emulator.send("PUT", "/clock/skew", {"seconds": skew})
        answer = mps.call(LIST, scheme=scheme)
        assert (answer.status_code == 200) is fits
        if not fits:
            assert refused(answer) == (400, "InvalidTimeStamp.Expired")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_nonce_is_good_once(mps: Mps, scheme: str) -> None:
    one = uuid.uuid4().hex
    nonce = {"V1": {"common": {"SignatureNonce": one}}, "ACS3": {"headers": {"x-acs-signature-nonce": one}}}[
        scheme
    ]
    assert mps.call(LIST, scheme=scheme, secret="wrong", **nonce).status_code == 400
    first, second = (mps.call(LIST, scheme=scheme, **nonce) for _ in range(2))
    mps.emulator.send("PUT", "/clock/skew", {"seconds": 1})
    assert (first.status_code, refused(second)) == (200, (400, "SignatureNonceUsed"))
    assert refused(mps.call(LIST, scheme=scheme, **nonce)) == (400, "SignatureNonceUsed")
    assert mps.emulator.show("/calls")["calls"][-1]["signature"] == "ok"


def test_a_mismatch_tells_the_string_to_sign_as_the_old_sdk_wants_it(mps: Mps) -> None:
    message = mps.v1(LIST, secret="wrong").json()["Message"]
    assert message.startswith(
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&"
    )
    assert message.count(":") == 1


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"action": "ListSnapshotJobs"}, (404, "InvalidApi.NotFound")),
        ({"action": ""}, (400, "MissingAction")),
        ({"common": {"Version": "2018-05-28"}}, (400, "InvalidVersion")),
        ({"common": {"Version": None}}, (400, "MissingVersion")),
        ({"common": {"Format": "YAML"}}, (400, "InvalidParameter.Format")),
        ({"method": "PUT"}, (400, "UnsupportedHTTPMethod")),
    ],
)
def test_the_gateway_refuses_what_it_does_not_know(
    mps: Mps, parts: dict[str, Any], expected: tuple[int, str]
) -> None:
    action = parts.pop("action", LIST)
    assert refused(mps.v1(action, secret="wrong", **parts)) == expected
    parts["action"] = action


def test_other_paths_are_not_found(mps: Mps) -> None:
    answer = mps.http.post(f"/v1?Action={LIST}&Version=2014-06-18&Format=JSON")
    assert refused(answer) == (404, "InvalidApi.NotFound")


def test_xml_is_the_default_of_version_1_and_json_of_acs3(mps: Mps) -> None:
    told = mps.v1(LIST, common={"Format": None}, secret="wrong")
    assert told.headers["content-type"] == "text/xml;charset=utf-8"
    error = ET.fromstring(told.content)  # noqa: S314 - our own
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
    assert enc("a b*~") == "a%20b%2A~"
    assert query_of({"b": "2", "a": "1"}) == "a=1&b=2"


def test_without_signature_check(tmp_path: Path) -> None:
    running = Emulator(tmp_path, "--no-signature-check", "--mps-security-token", "sts-dummy")
    client = Mps(running)
    try:
        assert running.env["ALIBABA_CLOUD_SECURITY_TOKEN"] == "sts-dummy"
        assert client.http.get(f"/?Action={LIST}&Version=2014-06-18").text.startswith("<?xml")
        bare = client.http.get("/", headers={"x-acs-action": LIST, "x-acs-version": "2014-06-18"})
        assert "SnapshotJobList" in bare.json()
        assert running.show("/calls")["calls"][-1]["signature"] == "unchecked"
    finally:
        client.close()
        running.kill()


@pytest.mark.parametrize(("token", "fits"), [("sts-dummy", True), ("", True), ("other", False)])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_session_token(scheme: str, token: str, fits: bool) -> None:
    keys = Keys({"k": "s"}, "sts-dummy")
    request = signed_in(scheme, token)
    if fits:
        assert verify(request, rpc_of(request), keys, host_clock()).token == token
        return
    with pytest.raises(ApiError) as caught:
        verify(request, rpc_of(request), keys, host_clock())
    assert caught.value.code == "InvalidSecurityToken.MismatchWithAccessKey"


def signed_in(scheme: str, token: str) -> Request:
    """A signed request as the endpoint reads it."""
    if scheme == "V1":
        pairs = {
            "Action": LIST, "Version": "2014-06-18", "AccessKeyId": "k", "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0", "SignatureNonce": "n", "Timestamp": stamp(),
            **({"SecurityToken": token} if token else {}),
        }  # fmt: skip
        query = query_of({**pairs, "Signature": v1("GET", pairs, "s")})
        return Request("GET", "/", query, {}, b"")
    headers = {
        "host": "h", "x-acs-action": LIST, "x-acs-version": "2014-06-18", "x-acs-date": stamp(),
        "x-acs-signature-nonce": "n", "x-acs-content-sha256": sha256(b"").hexdigest(),
        **({"x-acs-security-token": token} if token else {}),
    }  # fmt: skip
    names, signature = acs3("GET", "", headers, b"", "s")
    told = f"ACS3-HMAC-SHA256 Credential=k,SignedHeaders={names},Signature={signature}"
    return Request("GET", "/", "", {**headers, "authorization": told}, b"")
