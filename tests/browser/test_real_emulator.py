"""The page as the real emulator serves it: a task with its pictures, its calls, and a button that works."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from support.emulator import Emulator
from support.rtc_client import BODY

pytestmark = pytest.mark.browser


def test_the_page_shows_what_happens_in_the_emulator(emulator: Emulator, browser: Browser) -> None:
    assert emulator.rtc.start(TaskId="lobby").status_code == 200
    assert emulator.rtc.call("StartSnapshot", BODY, access_key="AKLTnobody").status_code == 401
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
