"""One headless Chromium for all tests that open a page, and the scripts that measure what can be read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def script(name: str) -> str:
    """A script of tests/data/browser."""
    return (Path(__file__).parent.parent / "data" / "browser" / name).read_text("utf-8")


LOW_CONTRAST = script("low_contrast.js")


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
