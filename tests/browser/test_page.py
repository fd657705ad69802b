"""The live page in a real browser: against canned answers, whether all can be read, and the real page."""

from __future__ import annotations

import json
from contextlib import closing
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from browser.conftest import CANNED, HOSTILE, FakeEmulator, Open, moment
from support.browser import check_readable, script
from support.emulator import Emulator
from support.mps_client import Mps
from support.mps_videos import Recipe, make_video
from support.rtc_client import BODY
from support.workflow_stacks import topology

pytestmark = pytest.mark.browser

WHERE = "node => node.getBoundingClientRect().top"


def test_an_idle_emulator_says_what_to_run(open_page: Open) -> None:
    page = open_page().page
    expect(page.locator("#no-tasks")).to_contain_text(". .emulator/env")
    expect(page.locator("#no-tasks")).to_contain_text("pulumi up")
    expect(page.locator("#no-calls")).to_be_visible()
    expect(page.locator("#no-faults")).to_be_visible()
    expect(page.locator("#calls-box")).to_be_hidden()
    expect(page.locator("#jobs-section")).to_be_hidden()


def test_a_task_shows_its_state_and_the_latest_frames(fake: FakeEmulator, open_page: Open) -> None:
    task = fake.add_task(skippedFrames=2, lastError="bucket frames: AccessDenied")
    watched = open_page()
    page = watched.page
    card = page.locator("#live-tasks .card")
    for text in ("● running", task["taskId"], "every 5 s", "jpeg 640 × 480", "started 1 min 5 s ago",
                 "2026-08-04 11:58:55", "2 frames, 2 skipped", "AccessDenied"):  # fmt: skip
        expect(card).to_contain_text(text)
    expect(card.locator("img:visible")).to_have_count(2)
    fake.advanced = 5
    fake.add_frame(task, "user1")
    watched.look_now()
    expect(card.locator(".thumb").nth(1)).to_contain_text("12:00:05")
    expect(card.locator(".thumb").nth(0)).to_contain_text("12:00:00")
    assert page.title() == "1 running · videosnap emulator"
    card.locator(".thumb").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Frame of user0")
    expect(dialog).to_contain_text("shop.dev.lobby0/user0/0.jpg")
    expect(dialog).to_contain_text("2026-08-04 12:00:00 UTC")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(card.locator(".thumb").first).to_be_focused()


@pytest.mark.parametrize(("named", "pictured"), [({}, 0), ({"streamType": "screen"}, 1)])
def test_camera_and_screen_of_a_user_are_two_streams(
    fake: FakeEmulator, open_page: Open, named: dict[str, str], pictured: int
) -> None:
    task = fake.add_task(users=("user0",))
    task["streams"].append({"userId": "user0", "index": 1, "streamType": "screen"})
    frame = fake.frames[task["taskId"]][0]
    frame.update(named)
    page = open_page().page
    expect(page.locator(".thumb")).to_have_count(2)
    expect(page.locator(".thumb").nth(1)).to_contain_text("user0, screen")
    expect(page.locator(".thumb").nth(pictured)).to_be_enabled()
    expect(page.locator(".thumb").nth(1 - pictured)).to_be_disabled()
    frame["time"] = "2026-08-04T11:00:00.000Z"  # of an earlier run
    expect(open_page().page.locator(".thumb").nth(pictured)).to_contain_text("no frame yet")


def test_a_task_can_be_stopped_and_moves_to_the_ended_ones(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_task(7, roomId="Room/7 ä")
    page = open_page().page
    page.get_by_role("button", name="Stop task shop.dev.lobby7").press("Enter")
    expect(page.locator("#ended-count")).to_have_text("Ended tasks: 1")
    assert fake.sent("POST") == [
        (f"/tasks/661e64d2a7ac3d0176bd3f20/{quote('Room/7 ä', safe='')}/shop.dev.lobby7/stop", "{}")
    ]
    expect(page.get_by_role("status")).to_have_text("Task shop.dev.lobby7: ended, StopByAPI")
    expect(page.locator("#tasks")).to_be_focused()
    page.locator("#ended summary").click()
    expect(page.locator("#ended-tasks")).to_contain_text("StopByAPI: somebody called StopSnapshot")
    expect(page.locator("#ended-tasks button:visible", has_text="Stop")).to_have_count(0)


def test_the_clock_moves_by_buttons_and_a_reset_is_confirmed(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_task()
    fake.add_call()
    page = open_page().page
    expect(page.locator("#clock-lead")).to_have_text("the same as real time")
    for name in ("+1 min", "+1 h", "+73 h"):
        page.get_by_role("button", name=name).click()
    expect(page.locator("#clock-lead")).to_have_text("74 h 1 min ahead of real time")
    expect(page.locator("#clock-now")).to_have_text("2026-08-07 14:01:00 UTC")
    moves = [(path, json.loads(body)) for path, body in fake.sent("POST")]
    assert moves == [("/clock/advance", {"seconds": seconds}) for seconds in (60, 3600, 262800)]
    page.locator("#reset").click()
    page.keyboard.press("Escape")
    page.locator("#reset").click()
    page.keyboard.press("Enter")  # "Cancel" has the focus
    expect(page.locator("#confirm-reset")).to_be_hidden()
    assert len(fake.sent("POST")) == 3
    page.locator("#reset").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.locator("#no-tasks")).to_be_visible()
    expect(page.locator("#no-calls")).to_be_visible()
    assert fake.sent("POST")[3:] == [("/reset", "{}")]


def test_calls_show_their_verdict_and_the_newest_is_on_top(fake: FakeEmulator, open_page: Open) -> None:
    fake.fill()
    watched = open_page()
    page = watched.page
    expect(page.locator("#calls tr")).to_have_count(4)
    rows = page.locator("#calls tr").all_inner_texts()
    top, error, mismatch, fine = (" ".join(text.split()) for text in rows)
    assert "– unchecked" in top
    assert "400 InvalidParameter.ErrorActiveTaskNotFound fault: error ✓ ok 4/150 3" in error
    assert "403 SignatureDoesNotMatch ✕ mismatch" in mismatch
    assert fine == "12:00:01 StartSnapshot shop.dev.lobby0 200 ✓ ok 2/150 3"
    page.get_by_role("button", name="StartSnapshot", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text('"RoomId": "Room0"')
    page.keyboard.press("Escape")
    page.locator("#calls").get_by_role("button", name=HOSTILE).click()
    expect(page.locator("#call-summary")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    assert page.locator("img[src=x]").count() == 0
    fake.add_call("UpdateSnapshot")
    watched.look_now()
    expect(page.locator("#calls tr").first).to_contain_text("UpdateSnapshot")
    assert any(path == "/calls?after=4" for path, _ in fake.sent("GET"))


def test_fifty_calls_are_kept_and_a_reader_keeps_the_place(fake: FakeEmulator, open_page: Open) -> None:
    for _ in range(120):
        fake.add_call()
    watched = open_page()
    calls = watched.page.locator("#calls tr")
    expect(calls).to_have_count(50)
    watched.page.locator("#calls-box").evaluate("box => { box.scrollTop = 400; }")
    before, name = calls.nth(12).evaluate(WHERE), calls.nth(12).inner_text()
    for _ in range(3):
        fake.add_call("UpdateSnapshot")
    watched.look_now()
    expect(calls.first).to_contain_text("UpdateSnapshot")
    assert calls.nth(15).inner_text() == name
    assert calls.nth(15).evaluate(WHERE) == pytest.approx(before, abs=0.1)
    expect(calls).to_have_count(50)


def test_faults_are_listed_and_switched_off(fake: FakeEmulator, open_page: Open) -> None:
    fake.faults = CANNED["faults"]
    page = open_page().page
    text = "close-after on any action, after 2 calls, 1 time met 0 calls, 1 to go"
    expect(page.locator("#faults li").first).to_have_text(text)
    expect(page.locator("#faults")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Switch all off").click()
    expect(page.locator("#no-faults")).to_be_visible()
    assert fake.sent("DELETE") == [("/faults", "")]
    expect(page.locator("#faults-heading")).to_be_focused()


@pytest.mark.parametrize("as_object", [False, True])
def test_quota_and_assumptions_are_shown(fake: FakeEmulator, open_page: Open, as_object: bool) -> None:
    figures = {"used": 3, "limit": 60, "maximum": 12}
    fake.quota = {"GetSnapshotTask": figures} if as_object else [{"action": "GetSnapshotTask", **figures}]
    page = open_page().page
    meter = page.get_by_role("meter", name="GetSnapshotTask, calls in the last second: 3 of 60")
    expect(meter).to_have_js_property("value", 3)
    page.locator("#services summary").click()
    expect(page.locator("#service-count")).to_have_text("3 services")
    expect(page.locator("#service-list")).to_contain_text("ThirdAction 7")
    page.locator("#assumptions summary").click()
    expect(page.locator("#assumption-list")).to_contain_text("The documents name no object key")


def test_a_lost_connection_is_shown_and_found_again(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_task()
    fake.add_call("StartSnapshot")
    watched = open_page()
    page = watched.page
    fake.stop()
    watched.look_now()
    expect(page.locator("#banner")).to_contain_text("does not answer")
    expect(page.locator("#connection")).to_contain_text("✕ no answer")
    expect(page.locator(".card")).to_be_visible()
    fake.calls.clear()
    fake.add_call("UpdateSnapshot")
    fake.start()
    watched.look_now()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#calls tr")).to_have_count(1)
    expect(page.locator("#calls tr")).to_contain_text("UpdateSnapshot")
    assert {text for text in watched.complaints if "ERR_CONNECTION_REFUSED" not in text} == set()
    watched.complaints.clear()


def test_an_error_of_the_emulator_leaves_the_rest_alive(fake: FakeEmulator, open_page: Open) -> None:
    fake.add_task()
    fake.broken = {"/quota": 500, "/clock/advance": 400}
    watched = open_page()
    page = watched.page
    expect(page.locator("#notice")).to_contain_text("answered 500 to GET /quota")
    expect(page.locator(".card")).to_be_visible()
    fake.broken.pop("/quota")
    watched.look_now()
    expect(page.locator("#notice")).to_be_hidden()
    page.get_by_role("button", name="+1 min").click()
    expect(page.locator("#notice")).to_contain_text("answered 400 to POST /clock/advance")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#notice")).to_be_hidden()
    watched.complaints.clear()


def test_requests_go_one_by_one_and_pause_out_of_sight(fake: FakeEmulator, open_page: Open) -> None:
    fake.fill()
    watched = open_page()
    page = watched.page
    page.evaluate(script("count_fetches.js"))
    fake.add_frame(fake.tasks[0], "user0")
    page.wait_for_timeout(1100)
    page.get_by_role("button", name="+1 min").click()
    watched.look_now()
    expect(page.locator("#clock-lead")).to_contain_text("1 min ahead")
    assert page.evaluate("[mostFetches, allFetches > 5]") == [1, True]
    assert {urlsplit(url).netloc for url in watched.requests} == {urlsplit(fake.endpoint).netloc}
    assert sum(path == "/tasks" for path, _ in fake.sent("GET")) <= 4
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: true, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""")
    page.wait_for_timeout(150)
    before = len(fake.requests)
    page.wait_for_timeout(1200)
    assert len(fake.requests) == before
    page.evaluate("() => { delete document.hidden; document.dispatchEvent(new Event('visibilitychange')); }")
    page.wait_for_timeout(300)
    assert len(fake.requests) > before


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


def test_a_change_is_announced_and_a_forgotten_job_goes(fake: FakeEmulator, open_page: Open) -> None:
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
def test_text_is_readable_and_not_cut_off(
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
        check_readable(page, 100)
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
    stop = "Stop task shop.dev.lobby0, as if somebody called StopSnapshot"
    frame = "user0, 12:00:00: show the frame large"
    assert reached >= {"Skip to the services", "Reset…", stop, frame, "Switch all off", "StopSnapshot"}
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
