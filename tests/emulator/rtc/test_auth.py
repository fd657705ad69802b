"""The signature: the documents' fixed vectors, tampering, and what clients are known to send."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from support.data import load
from support.emulator import Emulator
from support.rtc_client import BODY
from videosnap_emulator.core.service import ApiError, HttpRequest
from videosnap_emulator.services.rtc import auth

NOW = int(datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp() * 1000)
KEYS = {"AKLTEXAMPLE": "SECRETEXAMPLE"}
REQUESTS = load("rtc/signed_requests.json")


def signed(name: str, **changes: Any) -> HttpRequest:
    """A request of the documents, with changes, those of headers one by one."""
    parts = {**REQUESTS[name], **changes}
    parts["headers"] = {**REQUESTS[name]["headers"], **changes.get("headers", {})}
    return HttpRequest(**{**parts, "body": parts["body"].encode()})


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
    assert verify(signed("post")).region == "cn-north-1"
    assert verify(signed("get"))
    assert verify(signed("get", query=REQUESTS["get"]["query"].replace("%40", "@")))


@pytest.mark.parametrize(("changes", "code"), REQUESTS["changed"], ids=str)
def test_changed_requests(changes: dict[str, Any], code: str) -> None:
    assert refusal(signed("post", **changes)) == code


def test_skew_of_fifteen_minutes() -> None:
    quarter = 15 * 60 * 1000
    assert verify(signed("post"), NOW + quarter)
    assert verify(signed("post"), NOW - quarter)
    assert refusal(signed("post"), NOW + quarter + 1) == "InvalidTimestamp"
    assert refusal(signed("post"), NOW - quarter - 1) == "InvalidTimestamp"


NAMES = ["x-date", "x-content-sha256 x-date", "host x-date", "host x-content-sha256 x-date"]


@pytest.mark.parametrize("names", NAMES)
def test_sets_of_signed_headers(emulator: Emulator, names: str) -> None:
    assert emulator.rtc.call("StartSnapshot", BODY, signed=names.split()).json()["Result"] == "ok"


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
