"""The vendor's own signers are accepted."""

from __future__ import annotations

import json

import httpx
import pytest

from emulator_client import BODY, Emulator


def test_pypi_volcengine(emulator: Emulator) -> None:
    pytest.importorskip("volcengine")
    from volcengine.auth.SignerV4 import SignerV4  # noqa: PLC0415
    from volcengine.base.Request import Request  # noqa: PLC0415
    from volcengine.Credentials import Credentials  # noqa: PLC0415

    for action, method in (("StartSnapshot", "POST"), ("GetSnapshotTask", "GET")):
        request = Request()
        request.set_method(method)
        request.set_path("/")
        request.set_host(emulator.rtc.base_url.netloc.decode())
        query = {"Action": action, "Version": "2023-11-01"}
        keys = {k: str(BODY[k]) for k in ("AppId", "RoomId", "TaskId")}
        request.set_query(query if method == "POST" else query | keys)
        request.set_headers(
            {"Host": request.host, "Content-Type": "application/json"} if method == "POST" else {}
        )
        request.set_body(json.dumps(BODY) if method == "POST" else "")
        access, secret = emulator.env["VOLCENGINE_ACCESS_KEY"], emulator.env["VOLCENGINE_SECRET_KEY"]
        SignerV4.sign(request, Credentials(access, secret, "rtc", "cn-north-1"))
        answer = emulator.rtc.request(
            method, "/", params=request.query, headers=request.headers, content=request.body
        )
        assert answer.status_code == 200, answer.text


def test_volcenginesdkcore(emulator: Emulator) -> None:
    pytest.importorskip("volcenginesdkcore")
    from volcenginesdkcore.signv4 import SignerV4  # noqa: PLC0415

    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Host": emulator.rtc.base_url.netloc.decode(),
    }
    query = [("Version", "2023-11-01"), ("Action", "StartSnapshot")]
    raw = json.dumps(BODY)
    access, secret = emulator.env["VOLCENGINE_ACCESS_KEY"], emulator.env["VOLCENGINE_SECRET_KEY"]
    SignerV4.sign("/", "POST", headers, raw, None, query, access, secret, "cn-north-1", "rtc", "TOKEN")
    answer: httpx.Response = emulator.rtc.post("/", params=query, headers=headers, content=raw)
    assert answer.status_code == 200, answer.text
