"""Snapshot jobs on the live page: one card each, with what they wrote."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from browser.conftest import CANNED, HOSTILE, FakeEmulator, Json, Open, moment

pytestmark = pytest.mark.browser


def wrote(kind: str, name: str, source_ms: int | None = None) -> Json:
    key = f"{name}/user/1.jpg" if kind != "vtt" else name
    return {"kind": kind, "bucket": "frames", "key": key, "contentType": "image/jpeg", "size": 4711,
            "width": 64, "height": 36, "sourceMs": source_ms, "sourceFrame": 50,
            "url": f"/frames/frames/{quote(key)}"}  # fmt: skip


def job(number: int, state: str = "Success", **changes: Any) -> Json:
    own = {"jobId": f"{number:032x}", "state": state, "creationTime": moment(-60)}
    return {**CANNED["job"], **own, **changes}


def all_sorts() -> list[Json]:
    """A job in each state, and one whose names were chosen by a stranger."""
    pictures = [wrote("picture", f"p{n}", n * 2000) for n in (1, 2)]
    hostile = {"OutputFile": {"Bucket": HOSTILE, "Object": HOSTILE}, "Time": HOSTILE}
    return [
        job(1, "Submitted", startDue=moment(65), pipelineId="ab" * 16),
        job(2, "Submitted"),
        job(3, "Snapshoting", endDue=moment(5)),
        job(4, "Fail", endTime=moment(-59), code="InvalidParameter.ResourceNotFound", message=HOSTILE),
        job(5, endTime=moment(-58), count=2, tileCount=1, userData="token",
            objects=[*pictures, wrote("sheet", "sheet"), wrote("vtt", "x.vtt")]),
        job(6, endTime=moment(-60), snapshotConfig=hostile, userData=HOSTILE,
            objects=[wrote("picture", HOSTILE, 0)]),
    ]  # fmt: skip


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
    fake.jobs = [job(1, "Snapshoting", endDue=moment(5)), job(2)]
    watched = open_page()
    fake.jobs = [job(1, endTime=moment(5), count=3)]
    watched.look_now()
    expect(watched.page.get_by_role("status")).to_have_text("Job 00000000: Success")
    expect(watched.page.locator("#jobs-list .card")).to_have_count(1)
    fake.jobs = []
    watched.look_now()
    expect(watched.page.locator("#jobs-section")).to_be_hidden()
