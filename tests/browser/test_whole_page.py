"""Snapshot jobs on the live page, whether all can be read and reached, and the real emulator's page."""

from __future__ import annotations

from contextlib import closing

import pytest
from playwright.sync_api import expect

from browser.conftest import HOSTILE, FakeEmulator, Open, moment
from support.browser import LOW_CONTRAST
from support.emulator import Emulator
from support.mps_client import Mps
from support.mps_videos import Recipe, make_video
from support.rtc_client import BODY
from support.workflows import topology

pytestmark = pytest.mark.browser


def test_each_state_says_what_comes_next_and_what_was_written(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_jobs()
    page = open_page().page
    cards = page.locator("#job-list .card")
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
    card = cards.nth(4)
    expect(card.locator("img:visible")).to_have_count(3)
    expect(card.locator(".thumb").first).to_contain_text("sheet")
    expect(card.locator(".thumb").nth(1)).to_contain_text("2 s")
    link = card.get_by_role("link", name="x.vtt")
    expect(link).to_have_attribute("href", "/frames/frames/x.vtt")
    card.locator(".thumb").nth(1).click()
    expect(page.get_by_role("dialog", name="Frame p1/user/1.jpg")).to_contain_text("2026-08-04 11:59:02 UTC")
    page.keyboard.press("Escape")


def test_a_change_is_told_and_a_forgotten_job_goes(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_job(state="Snapshoting", endDue=moment(5))
    fake.add_job()
    watched = open_page()
    fake.jobs.clear()
    fake.add_job(endTime=moment(5), count=3)
    watched.look_now()
    expect(watched.page.get_by_role("status")).to_have_text("Job 00000000: Success")
    expect(watched.page.locator("#job-list .card")).to_have_count(1)
    fake.jobs = []
    watched.look_now()
    expect(watched.page.locator("#jobs-section")).to_be_hidden()


def test_workflows_and_their_runs(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_workflows()
    page = open_page().page
    cards = page.locator("#workflow-list .card")
    expect(cards).to_have_count(2)
    for place, texts in enumerate((
        ("● Active", HOSTILE, "media/videos/", "Act-Shot: from 2 s into frames/{RunId}/{FileName}.jpg"),
        ("○ Inactive, started by hand only", "off", "A: 3 frames from 0 s into frames/{Count}.jpg"),
    )):  # fmt: skip
        for text in texts:
            expect(cards.nth(place)).to_contain_text(text)
    runs = page.locator("#run-list .card")
    for place, texts in enumerate((
        ("■ Completed", "media/videos/b.mp4", "workflow off", "Act-Shot: Success, 5 s",
         f"Act-Late: Fail, InvalidParameter.ResourceContentBad: {HOSTILE}"),
        ("● Running", f"videos/{HOSTILE}.mp4", "Act-Start: Running, 1 min"),
    )):  # fmt: skip
        for text in texts:
            expect(runs.nth(place)).to_contain_text(text)
    expect(runs.first.locator("img:visible")).to_have_count(1)
    video = {"name": "a b.mp4", "mimeType": "video/mp4", "buffer": b"video"}
    page.get_by_label("Upload a video to media/videos/").set_input_files(video)  # type: ignore[arg-type]
    expect(page.get_by_role("status")).to_have_text("a b.mp4 is in media.")
    assert fake.sent("PUT") == [("/uploads/media/videos/a%20b.mp4", "video")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_text_is_readable_and_nothing_is_cut_off(
    fake: FakeEmulator, open_page: Open, width: int, scheme: str
) -> None:
    fake.fill()
    fake.add_task(9, taskId=HOSTILE, roomId=HOSTILE, lastError=HOSTILE, users=(HOSTILE,))
    fake.add_jobs()
    fake.add_workflows()
    page = open_page(width, 800, scheme).page
    expect(page.locator("#job-list .card")).to_have_count(6)
    expect(page.locator("#run-list .card")).to_have_count(2)
    expect(page.locator("#live-tasks").get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(page.locator("#live-tasks .thumb", has_text=HOSTILE)).to_have_count(2)
    assert page.locator("img[src=x]").count() == 0
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    expect(page.locator("#ended-tasks .card")).to_have_count(2)
    for dialog in ("", "confirm-reset", "call", "picture"):
        if dialog == "picture":
            page.locator(".thumb").first.click()
        elif dialog:
            page.evaluate("id => document.getElementById(id).showModal()", dialog)
        found = page.evaluate(LOW_CONTRAST)
        assert found["seen"] > 100
        assert found["faint"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#calls-box").evaluate("box => box.scrollWidth <= box.clientWidth")
        page.keyboard.press("Escape")


def test_every_control_has_a_name_and_is_reached_by_key(fake: FakeEmulator, open_page: Open) -> None:
    fake.fill()
    page = open_page().page
    expect(page.locator("#live-tasks .card")).to_have_count(4)
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outline = page.evaluate("""() => {
            const at = document.activeElement;
            const name = at.ariaLabel ?? at.textContent.trim();
            return [name, at === document.body || getComputedStyle(at).outlineStyle];
        }""")
        assert outline in {True, "solid"}, name
        reached.add(name)
    assert reached >= {
        "Skip to the services",
        "Reset…",
        "Stop task shop.dev.lobby0, as if somebody called StopSnapshot",
        "user0, 12:00:00: show the frame large",
        "Switch all off",
        "StopSnapshot",
    }
    page.locator("#ended summary").click()
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    controls = [node for node in tree if node.get("role", {}).get("value") in
                ("button", "link", "meter", "DisclosureTriangle", "region", "status", "image")]  # fmt: skip
    assert len(controls) > 20
    # Decoration is ignored; the announcer is named by what it says.
    nameless = [node for node in controls if not node["ignored"] and not node["name"]["value"]]
    assert [node["role"]["value"] for node in nameless if node["role"]["value"] != "status"] == []
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["videosnap emulator"]
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert headings == ["Tasks", "Faults in force", "Calls", "Services", "Assumptions"]


def test_the_real_emulator_serves_the_page(emulator: Emulator, open_page: Open) -> None:
    """A task with its frames, its calls, a button that works, and an upload that starts a workflow."""
    plain = make_video(Recipe())
    assert emulator.rtc.start(TaskId="lobby").status_code == 200
    assert emulator.rtc.call("StartSnapshot", BODY, access_key="AKLTnobody").status_code == 401
    with closing(Mps(emulator)) as mps:
        mps.call("AddMediaWorkflow", Name="thumbs", Topology=topology())
    emulator.advance(10)
    page = open_page(url=emulator.url).page
    page.wait_for_selector("text=lobby")
    video = {"name": "v.mp4", "mimeType": "video/mp4", "buffer": plain}
    page.get_by_label("Upload a video to media/videos/").set_input_files(video)  # type: ignore[arg-type]
    page.wait_for_selector("text=media/videos/v.mp4")
    emulator.advance(5)
    page.locator("#run-list img").wait_for()
    for number in range(2):
        image = page.locator("main img").nth(number)
        image.wait_for()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    page.wait_for_selector("text=InvalidAccessKey")
    page.click("text=Stop")
    page.wait_for_selector("text=Ended tasks: 1")
    assert [task["stopReason"] for task in emulator.tasks()] == ["StopByAPI"]
