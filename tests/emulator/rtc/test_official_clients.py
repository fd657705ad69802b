"""The vendor's own software is served: a signer, and a whole client through a task's life."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from volcengine.auth.SignerV4 import SignerV4
from volcengine.base.Request import Request
from volcengine.Credentials import Credentials

from support.emulator import Emulator
from support.rtc_client import BODY, KEY

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own, at import
    from volcenginesdkcore import ApiClient, Configuration, UniversalApi, UniversalInfo
    from volcenginesdkcore.rest import ApiException


@pytest.mark.parametrize(("action", "method"), [("StartSnapshot", "POST"), ("GetSnapshotTask", "GET")])
def test_pypi_volcengine(emulator: Emulator, action: str, method: str) -> None:
    emulator.rtc.start()
    request, posts = Request(), method == "POST"
    request.set_method(method)
    request.set_path("/")
    request.set_host(emulator.rtc.http.base_url.netloc.decode())
    request.set_query({"Action": action, "Version": "2023-11-01", **({} if posts else KEY)})
    request.set_headers({"Host": request.host, "Content-Type": "application/json"} if posts else {})
    request.set_body(json.dumps(BODY) if posts else "")
    keys = [emulator.environment[f"VOLCENGINE_{name}_KEY"] for name in ("ACCESS", "SECRET")]
    SignerV4.sign(request, Credentials(*keys, "rtc", "cn-north-1"))
    parts = {"params": request.query, "headers": request.headers, "content": request.body}
    answer = emulator.rtc.http.request(method, "/", **parts)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("token", [None, "TOKEN"])
def test_an_official_client_leads_a_task_through_its_life(emulator: Emulator, token: str | None) -> None:
    configuration = Configuration()
    configuration.ak = emulator.environment["VOLCENGINE_ACCESS_KEY"]
    configuration.sk = emulator.environment["VOLCENGINE_SECRET_KEY"]
    configuration.session_token = token
    configuration.region, configuration.scheme, configuration.auto_retry = "cn-north-1", "http", False
    configuration.host = emulator.rtc.http.base_url.netloc.decode()
    client = UniversalApi(ApiClient(configuration))

    def call(action: str, body: dict[str, Any]) -> Any:
        method, kind = ("GET", None) if action == "GetSnapshotTask" else ("POST", "application/json")
        return client.do_call(UniversalInfo(method, "rtc", "2023-11-01", action, kind), dict(body))

    assert call("StartSnapshot", BODY) == "ok"
    assert "has been started" in call("StartSnapshot", BODY)
    assert call("UpdateSnapshot", {**KEY, "ImageConfig": {"Interval": 9, "Width": 9}}) == "ok"
    found = call("GetSnapshotTask", KEY)["SnapshotTask"]
    assert (found["Status"], found["ImageConfig"]["Interval"], found["ImageConfig"]["Width"]) == (2, 9, 0)
    assert call("StopSnapshot", KEY) == "ok"
    found = call("GetSnapshotTask", KEY)["SnapshotTask"]
    assert (found["Status"], found["StopReason"]) == (3, "StopByAPI")
    with pytest.raises(ApiException, match="ErrorActiveTaskNotFound"):
        call("StopSnapshot", KEY)
