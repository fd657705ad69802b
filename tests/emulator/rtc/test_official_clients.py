"""The vendor's own software is served: two signers, and a whole client through a task's life."""

from __future__ import annotations

import json
import warnings
from typing import Any

import httpx
import pytest
from volcengine.auth.SignerV4 import SignerV4
from volcengine.base.Request import Request
from volcengine.Credentials import Credentials

from support.emulator import Emulator
from support.rtc_client import BODY

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own, at import
    from volcenginesdkcore import ApiClient, Configuration, UniversalApi, UniversalInfo
    from volcenginesdkcore.rest import ApiException
    from volcenginesdkcore.signv4 import SignerV4 as CoreSigner

KEY = {name: str(BODY[name]) for name in ("AppId", "RoomId", "TaskId")}


def test_pypi_volcengine(emulator: Emulator) -> None:
    for action, method in (("StartSnapshot", "POST"), ("GetSnapshotTask", "GET")):
        request = Request()
        request.set_method(method)
        request.set_path("/")
        request.set_host(emulator.rtc.http.base_url.netloc.decode())
        query = {"Action": action, "Version": "2023-11-01"}
        request.set_query(query if method == "POST" else query | KEY)
        request.set_headers(
            {"Host": request.host, "Content-Type": "application/json"} if method == "POST" else {}
        )
        request.set_body(json.dumps(BODY) if method == "POST" else "")
        access, secret = (
            emulator.environment["VOLCENGINE_ACCESS_KEY"],
            emulator.environment["VOLCENGINE_SECRET_KEY"],
        )
        SignerV4.sign(request, Credentials(access, secret, "rtc", "cn-north-1"))
        answer = emulator.rtc.http.request(
            method, "/", params=request.query, headers=request.headers, content=request.body
        )
        assert answer.status_code == 200, answer.text


def test_volcenginesdkcore_with_a_session_token(emulator: Emulator) -> None:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Host": emulator.rtc.http.base_url.netloc.decode(),
    }
    query = {"Version": "2023-11-01", "Action": "StartSnapshot"}
    raw = json.dumps(BODY)
    access, secret = (
        emulator.environment["VOLCENGINE_ACCESS_KEY"],
        emulator.environment["VOLCENGINE_SECRET_KEY"],
    )
    signed = list(query.items())
    CoreSigner.sign("/", "POST", headers, raw, None, signed, access, secret, "cn-north-1", "rtc", "TOKEN")
    answer: httpx.Response = emulator.rtc.http.post("/", params=query, headers=headers, content=raw)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def client(emulator: Emulator) -> Any:
    """The vendor's universal client, pointed at the emulator as its documents say."""
    configuration = Configuration()
    configuration.ak = emulator.environment["VOLCENGINE_ACCESS_KEY"]
    configuration.sk = emulator.environment["VOLCENGINE_SECRET_KEY"]
    configuration.region = "cn-north-1"
    configuration.scheme = "http"
    configuration.host = emulator.rtc.http.base_url.netloc.decode()
    configuration.auto_retry = False
    return UniversalApi(ApiClient(configuration))


def _call(client: Any, action: str, body: dict[str, Any]) -> Any:
    method = "GET" if action == "GetSnapshotTask" else "POST"
    kind = None if method == "GET" else "application/json"
    info = UniversalInfo(method=method, service="rtc", version="2023-11-01", action=action, content_type=kind)
    return client.do_call(info, body)


def test_an_official_client_leads_a_task_through_its_life(emulator: Emulator, client: Any) -> None:
    assert _call(client, "StartSnapshot", dict(BODY)) == "ok"
    assert "has been started" in _call(client, "StartSnapshot", dict(BODY))
    assert _call(client, "UpdateSnapshot", {**KEY, "ImageConfig": {"Interval": 9, "Width": 9}}) == "ok"
    found = _call(client, "GetSnapshotTask", dict(KEY))["SnapshotTask"]
    assert (found["Status"], found["ImageConfig"]["Interval"], found["ImageConfig"]["Width"]) == (2, 9, 0)
    assert _call(client, "StopSnapshot", dict(KEY)) == "ok"
    found = _call(client, "GetSnapshotTask", dict(KEY))["SnapshotTask"]
    assert (found["Status"], found["StopReason"]) == (3, "StopByAPI")
    with pytest.raises(ApiException, match="ErrorActiveTaskNotFound"):
        _call(client, "StopSnapshot", dict(KEY))
