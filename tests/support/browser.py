"""One headless Chromium for all tests that open a page, watched pages, and whether they can be read."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def script(name: str) -> str:
    """A script of tests/data/browser."""
    return (Path(__file__).parent.parent / "data" / "browser" / name).read_text("utf-8")


LOW_CONTRAST, CUT_OFF = script("low_contrast.js"), script("cut_off.js")


@contextmanager
def headless_chromium() -> Iterator[Browser]:
    """The browser that is installed; where there is none, the test is skipped."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium: install it or run `make test` as root on Debian")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and what it did that it should not."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """What it asked for, but data that it has itself."""

    def note_dialog(self, dialog: Dialog) -> None:
        """An alert: a stranger's text was run."""
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def note_request(self, url: str) -> None:
        if not url.startswith("data:"):
            self.requests.append(url)

    def look_now(self) -> None:
        """Spare the rest until the page's next look, as a tab does that comes back into sight."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@contextmanager
def watched(
    browser: Browser,
    url: str,
    width: int,
    height: int = 800,
    scheme: Any = "light",
    at: Any = None,
    **more: Any,
) -> Iterator[Watched]:
    """An open page, at a time; at the end the browser must have complained of nothing."""
    size: Any = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", **more)
    context.set_default_timeout(8000)
    opened = Watched(context.new_page())
    if at:
        opened.page.clock.install(time=at)
    opened.page.on("console", lambda message: opened.complaints.append(message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("dialog", opened.note_dialog)
    opened.page.on("request", lambda request: opened.note_request(request.url))
    opened.page.goto(url)
    yield opened
    context.close()
    assert opened.complaints == []


def check_readable(page: Page, at_least: int = 5) -> None:
    """Everything can be read, of so many texts at least, and nothing is wider than the window."""
    found = page.evaluate(LOW_CONTRAST)
    assert (found["seen"] > at_least, found["faint"]) == (True, [])
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def check_looks(page: Page, at_least: int = 5) -> None:
    """Everything can be read, and nothing is cut off."""
    check_readable(page, at_least)
    assert page.evaluate(CUT_OFF) == []
