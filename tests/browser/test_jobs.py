"""Snapshot jobs on the live page: one card each, with what they wrote."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from support.browser import LOW_CONTRAST

if TYPE_CHECKING:
    from browser.conftest import FakeEmulator, Open

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
NOON = datetime(2026, 8, 4, 12, 0, 0, tzinfo=timezone.utc)
CONFIG = {
    "Time": "2000", "Interval": "2", "Num": "3", "Height": "360",
    "OutputFile": {"Bucket": "frames", "Location": "oss-cn-hangzhou", "Object": "shot_{Count}.jpg"},
}  # fmt: skip


def at(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wrote(kind: str, name: str, source_ms: int | None = None) -> dict[str, Any]:
    key = f"{name}/user/1.jpg" if kind != "vtt" else name
    return {"kind": kind, "bucket": "frames", "key": key, "contentType": "image/jpeg", "size": 4711,
            "width": 64, "height": 36, "sourceMs": source_ms, "sourceFrame": 50,
            "url": f"/frames/frames/{quote(key)}"}  # fmt: skip


def job(number: int, state: str = "Success", **changes: Any) -> dict[str, Any]:
    return {
        "cloud": "alibaba", "jobId": f"{number:032x}", "state": state, "code": None, "message": None,
        "creationTime": at(-60), "startDue": None, "endDue": None, "endTime": None, "pipelineId": None,
        "userData": None, "asynchronous": True, "format": "", "count": None, "tileCount": None,
        "input": {"bucket": "media", "location": "oss-cn-hangzhou", "key": "input.mp4"},
        "snapshotConfig": CONFIG, "objects": [], **changes,
    }  # fmt: skip


def all_sorts() -> list[dict[str, Any]]:
    """A job in each state, and one whose names were chosen by a stranger."""
    pictures = [wrote("picture", f"p{n}", n * 2000) for n in (1, 2)]
    hostile = {"OutputFile": {"Bucket": HOSTILE, "Object": HOSTILE}, "Time": HOSTILE}
    return [
        job(1, "Submitted", startDue=at(65), pipelineId="ab" * 16),
        job(2, "Submitted"),
        job(3, "Snapshoting", endDue=at(5)),
        job(4, "Fail", endTime=at(-59), code="InvalidParameter.ResourceNotFound", message=HOSTILE),
        job(5, endTime=at(-58), count=2, tileCount=1, userData="token",
            objects=[*pictures, wrote("sheet", "sheet"), wrote("vtt", "x.vtt")]),
        job(6, endTime=at(-60), snapshotConfig=hostile, userData=HOSTILE,
            objects=[wrote("picture", HOSTILE, 0)]),
    ]  # fmt: skip


def test_without_jobs_there_is_nothing_of_them(open_page: Open) -> None:
    page = open_page().page
    expect(page.locator("#jobs-section")).to_be_hidden()
    expect(page.locator("#no-tasks")).to_contain_text("pulumi up")


def test_each_state_says_what_comes_next(fake: FakeEmulator, open_page: Open) -> None:
    fake.jobs = all_sorts()
    page = open_page().page
    cards = page.locator("#jobs-list .card")
    expect(cards).to_have_count(6)
    for place, texts in enumerate((
        ("○ Submitted", "begins in 1 min 5 s", "media/input.mp4", "pipeline abab", "no frame yet"),
        ("○ Submitted", "held back by its pipeline", "no pipeline"),
        ("● Snapshoting", "ends in 5 s", "from 2 s · every 2 s · 3 frames · 360 high"),
        ("▲ Fail", "took 1 s", f"InvalidParameter.ResourceNotFound: {HOSTILE}"),
        ("■ Success", "took 2 s", "2 frames, 1 sheet", "user data token", "into frames/shot_{Count}.jpg"),
        ("■ Success", "done at once", HOSTILE),
    )):  # fmt: skip
        for text in texts:
            expect(cards.nth(place)).to_contain_text(text)
    expect(page.locator("#job-count")).to_have_text("6")
    assert page.locator("img[src=x]").count() == 0


def test_what_a_job_wrote_can_be_looked_at(fake: FakeEmulator, open_page: Open) -> None:
    fake.jobs = all_sorts()
    page = open_page().page
    card = page.locator("#jobs-list .card").nth(4)
    expect(card.locator("img:visible")).to_have_count(3)
    expect(card.locator(".thumb").first).to_contain_text("sheet")
    expect(card.locator(".thumb").nth(1)).to_contain_text("2 s")
    link = card.get_by_role("link", name="x.vtt")
    expect(link).to_have_attribute("href", "/frames/frames/x.vtt")
    card.locator(".thumb").nth(1).click()
    expect(page.get_by_role("dialog", name="Frame p1/user/1.jpg")).to_contain_text("2026-08-04 11:59:02 UTC")
    page.keyboard.press("Escape")


def test_a_change_is_told_and_a_forgotten_job_goes(fake: FakeEmulator, open_page: Open) -> None:
    fake.jobs = [job(1, "Snapshoting", endDue=at(5)), job(2)]
    watched = open_page()
    fake.jobs = [job(1, endTime=at(5), count=3)]
    watched.look_now()
    expect(watched.page.get_by_role("status")).to_have_text("Job 00000000: Success")
    expect(watched.page.locator("#jobs-list .card")).to_have_count(1)
    fake.jobs = []
    watched.look_now()
    expect(watched.page.locator("#jobs-section")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_cards_are_readable_and_fit(fake: FakeEmulator, open_page: Open, width: int, scheme: str) -> None:
    fake.jobs = all_sorts()
    page = open_page(width, 800, scheme).page
    expect(page.locator("#jobs-list .card")).to_have_count(6)
    found = page.evaluate(LOW_CONTRAST)
    assert found["seen"] > 50
    assert found["faint"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
