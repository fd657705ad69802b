"""The page as the real emulator serves it: a task with its pictures, its calls, and a button that works."""

from __future__ import annotations

import json

import pytest
import requests
from playwright.sync_api import Browser

from support.emulator import Emulator
from support.emulator_signer import sign

pytestmark = pytest.mark.browser

BODY = {
    "AppId": "661e",
    "RoomId": "Room1",
    "TaskId": "lobby",
    "StorageConfig": {"Type": 0, "TosConfig": {"AccountId": "21", "Bucket": "frames"}},
}


def _start(emulator: Emulator, access_key: str | None = None) -> int:
    env = emulator.environment
    endpoint = env["VOLCENGINE_RTC_ENDPOINT"]
    query, body = {"Action": "StartSnapshot", "Version": "2023-11-01"}, json.dumps(BODY).encode()
    key = access_key or env["VOLCENGINE_ACCESS_KEY"]
    host = endpoint.partition("//")[2]
    headers, text = sign("POST", host, query, body, key, env["VOLCENGINE_SECRET_KEY"])
    return requests.post(f"{endpoint}/?{text}", data=body, headers=headers, timeout=10).status_code


def test_the_page_shows_what_happens_in_the_emulator(emulator: Emulator, browser: Browser) -> None:
    assert _start(emulator) == 200
    assert _start(emulator, access_key="AKLTnobody") == 401
    emulator.advance(10)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(8000)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(emulator.url)
    page.wait_for_selector("text=lobby")
    for number in range(2):
        picture = page.locator("main img").nth(number)
        picture.wait_for()
        assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 640
    page.wait_for_selector("text=InvalidAccessKey")
    page.click("text=Stop")
    page.wait_for_selector("text=Ended tasks: 1")
    assert [task["stopReason"] for task in emulator.tasks()] == ["StopByAPI"]
    assert complaints == []
    context.close()
