"""The pages of reviews and of drift reports in a browser: read, searched, printed, and without scripts."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from integration.report import drift_samples, review_samples
from integration.report.page_checks import WIDTHS, opened
from integration.report.review_samples import HOSTILE
from pulumi_videosnap.drift.html import as_html as drift_page
from pulumi_videosnap.review.html import as_html as review_page
from support.browser import check_looks

pytestmark = pytest.mark.browser
REVIEWS = ("everything", "failed", "calm")
REPORTS = ("each_verdict", "with_failed_runs", "two_stacks", "one_error", "no_tasks", "no_stacks")
PAGES = [*(f"review-{name}" for name in REVIEWS), *(f"drift-{name}" for name in REPORTS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    pages = {f"review-{name}": review_page(getattr(review_samples, name)()) for name in REVIEWS}
    pages |= {f"drift-{name}": drift_page(getattr(drift_samples, name)()) for name in REPORTS}
    pages["review-many"] = review_page(review_samples.many(60))
    for number, text in enumerate(HOSTILE):
        pages[f"review-hostile{number}"] = review_page(review_samples.hostile(text))
        pages[f"drift-hostile{number}"] = drift_page(drift_samples.hostile(text, complete=False))
    for name, page in pages.items():
        (made / f"{name}.html").write_text(page, encoding="utf-8")
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read(browser: Browser, folder: Path, name: str, scheme: str) -> None:
    with opened(browser, folder / f"{name}.html", scheme=scheme) as page:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            check_looks(page)
        page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        check_looks(page)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize(("name", "parts", "count"), [("review", ".fold", 2), ("drift", ".finding", 3)])
def test_strangers_do_nothing(
    browser: Browser, folder: Path, name: str, parts: str, count: int, number: int
) -> None:
    with opened(browser, folder / f"{name}-hostile{number}.html", WIDTHS[0]) as page:
        expect(page.locator(parts)).to_have_count(count)
        check_looks(page)


@pytest.mark.parametrize(
    ("name", "parts", "count"), [("review-everything", ".fold", 11), ("drift-each_verdict", ".finding", 7)]
)
def test_without_scripts_all_is_there(
    browser: Browser, folder: Path, name: str, parts: str, count: int
) -> None:
    with opened(browser, folder / f"{name}.html", WIDTHS[0], java_script_enabled=False) as page:
        expect(page.locator("time")).to_have_text("2026-11-21 18:04:05 UTC")
        expect(page.locator("#tools")).to_be_hidden()
        expect(page.locator("#age")).to_be_hidden()
        expect(page.locator(parts)).to_have_count(count)


def test_a_page_shows_only_what_is_chosen(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "review-everything.html") as page:
        page.get_by_role("button", name="replace 2").press("Enter")
        names = page.locator(".fold:visible .who bdi:first-child").all_text_contents()
        assert names[::2] == ["stage", "stills"]
        expect(page.get_by_role("status")).to_have_text("2 of 11 tasks shown")
        page.get_by_role("button", name="all", exact=True).click()
        expect(page.locator(".fold:visible")).to_have_count(11)
    with opened(browser, folder / "drift-each_verdict.html") as page:
        page.get_by_role("button", name="stopped 1").press("Enter")
        page.get_by_role("button", name="in sync 1").press(" ")
        expect(page.locator(".finding:visible")).to_have_count(2)
        expect(page.get_by_role("status")).to_have_text("2 of 7 tasks shown")


def test_tasks_open_by_keyboard_by_a_link_and_on_paper(browser: Browser, folder: Path) -> None:
    with opened(browser, folder / "review-many.html") as page:
        expect(page.locator(".fold[open]")).to_have_count(0)
        page.locator(".fold summary").nth(3).press("Enter")
        expect(page.locator(".fold[open]")).to_have_count(1)
        page.evaluate("location.hash = '#task-7'")
        expect(page.locator("#task-7 .inside")).to_be_visible()
        page.get_by_role("button", name="Open all").click()
        expect(page.locator(".fold[open]")).to_have_count(60)
        page.get_by_role("button", name="Open all").click()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".fold[open]")).to_have_count(60)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        expect(page.locator(".fold[open]")).to_have_count(0)
    with opened(browser, folder / "drift-each_verdict.html", scheme="dark") as page:
        page.get_by_role("button", name="failed 1").click()
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".finding:visible")).to_have_count(7)
        expect(page.locator("details:not([open])")).to_have_count(0)
        expect(page.locator("#tools")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 33, 36)"


@pytest.mark.parametrize(
    ("hours", "age"), [(0.01, "36 s ago"), (0.5, "30 min ago"), (3, "3 h ago"), (100, "4 d ago")]
)
def test_a_page_says_how_old_it_is(browser: Browser, folder: Path, hours: float, age: str) -> None:
    at = drift_samples.AT + timedelta(hours=hours)
    with opened(browser, folder / "drift-each_verdict.html", at=at) as page:
        expect(page.locator("time")).to_have_text("2026-11-21 18:04:05 UTC")
        expect(page.locator("#age")).to_have_text(f"({age})")


def test_a_page_ages_while_it_is_open_and_is_never_of_the_future(browser: Browser, folder: Path) -> None:
    at = drift_samples.AT - timedelta(minutes=1)
    with opened(browser, folder / "drift-each_verdict.html", at=at) as page:
        expect(page.locator("#age")).to_be_hidden()
        page.clock.fast_forward(60 * 61 * 1000)
        expect(page.locator("#age")).to_have_text("(60 min ago)")
