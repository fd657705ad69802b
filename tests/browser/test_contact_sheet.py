"""The contact sheet in a real browser and on paper: layout, keys, and that untrusted names stay text."""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from integration.frames.samples import HOSTILE_KEYS, sheet
from pulumi_videosnap.report.formatting import visible
from support.browser import Watched, check_looks, script, watched
from support.sampling import sample

pytestmark = pytest.mark.browser

FOCUSED = script("focused.js")

ALL_PICTURES = """() => Promise.all([...document.querySelectorAll(".frame img")].map(
  async (image) => { await image.decode(); return image.naturalWidth; }))"""

VISIBLE_FRAMES = "[...document.querySelectorAll('.frame')].filter((frame) => frame.checkVisibility()).length"

BROKEN_EXTENSIONS = script("broken_extensions.js")

MARK_BOTH_ENDS = script("mark_both_ends.js")
"""A PDF lists links with the page that they are on, so they show where each cell begins and ends."""


def pages_of_cells(document: bytes) -> dict[int, list[int]]:
    """For each cell the pages of its two ends."""
    cells: dict[int, list[int]] = defaultdict(list)
    annotation = rb"\n(\d+) 0 obj\n<</Type /Annot\n.*?/URI \(https://cell\.invalid/(\d+)\)"
    links = dict(re.findall(annotation, document, re.DOTALL))
    for number, page in enumerate(re.findall(rb"/Type /Page\n.*?>>\nendobj", document, re.DOTALL)):
        listed = re.search(rb"/Annots \[([^\]]*)\]", page)
        for link in re.findall(rb"(\d+) 0 R", listed[1] if listed else b""):
            cells[int(links[link])].append(number)
    return cells


Open = Callable[..., Watched]


@pytest.fixture
def open_sheet(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a sheet; at the end it must have said nothing and asked for nothing but itself."""
    sheets: list[tuple[Watched, str]] = []
    with ExitStack() as stack:

        def open_it(of: str | int = 12, width: int = 1440, scheme: Any = "light", **options: Any) -> Watched:
            file = tmp_path / f"{of}.html"
            file.write_text(sheet(of), encoding="utf-8")
            opened = stack.enter_context(watched(browser, file.as_uri(), width, scheme=scheme, **options))
            sheets.append((opened, file.as_uri()))
            return opened

        yield open_it
        assert [opened.requests for opened, _ in sheets] == [[own] for _, own in sheets]


LOOKS: list[tuple[Any, int, str]] = [*itertools.product([12, 240, "hostile"], [360, 1440], ["light", "dark"])]
CHOSEN = sample(LOOKS, 0.25, by=lambda look: look[0])


@pytest.mark.parametrize(("of", "width", "scheme"), CHOSEN)
def test_text_is_readable_and_not_cut_off(open_sheet: Open, of: str | int, width: int, scheme: str) -> None:
    page = open_sheet(of, width, scheme).page
    _check_looks(page)
    page.keyboard.press("f")
    _check_looks(page)
    if of != 240:
        page.locator(".frame button").first.click()
        _check_looks(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        _check_looks(page)


def _check_looks(page: Page) -> None:
    check_looks(page, 80)
    assert page.evaluate(BROKEN_EXTENSIONS) == []


def test_all_pictures_of_a_large_sheet_open(open_sheet: Open) -> None:
    page = open_sheet(600).page
    widths = page.evaluate(ALL_PICTURES)
    assert (len(widths), set(widths)) == (582, {160})
    expect(page.locator(".frame")).to_have_count(600)


def test_a_missing_frame_is_a_clear_cell_with_its_time(open_sheet: Open) -> None:
    page = open_sheet(12).page
    cell = page.locator(".frame.missing").first
    expect(cell).to_contain_text("due 12:00:10")
    expect(cell.locator(".badge")).to_have_text("missing")
    assert cell.locator("img").count() == 0
    style = cell.locator(".absent").evaluate("node => getComputedStyle(node).borderStyle")
    assert style == "dashed"


def test_a_task_that_could_not_be_checked_says_why_and_notes_are_shown(open_sheet: Open) -> None:
    page = open_sheet(12).page
    expect(page.get_by_role("region", name="archive")).to_contain_text("Could not be checked: AccessDenied")
    expect(page.get_by_role("list", name="Notes")).to_contain_text("Two tasks store into this bucket")


def test_the_timeline_shows_each_condition_by_a_shape_and_each_event_by_a_number(open_sheet: Open) -> None:
    page = open_sheet(120).page
    line = page.get_by_role("region", name="lobby").locator(".track")
    shapes = set(line.locator("use").evaluate_all("uses => uses.map((use) => use.getAttribute('href'))"))
    assert shapes == {f"#mark-{name}" for name in ("missing", "late", "unreadable", "duplicate", "black")}
    assert line.locator(".flag text").all_text_contents() == ["1", "2", "3", "4", "5"]
    expect(line.locator(".stretch")).to_have_count(1)
    events = page.get_by_role("list", name="Events").first.get_by_role("listitem")
    expect(events.nth(2)).to_contain_text("gap stopped 12:01:40 to 12:01:50, StopByAPI")


def test_the_filter_shows_only_what_is_chosen_and_says_how_many(open_sheet: Open) -> None:
    page = open_sheet(600).page
    status = page.get_by_role("status")
    page.get_by_role("button", name="missing 16").click()
    expect(status).to_have_text("16 of 600 frames shown")
    assert page.evaluate(VISIBLE_FRAMES) == 16
    expect(page.get_by_role("heading", name="frames", exact=True)).to_be_hidden()
    page.get_by_role("button", name="late 2").press("Enter")
    expect(status).to_have_text("18 of 600 frames shown")
    expect(page.locator(".series-count").first).to_have_text("9 of 250")
    page.get_by_role("button", name="all", exact=True).click()
    expect(status).to_have_text("")
    assert page.evaluate(VISIBLE_FRAMES) == 600


def test_the_keyboard_walks_from_frame_to_frame(open_sheet: Open) -> None:
    page = open_sheet(12).page
    page.locator(".frame button").first.focus()
    walk = [
        ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowDown", 6), ("ArrowDown", 11),
        ("ArrowUp", 6), ("Home", 5), ("End", 9), ("ArrowRight", 10), ("ArrowRight", 11), ("ArrowRight", 11),
        ("Home", 10), ("ArrowUp", 5), ("ArrowUp", 0), ("ArrowUp", 0), ("ArrowLeft", 0),
    ]  # fmt: skip
    for key, arrives in walk:
        page.keyboard.press(key)
        assert page.evaluate(FOCUSED) == arrives, key


def test_tab_stops_once_a_series_and_shows_where_it_is(open_sheet: Open) -> None:
    page = open_sheet(12).page
    stops = []
    for _ in range(17):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert stops == [
        "Skip to the frames", "all", "present 3", "missing 2", "late 2", "unreadable 2", "duplicate 1",
        "black 2", "filmstrip", "theme", "show-keys", "lobby", "stills", "archive", 0, 5, 10,
    ]  # fmt: skip


def test_a_frame_opens_with_its_details_and_closes_by_key(open_sheet: Open) -> None:
    page = open_sheet(12).page
    page.locator(".frame button").nth(1).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="camera0, 12:00:05, late")
    for fact in ("late: written more than half an interval after its time", "written 3.6 s after its time",
                 "2026-08-04 12:00:05 UTC",
                 "2026-08-04 12:00:08.640 UTC", "Room1/shop.dev.lobby/camera0/20260804120005000.jpg",
                 "640 × 360", "bytes)", "9b2cf535f27731c9"):  # fmt: skip
        expect(dialog).to_contain_text(fact)
    assert dialog.locator("dt", has_text="Digest").count() == 1
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="camera0, 12:00:10, missing")).to_contain_text("3 of 12")
    page.get_by_role("button", name="After").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 of 12")
    page.keyboard.press("Escape")
    expect(page.locator("#frame")).to_be_hidden()
    assert page.evaluate(FOCUSED) == 3


def test_a_frame_of_a_job_has_its_time_in_the_video(open_sheet: Open) -> None:
    page = open_sheet(12).page
    page.get_by_role("button", name="frames, 0:02.000, duplicate").click()
    expect(page.get_by_role("dialog")).to_contain_text("In the video")


def test_f_toggles_the_filmstrip_and_question_mark_shows_the_keys(open_sheet: Open) -> None:
    page = open_sheet(120).page
    strip = page.locator(".frames").first
    flat = strip.evaluate("node => [node.scrollWidth > node.clientWidth, node.clientHeight < 300]")
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Filmstrip")).to_have_attribute("aria-pressed", "true")
    long = strip.evaluate("node => [node.scrollWidth > node.clientWidth, node.clientHeight < 300]")
    assert (flat, long) == ([False, False], [True, True])
    page.locator(".frame button").first.focus()
    page.keyboard.press("End")
    assert strip.evaluate("node => node.scrollLeft") > 5_000
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("are keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.get_by_role("button", name="Filmstrip")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_can_be_changed(open_sheet: Open, scheme: str) -> None:
    page = open_sheet(12, scheme=scheme).page
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.locator("#theme").click()
    changed = page.evaluate(ground)
    page.locator("#theme").click()
    assert {before, changed} == {"rgb(244, 245, 243)", "rgb(18, 22, 23)"}
    assert page.evaluate(ground) == before


def test_a_click_on_the_timeline_leads_to_the_frame_there(open_sheet: Open) -> None:
    page = open_sheet(120).page
    track = page.locator(".track").first
    box = track.bounding_box()
    assert box
    track.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.6})
    number = page.evaluate(FOCUSED)
    at = float(page.locator(".frame").nth(number).get_attribute("data-at") or 0)
    assert at == pytest.approx(500, abs=12)
    expect(page.locator(".cursor.placed")).to_have_attribute("x1", f"{at / 10:g}%")


def test_untrusted_names_stay_text(open_sheet: Open) -> None:
    page = open_sheet("hostile").page
    shown = page.evaluate("document.body.textContent")
    for key in HOSTILE_KEYS:
        assert str(visible(key)) in shown
    page.locator(".frame button").first.hover()
    for number in range(len(HOSTILE_KEYS)):
        page.locator(".frame button").nth(number).click()
        expect(page.locator("#frame-facts")).to_contain_text(str(visible(HOSTILE_KEYS[number])))
        page.keyboard.press("Escape")
    assert page.locator("img[src=x], script").count() == 1
    assert page.locator("[onmouseover], [onerror]").count() == 0
    heading = page.get_by_role("heading", name="k" * 1000).first
    assert heading.evaluate("node => node.getBoundingClientRect().height") < 100


def test_the_policy_stops_what_a_mistake_would_let_in(open_sheet: Open) -> None:
    watched = open_sheet(12)
    watched.page.evaluate("""() => {
        const picture = document.createElement("img");
        picture.src = "https://example.com/x.png";
        picture.setAttribute("onerror", "alert(9)");
        document.body.append(picture);
    }""")
    watched.page.wait_for_timeout(100)
    assert any("Content Security Policy" in text for text in watched.complaints)
    assert watched.requests[1:] in ([], ["https://example.com/x.png"])  # stopped either way
    watched.complaints.clear()
    del watched.requests[1:]


def test_without_javascript_all_can_be_read(open_sheet: Open) -> None:
    page = open_sheet(12, java_script_enabled=False).page
    expect(page.locator("#tools")).to_be_hidden()
    expect(page.locator(".frame").nth(2)).to_contain_text("due 12:00:10")
    page.locator(".frame summary").nth(1).click()
    expect(page.locator(".frame .facts").nth(1)).to_contain_text("2026-08-04 12:00:08.640 UTC")


def _tree(page: Page) -> list[tuple[str, str]]:
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    seen = (node for node in nodes if not node["ignored"])
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in seen]


def test_every_control_has_a_name_and_every_part_a_heading(open_sheet: Open) -> None:
    page = open_sheet(12).page
    missing = ("button", "camera0, 12:00:10, missing: due 12:00:10")
    tree = _tree(page)
    for _ in range(100):  # Chromium builds the tree after the page, a part at a time
        if missing in tree:
            break
        page.evaluate("new Promise(requestAnimationFrame)")
        tree = _tree(page)
    named = ("button", "link", "image", "region", "navigation", "dialog")
    assert [role for role, name in tree if role in named and not name] == []
    roles = [role for role, _ in tree]
    assert (roles.count("main"), roles.count("navigation"), roles.count("banner")) == (1, 1, 1)
    assert [name for role, name in tree if role == "region"] == ["Tools", "lobby", "stills", "archive"]
    lists = sorted(name for role, name in tree if role == "list" and name)
    assert lists == ["Events", "Events", "Notes", "camera0", "camera1", "frames"]
    assert missing in tree
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Frames of shop.dev"]
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["Tasks", "lobby", "stills", "archive"]
    assert page.get_by_role("heading", level=3).all_inner_texts() == ["camera0", "camera1", "frames"]


@pytest.mark.parametrize(("count", "most_pages"), [(12, 2), (600, 20)])
def test_all_frames_are_printed_whole(open_sheet: Open, tmp_path: Path, count: int, most_pages: int) -> None:
    page = open_sheet(count, scheme="dark").page
    page.get_by_role("button", name="missing").first.click()
    page.keyboard.press("f")
    page.evaluate(MARK_BOTH_ENDS)
    document = page.pdf(prefer_css_page_size=True)
    sizes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document))
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
    cells = pages_of_cells(document)
    assert sorted(cells) == list(range(count))
    assert [number for number, (top, bottom) in cells.items() if top != bottom] == []
    assert max(bottom for _, bottom in cells.values()) < most_pages


def test_on_paper_there_are_no_controls_and_the_ground_is_white(open_sheet: Open) -> None:
    page = open_sheet(12, scheme="dark").page
    page.emulate_media(media="print")
    assert page.locator("#tools, .skip, nav").locator("visible=true").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 33, 36)"
