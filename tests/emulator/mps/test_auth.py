"""Who may call: both signature schemes, the vendor's vectors, and every way in which a signature is bad."""

from __future__ import annotations

import uuid
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from support.data import load
from support.emulator import running_emulator
from support.mps_client import Mps, acs3, query_of, refused, stamp, v1
from videosnap_emulator.core.clock import host_clock
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.mps.auth import (
    Keys,
    acs3_signature,
    acs3_string_to_sign,
    v1_signature,
    v1_string_to_sign,
    verify,
)
from videosnap_emulator.services.mps.rpc import MpsRequest

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


@pytest.mark.parametrize(
    ("action", "parts", "status", "code"),
    [
        ("ListSnapshotJobs", {}, 404, "InvalidApi.NotFound"),
        ("", {}, 400, "MissingAction"),
        (LIST, {"common": {"Version": "2018-05-28"}}, 400, "InvalidVersion"),
        (LIST, {"common": {"Version": None}}, 400, "MissingVersion"),
        (LIST, {"common": {"Format": "YAML"}}, 400, "InvalidParameter.Format"),
        (LIST, {"method": "PUT"}, 400, "UnsupportedHTTPMethod"),
        (LIST, {"path": "/v1"}, 404, "InvalidApi.NotFound"),
    ],
)
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


def test_without_signature_check(tmp_path: Path) -> None:
    options = ("--no-signature-check", "--mps-security-token", "sts-dummy")
    with running_emulator(tmp_path, *options) as running, closing(Mps(running)) as client:
        assert running.environment["ALIBABA_CLOUD_SECURITY_TOKEN"] == "sts-dummy"
        assert client.http.get(f"/?Action={LIST}&Version=2014-06-18").text.startswith("<?xml")
        bare = client.http.get("/", headers={"x-acs-action": LIST, "x-acs-version": "2014-06-18"})
        assert "SnapshotJobList" in bare.json()
        assert running.show("/calls")["calls"][-1]["signature"] == "unchecked"


@pytest.mark.parametrize(("token", "fits"), [("sts-dummy", True), ("", True), ("other", False)])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_session_token(scheme: str, token: str, fits: bool) -> None:
    keys, request = Keys({"k": "s"}, "sts-dummy"), MpsRequest.parse(signed(scheme, token), "id")
    if fits:
        assert verify(request, keys, host_clock()).token == token
        return
    with pytest.raises(ApiError) as caught:
        verify(request, keys, host_clock())
    assert caught.value.code == "InvalidSecurityToken.MismatchWithAccessKey"


def signed(scheme: str, token: str) -> HttpRequest:
    """A signed request as the gateway reads it."""
    if scheme == "V1":
        pairs = {
            "Action": LIST, "Version": "2014-06-18", "AccessKeyId": "k", "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0", "SignatureNonce": "n", "Timestamp": stamp(),
            **({"SecurityToken": token} if token else {}),
        }  # fmt: skip
        query = query_of({**pairs, "Signature": v1("GET", pairs, "s")})
        return HttpRequest("GET", "/", query, {}, b"")
    headers = {
        "host": "h", "x-acs-action": LIST, "x-acs-version": "2014-06-18", "x-acs-date": stamp(),
        "x-acs-signature-nonce": "n", "x-acs-content-sha256": sha256(b"").hexdigest(),
        **({"x-acs-security-token": token} if token else {}),
    }  # fmt: skip
    names, signature = acs3("GET", "", headers, b"", "s")
    authorization = f"ACS3-HMAC-SHA256 Credential=k,SignedHeaders={names},Signature={signature}"
    return HttpRequest("GET", "/", "", {**headers, "authorization": authorization}, b"")


@pytest.mark.parametrize(
    ("secret", "signature", "values"),
    [
        # Of the MPS reference.
        (
            "testKeySecret",
            "kmDv4mWo806GWPjQMy2z4VhBBDQ=",
            "Action=SearchTemplate PageSize=2 Format=XML Version=2014-06-18 AccessKeyId=testId"
            " SignatureMethod=HMAC-SHA1 SignatureVersion=1.0 Timestamp=2015-05-14T09:03:45Z"
            " SignatureNonce=4902260a-516a-4b6a-a455-45b653cf6150 Signature=is-not-signed",
        ),
        # Of another service.
        (
            "testsecret",
            "9NaGiOspFP5UPcwX8Iwt2YJXXuk=",
            "Action=DescribeDedicatedHosts Format=JSON Version=2014-05-26 RegionId=cn-beijing"
            " AccessKeyId=testid SignatureMethod=HMAC-SHA1 SignatureVersion=1.0"
            " SignatureNonce=edb2b34af0af9a6d14deaf7c1a5315eb Timestamp=2023-03-13T08:34:30Z",
        ),
    ],
)
def test_published_signatures_of_version_1(secret: str, signature: str, values: str) -> None:
    pairs = dict(part.split("=") for part in values.split())
    assert v1_signature(secret, v1_string_to_sign("GET", pairs)) == signature


def test_the_published_signature_of_acs3() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = "RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    to_sign = acs3_string_to_sign(HttpRequest("POST", "/", query, headers, b""), tuple(headers))
    digest = "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259"
    assert to_sign == f"ACS3-HMAC-SHA256\n{digest}"
    expected = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert acs3_signature("YourAccessKeySecret", to_sign) == expected
