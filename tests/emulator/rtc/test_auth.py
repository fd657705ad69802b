"""The signature: the documents' fixed vectors, tampering, and what clients are known to send."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import sha256

import pytest

from support.emulator import Emulator
from support.rtc_client import BODY
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.rtc import auth

NOW = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
KEYS = {"AKLTEXAMPLE": "SECRETEXAMPLE"}
POST_BODY = b'{"AppId":"661e","RoomId":"Room1","TaskId":"Task1","ImageConfig":{"Interval":2}}'
POST_SIGNATURE = "db5fcaa2ef34b3e5fb17ed05585615fb791292ac4ec69f1c34ea6bb98bd7a612"
GET_SIGNATURE = "c924d8e6074d4650959a67ab22b6bc020c912acc88ede92e30c745b6a78352dd"


def header(names: str, signature: str) -> str:
    scope = "AKLTEXAMPLE/20240101/cn-north-1/rtc/request"
    return f"HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def post(**changes: object) -> HttpRequest:
    headers = {
        "content-type": "application/json",
        "host": "rtc.volcengineapi.com",
        "x-date": "20240101T000000Z",
        "x-content-sha256": "ab168bbb40fb9135667818960b68e17fd18d64b04e733da5f86c73b24e1c2e6d",
        "authorization": header("content-type;host;x-content-sha256;x-date", POST_SIGNATURE),
    }
    return HttpRequest("POST", "/", "Action=UpdateSnapshot&Version=2023-11-01", headers, POST_BODY)._replace(
        **changes  # type: ignore[arg-type]
    )


def verify(request: HttpRequest, now: int = NOW) -> auth.Authorization:
    authorization = auth.parse(request.headers)
    auth.verify(request, authorization, KEYS, now)
    return authorization


def refusal(request: HttpRequest, now: int = NOW) -> str:
    with pytest.raises(ApiError) as error:
        verify(request, now)
    assert "SECRETEXAMPLE" not in error.value.message
    return error.value.code


def test_fixed_vectors() -> None:
    assert verify(post()).region == "cn-north-1"
    headers = {
        "host": "rtc.volcengineapi.com:443",
        "x-date": "20240101T000000Z",
        "x-content-sha256": sha256(b"").hexdigest(),
        "authorization": header("host;x-content-sha256;x-date", GET_SIGNATURE),
    }
    query = "TaskId=a%40b.c&AppId=661e&RoomId=Room1&Version=2023-11-01&Action=GetSnapshotTask"
    assert verify(HttpRequest("GET", "/", query, headers, b""))
    assert verify(HttpRequest("GET", "/", query.replace("%40", "@"), headers, b""))


ALL_NAMES = "content-type;host;x-content-sha256;x-date"
SIGNED = post().headers["authorization"]


@pytest.mark.parametrize(
    "changes",
    [
        {"body": POST_BODY + b" "},
        {"method": "PUT"},
        {"query": "Action=StopSnapshot&Version=2023-11-01"},
        {"path": "/other"},
    ],
    ids=str,
)
def test_a_changed_request(changes: dict[str, object]) -> None:
    assert refusal(post(**changes)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("host", "elsewhere", "SignatureDoesNotMatch"),
        ("content-type", "text/plain", "SignatureDoesNotMatch"),
        ("x-content-sha256", "0" * 64, "SignatureDoesNotMatch"),
        ("x-date", "20240101T000001Z", "SignatureDoesNotMatch"),
        ("x-security-token", "unsigned", "SignatureDoesNotMatch"),
        ("authorization", header("host;x-date", POST_SIGNATURE), "SignatureDoesNotMatch"),
        ("authorization", header(ALL_NAMES, "é" * 64)[:-64] + "0", "SignatureDoesNotMatch"),
        ("authorization", "", "MissingAuthenticationToken"),
        ("authorization", "Bearer x", "InvalidAuthorization"),
        ("authorization", header("host", ""), "MissingSignature"),
        ("x-date", "", "MissingRequestInfo"),
        ("x-date", "20249901T000000Z", "InvalidTimestamp"),
        ("authorization", SIGNED.replace("/rtc/", "/vod/"), "ServiceNotFound"),
        ("authorization", SIGNED.replace("/request", ""), "InvalidCredential"),
        ("authorization", SIGNED.replace("AKLT", "XXXX"), "InvalidAccessKey"),
    ],
)
def test_a_changed_header(name: str, value: str, code: str) -> None:
    assert refusal(post(headers={**post().headers, name: value})) == code


def test_skew_of_fifteen_minutes() -> None:
    quarter = 15 * 60 * 1000
    assert verify(post(), NOW + quarter)
    assert verify(post(), NOW - quarter)
    assert refusal(post(), NOW + quarter + 1) == "InvalidTimestamp"
    assert refusal(post(), NOW - quarter - 1) == "InvalidTimestamp"


@pytest.mark.parametrize(
    "signed",
    [["x-content-sha256", "x-date"], ["x-date"], ["host", "x-date"], ["host", "x-content-sha256", "x-date"]],
)
def test_sets_of_signed_headers(emulator: Emulator, signed: list[str]) -> None:
    assert emulator.rtc.call("StartSnapshot", BODY, signed=signed).json()["Result"] == "ok"


def test_session_token_must_be_signed(emulator: Emulator) -> None:
    token = {"x-security-token": "STS"}
    assert emulator.rtc.call("StartSnapshot", BODY, headers=token).status_code == 200
    answer = emulator.rtc.call("StartSnapshot", BODY, headers=token, signed=["host", "x-date"])
    assert answer.status_code == 401


def test_over_the_wire(emulator: Emulator) -> None:
    answer = emulator.rtc.call("StartSnapshot", BODY, secret_key="wrong")
    error = answer.json()["ResponseMetadata"]["Error"]
    assert (answer.status_code, error["CodeN"]) == (401, 100010)
    assert "The server's canonical request is:\nPOST\n/\nAction=StartSnapshot" in error["Message"]
    assert emulator.environment["VOLCENGINE_SECRET_KEY"] not in answer.text
    old = datetime.now(timezone.utc) - timedelta(minutes=16)
    assert emulator.rtc.call("StartSnapshot", BODY, when=old).status_code == 400
    emulator.request("PUT", "/clock/skew", {"seconds": -3600})
    assert emulator.rtc.start().status_code == 400
    emulator.request("PUT", "/clock/skew", {"seconds": 0})
    emulator.advance(100_000)
    assert emulator.rtc.start().status_code == 200
    calls = emulator.show("/calls")["calls"]
    assert [call["signature"] for call in calls] == ["mismatch", "mismatch", "mismatch", "ok"]
    assert calls[-1]["accessKey"] == "AKLT****rKey"
